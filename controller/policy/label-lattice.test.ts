/** The order of labels: what is below what, and orders that contradict themselves. */
import { expect, test } from 'vitest';

import { LabelLattice } from './label-lattice.ts';
import { parsePolicySet } from './parse.ts';
import { selectFor } from './select.ts';

const lattice = new LabelLattice([
  { name: 'Secret', above: ['Confidential', 'Board'] },
  { name: 'PII', above: ['Regulated'] },
]);

test.each([
  ['PII', ['PII', 'Confidential', 'Regulated', 'Internal', 'Public']],
  ['PCI', ['PCI', 'Confidential', 'Internal', 'Public']],
  ['Public', ['Public']],
  ['Secret', ['Secret', 'Confidential', 'Board', 'Internal', 'Public']],
  ['Unknown', ['Unknown']],
  ['constructor', ['constructor']],
])('%s is above %s', (label, below) => {
  expect([...lattice.below(label)].sort()).toEqual([...below].sort());
});

test('labels are closed downwards among those that data has', () => {
  const close = (labels: string[], ofData: string[]) => lattice.closeDown(labels, new Set(ofData));
  expect(close(['PII'], ['A', 'Internal', 'PCI'])).toEqual(['Internal', 'PII']);
  expect(close([], ['A'])).toEqual([]);
  expect(close(['Secret', 'A'], ['Board', 'PII'])).toEqual(['A', 'Board', 'Secret']);
});

const classification = (name: string, labels: string, service = 'orders') => `
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: ${name} }
spec:
  destination: { service: ${service} }
  labels:
${labels}
`;
const read = (...texts: string[]) => parsePolicySet([{ name: 'p.yaml', text: texts.join('---') }]);
const errorsOf = (...texts: string[]) =>
  read(...texts).errors.map(({ line, column, message }) => `${line}:${column} ${message}`);

test('orders of all documents add up', () => {
  const first = classification('a', '    - { name: Secret, above: [PII] }');
  const second = classification('b', '    - { name: Top, above: [Secret, PCI] }', 'cart');
  const { set, errors } = read(first, second);
  expect(errors).toEqual([]);
  const { lattice: found } = selectFor(set, { service: 'orders' });
  expect([...found.below('Top')].sort()).toEqual(
    ['Top', 'Secret', 'PII', 'PCI', 'Confidential', 'Internal', 'Public'].sort(),
  );
});

test.each([
  ['    - { name: A, above: [A] }', ['8:7 label `A` is above itself']],
  [
    '    - { name: Public, above: [PII] }',
    ['8:7 label `Public` is above `PII`, which is above `Public`'],
  ],
  [
    '    - { name: A, above: [B] }\n    - { name: B, above: [C] }\n    - { name: C, above: [Public, A] }',
    ['10:7 label `C` is above `A`, which is above `C`'],
  ],
  ['    - { name: A }', ['8:7 `above` is missing']],
  ['    - { name: A, above: [] }', ['8:25 `above` is empty']],
  ['    - { name: A B, above: [C] }', ['8:15 `A B` is not a name']],
  ['    - { name: A, below: [C] }', ['8:7 `above` is missing', '8:18 unknown field `below`']],
])('%s is refused', (labels, errors) => {
  expect(errorsOf(classification('a', labels))).toEqual(errors);
});

test('a circle over documents is told once, and leaves an order', () => {
  const first = classification('a', '    - { name: A, above: [B] }');
  const second = classification('b', '    - { name: B, above: [A] }', 'cart');
  expect(errorsOf(first, second)).toEqual(['16:7 label `B` is above `A`, which is above `B`']);
});

test('who is cleared for a label is cleared for all below it that data of the destination has', () => {
  const access = `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders }
  rules:
    - { name: a, effect: allow, clearance: [PII] }
    - { name: b, effect: allow, clearance: [Internal] }
    - { name: c, effect: allow }
`;
  const data = classification('a', '    - { name: PII, above: [Extra] }').replace(
    '  labels:',
    '  fields: [{ path: $.a, label: Confidential }]\n  labels:',
  );
  const { set, errors } = read(access, data);
  expect(errors).toEqual([]);
  const selected = selectFor(set, { service: 'orders', environment: 'prod' });
  expect(selected.labels).toEqual(['Confidential', 'Internal', 'PII']);
  expect(selected.access[0]?.rules.map((rule) => rule.clearance)).toEqual([
    ['Confidential', 'PII'],
    ['Internal'],
    [],
  ]);
});
