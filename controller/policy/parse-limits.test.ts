/** What a set may hold at most, and how many mistakes are told. */
import { expect, test } from 'vitest';

import { parsePolicySet } from './parse.ts';

const head =
  'apiVersion: sm-dta/v1\nkind: AccessPolicy\nmetadata: { name: n }\nspec:\n  destination: { service: a }\n';
const errorsOf = (...texts: string[]) =>
  parsePolicySet(texts.map((text, i) => ({ name: `${i}.yaml`, text }))).errors.map(
    (e) => `${e.file}:${e.line}:${e.column} ${e.message}`,
  );
const rules = (count: number, rule: (i: number) => string) =>
  `${head}  rules:\n${Array.from({ length: count }, (_, i) => `    - ${rule(i)}\n`).join('')}`;

test('a set has 64 MiB in all', () => {
  const text = `# ${'x'.repeat(22 * 1024 * 1024)}`;
  expect(errorsOf(text, text)).toEqual([]);
  expect(errorsOf(text, text, text)).toEqual([
    '2.yaml:1:1 with this file the set has more than 67108864 bytes',
  ]);
});

test('a set has 250,000 rules; the first too many is named, and no more is read', () => {
  const many = rules(125_000, () => '{}').replaceAll('\n    - ', '\n  - ');
  expect(errorsOf(rules(250_001, () => '{}'))).toEqual([
    '0.yaml:250007:7 set has more than 250000 rules',
  ]);
  const three = errorsOf(many, many, 'kind: AccessPolicy\nspec: { rules: [1] }', 'kind: x');
  expect(three).toHaveLength(101);
});

test('a hundred mistakes are told, the first ones, and how many more there are', () => {
  const errors = errorsOf(rules(150, (i) => `{ name: r${i}, effect: permit }`));
  expect(errors).toHaveLength(101);
  expect(errors[0]).toBe('0.yaml:7:27 `permit` is not allowed for `effect`');
  expect(errors[99]).toBe('0.yaml:106:28 `permit` is not allowed for `effect`');
  expect(errors[100]).toBe('0.yaml:107:29 ... and 50 more');
});

test('looking for mistakes ends after ten thousand', () => {
  expect(errorsOf(rules(50_000, () => '{ effect: permit }')).at(-1)).toMatch(
    /and at least \d+ more$/,
  );
});

test('places in long lists are those of the whole list', () => {
  const text = rules(30_000, (i) =>
    i === 29_999
      ? '{ name: r, effect: allow, when: "true && cpu < 1" }'
      : `{ name: r${i}, effect: allow }`,
  );
  expect(errorsOf(text)).toEqual([
    expect.stringMatching(/^0\.yaml:30006:48 unknown attribute `cpu`/),
  ]);
  const { set } = parsePolicySet([
    {
      name: 'f',
      text: rules(30_000, (i) => `{ name: r${i}, effect: allow, to: [{ methods: [GET] }] }`),
    },
  ]);
  expect(set.access[0]?.rules).toHaveLength(30_000);
  expect(set.access[0]?.rules.at(-1)).toMatchObject({
    name: 'r29999',
    origin: { line: 30_006, column: 7 },
  });
});

test('a mistake around the rules counts once', () => {
  const text = rules(30_000, (i) => `{ name: r${i}, effect: allow, to: [{ methods: [GET] }] }`);
  expect(errorsOf(text.replace('{ name: n }', '{ name: "n n" }'))).toEqual([
    '0.yaml:3:20 `n n` is not a name',
  ]);
});

test('rules and what stands around them have 100,000 values each', () => {
  const big = `[${'1,'.repeat(100_001)}]`;
  expect(errorsOf(rules(2, (i) => `{ name: r${i}, from: ${i === 1 ? big : '[]'} }`))).toEqual([
    '0.yaml:8:7 rule has more than 100000 values',
  ]);
  expect(errorsOf(`${head}  rules: [1]\nx: ${big}`)).toEqual([
    '0.yaml:1:1 document, without its rules, has more than 100000 values',
  ]);
  expect(errorsOf(`kind: MaskingPolicy\nx: ${big}`)).toEqual([
    '0.yaml:1:1 document has more than 100000 values',
  ]);
});
