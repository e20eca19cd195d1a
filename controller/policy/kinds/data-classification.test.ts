/** Routes, headers and parameters of a DataClassification, and what is refused of them. */
import { expect, test } from 'vitest';

import { DetectorKind, NameMode, RequestKind, ValuePlace } from '../../layout.ts';
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

const classified = (spec: string) => {
  const { set, errors } = read(spec);
  expect(errors).toEqual([]);
  return set.classifications[0];
};

test('names are kept as they are compared, in any case unless something else is written', () => {
  const found = classified(`fields:
    - { name: Card_No, label: A }
    - { name: Card_No, label: A, ignoreCase: true }
    - { name: Card_No, label: A, ignoreCase: false }
    - { name: Card_No, label: A, match: exact }
    - { name: Card_No, label: A, match: ignore-case }
    - { name: Card_No, label: A, match: words }`);
  const [exact, any] = [
    { label: 'A', fieldName: 'Card_No', match: NameMode.Exact },
    { label: 'A', fieldName: 'card_no', match: NameMode.AnyCase },
  ];
  const words = { label: 'A', fieldName: 'cardno', match: NameMode.Words };
  expect(found?.fields).toEqual([any, any, exact, exact, any, words]);
});

test('detectors, countries and dates of birth', () => {
  const kinds = (values: string) => classified(`values: [${values}]`)?.detectors.map((d) => d.kind);
  expect(kinds('{ detector: api-key, label: A }')).toEqual([DetectorKind.ApiKey]);
  expect(kinds('{ detector: national-id, countries: [NO, BR], label: A }')).toEqual([
    DetectorKind.NoFodselsnummer,
    DetectorKind.BrCpf,
  ]);
  const all = kinds('{ detector: national-id, label: A }');
  expect([...(all ?? [])].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 20 }, (_, i) => DetectorKind.BrCpf + i),
  );
  const birth = classified('values: [{ detector: date-of-birth, label: A }]');
  expect(birth?.detectors).toEqual([]);
  const names = birth?.fields.map((field) => ('fieldName' in field ? field.fieldName : ''));
  for (const name of ['dob', 'birthdate', 'dateofbirth', 'geburtsdatum', 'datenaissance']) {
    expect(names).toContain(name);
  }
  // As they are compared: a capital or a separator would never match.
  for (const name of names ?? []) expect(name).toMatch(/^[a-z]+$/);
});

test('cookies, parameters and segments of paths carry labels', () => {
  const found = classified(`headers: [{ name: X-Card, label: A }]
  cookies: [{ name: Session, label: A }, { name: Card_No, match: words, label: B }]
  parameters: [{ name: Card, match: ignore-case, label: A }]
  pathParameters: [{ path: '/customers/{id}/cards/{card}/**', parameter: card, label: PCI }]`);
  expect(found?.places).toEqual([
    { label: 'A', place: ValuePlace.Header, name: 'x-card', match: NameMode.AnyCase },
    { label: 'A', place: ValuePlace.Cookie, name: 'Session', match: NameMode.Exact },
    { label: 'B', place: ValuePlace.Cookie, name: 'cardno', match: NameMode.Words },
    { label: 'A', place: ValuePlace.Query, name: 'card', match: NameMode.AnyCase },
  ]);
  // Conditions compare what is written.
  expect(found?.requestValues.map(({ ref }) => ref.name)).toEqual(['x-card', 'Card']);
  expect(found?.segments).toMatchObject([
    { label: 'PCI', index: 3, path: { text: '/customers/{id}/cards/{card}/**', end: 'tail' } },
  ]);
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
  ['parameters: [{ name: _, match: words, label: A }]', '6:24 name has no letter to compare'],
  ['parameters: [{ name: a, match: any, label: A }]', '6:34 `any` is not allowed for `match`'],
  ['headers: [{ name: Content-Length, label: A }]', '6:21 header `content-length` says how the'],
  ['headers: [{ name: x, match: words, label: A }]', '6:24 unknown field `match`'],
  ['cookies: [{ name: "a=b", label: A }]', '6:22 `a=b` is not the name of a cookie'],
  ['cookies: [{ label: A }]', '6:13 `name` is missing'],
  ['fields: [{ name: a, match: word, label: A }]', '6:30 `word` is not allowed for `match`'],
  ['fields: [{ path: $.a, match: exact, label: A }]', '6:32 `match` is for `name`'],
  ['fields: [{ name: a, match: exact, ignoreCase: true, label: A }]', '6:49 `match` and `ignore'],
  ['fields: [{ name: "-", match: words, label: A }]', '6:21 name has no letter to compare'],
  ['values: [{ detector: iban, countries: [DE], label: A }]', '6:41 `countries` is for `national'],
  ['values: [{ detector: national-id, countries: [], label: A }]', '6:48 `countries` is empty'],
  ['values: [{ detector: national-id, countries: [XX], label: A }]', '6:49 `XX` is not allowed'],
  ['values: [{ label: A }]', '6:12 a value needs either `detector` or `pattern`'],
  ['values: [{ detector: card, pattern: a, label: A }]', '6:12 a value needs either `detector` or'],
  [
    'values: [{ detector: card, partOfWord: true, label: A }]',
    '6:42 `partOfWord` is for `pattern`',
  ],
  ['values: [{ pattern: a, countries: [DE], label: A }]', '6:37 `countries` is for `national-id`'],
  ["values: [{ pattern: 'ab(?=c)', label: A }]", '6:26 group `(?=c` is not supported'],
  ['values: [{ pattern: "\\\\d*", label: A }]', '6:24 pattern matches the empty text'],
  [
    'pathParameters: [{ path: "/a/{id}", parameter: iban, label: A }]',
    '6:50 path has no placeholder `iban`',
  ],
  [
    'pathParameters: [{ path: "/a/{id}*", parameter: id, label: A }]',
    '6:32 `{` inside the segment',
  ],
  [
    'pathParameters: [{ path: "/a/{id}/b*", parameter: id, label: A }]',
    '6:29 path `/a/{id}/b*` ends inside a segment',
  ],
])('%s is refused', (spec, error) => {
  const errors = read(spec).errors.map((e) => `${e.line}:${e.column} ${e.message}`);
  // A field that is misspelt is missing too.
  expect(errors.filter((one) => !one.endsWith('is missing') || one === error)).toHaveLength(1);
  expect(errors.join()).toContain(error);
});
