/** Routes, headers and parameters of a DataClassification, and what is refused of them. */
import { expect, test } from 'vitest';

import { RequestKind } from '../../layout.ts';
import { parsePolicySet } from '../parse.ts';

const read = (spec: string) =>
  parsePolicySet([
    {
      name: 'p.yaml',
      text: `apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: p }
spec:
  destination: { service: orders }
  ${spec}`,
    },
  ]);

test('routes keep their labels and paths, values their names', () => {
  const { set, errors } = read(`routes: [{ paths: ['/a/**', '*.json'], labels: [PII, PCI] }]
  headers: [{ name: X-Card, label: PCI }]
  parameters: [{ name: Card, label: PCI }]`);
  expect(errors).toEqual([]);
  expect(set.classifications[0]).toMatchObject({
    fields: [],
    detectors: [],
    routes: [{ labels: ['PII', 'PCI'], paths: [{ text: '/a/**' }, { text: '*.json' }] }],
    requestValues: [
      { label: 'PCI', ref: { kind: RequestKind.Header, name: 'x-card' } },
      { label: 'PCI', ref: { kind: RequestKind.Parameter, name: 'Card' } },
    ],
  });
});

test.each([
  ['routes: []', '6:11 `routes` is empty'],
  ['routes: [{ paths: [/a] }]', '6:12 `labels` is missing'],
  ['routes: [{ labels: [A] }]', '6:12 `paths` is missing'],
  ['routes: [{ paths: [a], labels: [A] }]', '6:22 path `a` does not start with a slash'],
  ['routes: [{ paths: [/a], labels: [A B] }]', '6:36 `A B` is not a name'],
  ['headers: [{ name: a b, label: A }]', '6:21 `a b` is not the name of a header'],
  ['headers: [{ name: x-dta-a, label: A }]', '6:21 header `x-dta-a` belongs to the proxy'],
  ['headers: [{ name: a }]', '6:13 `label` is missing'],
  ['parameters: [{ name: "", label: A }]', '6:24 `` is not the name of a parameter'],
  ['parameters: [{ nme: a, label: A }]', '6:18 unknown field `nme`'],
])('%s is refused', (spec, error) => {
  const errors = read(spec).errors.map((e) => `${e.line}:${e.column} ${e.message}`);
  expect(errors).toContain(error);
});
