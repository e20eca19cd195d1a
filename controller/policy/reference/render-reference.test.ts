/** The committed pages are what the schemas say, and the examples of all pages are policies. */
import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';
import { parseTests } from '../../cli/policy-lab/read-tests.ts';
import { formatPolicyText } from '../format/format-policy-text.ts';
import { kindsByName } from '../kinds/kinds.ts';
import { parsePolicySet } from '../parse.ts';
import { exampleOf, renderReference } from './render-reference.ts';

const kinds = [...kindsByName.keys()];

test.each([...renderReference()])('docs/policy/%s is up to date', (name, text) => {
  expect(readFileSync(`docs/policy/${name}`, 'utf8')).toBe(text);
});

test('the examples are one set without mistakes and warnings', () => {
  const files = kinds.map((kind) => ({ name: kind, text: exampleOf(kind) }));
  expect(parsePolicySet(files)).toMatchObject({ errors: [], warnings: [] });
});

test.each(kinds)('the example of %s is in canonical form and of that kind', (kind) => {
  const text = exampleOf(kind);
  expect(text).toContain(`\nkind: ${kind}\n`);
  expect(formatPolicyText(`${kind}.yaml`, text)).toEqual({ text });
});

test('the example of PolicyTest is a test without mistakes', () => {
  const { tests, errors } = parseTests([{ name: 'a_test.yaml', text: exampleOf('PolicyTest') }]);
  expect({ errors, cases: tests[0]?.cases.length }).toEqual({ errors: [], cases: 2 });
});

test('every field has a type and a meaning', () => {
  for (const [name, text] of renderReference()) {
    const rows = text.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(5);
    for (const row of rows) {
      const [, , type = '', , , meaning = ''] = row.split(/(?<!\\)\|/);
      const isTold = meaning.trim() !== '' || /\[map\]|^ `/.test(type);
      expect({ name, row, isTold, type: type.trim() !== '' }).toMatchObject({
        isTold: true,
        type: true,
      });
    }
  }
});

const head = (kind: string) =>
  `apiVersion: sm-dta/v1\nkind: ${kind}\nmetadata: { name: n }\nspec:\n  destination: { service: a }\n`;
const indented = (text: string, by: string) => text.replaceAll(/^(?=.)/gm, by);
const rule = (text: string) =>
  `${head('AccessPolicy')}  rules:\n    - name: r\n      effect: allow\n${indented(text, '      ')}`;

// An example is a whole policy, or a part of one that its first key tells.
function policyOf(example: string): string {
  if (example.startsWith('apiVersion:')) return example;
  if (/^(?:from|to|when):/.test(example)) return rule(example);
  const kind = /^(?:rules|unreadable):/.test(example) ? 'MaskingPolicy' : 'DataClassification';
  return head(kind) + indented(example, '  ');
}

const overview = readFileSync('docs/policy-reference.md', 'utf8');
const blocksOf = (language: string) =>
  [...overview.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, block = '']) => block,
  );

test.each(blocksOf('yaml'))('the overview has only right policies: %s', (example) => {
  expect(parsePolicySet([{ name: 'f', text: policyOf(example) }]).errors).toEqual([]);
});

test.each(blocksOf('cel').flatMap((block) => block.trim().split('\n')))(
  'the overview has only right conditions: %s',
  (condition) => {
    const text = rule(`when: ${JSON.stringify(condition)}\n`);
    expect(parsePolicySet([{ name: 'f', text }]).errors).toEqual([]);
  },
);

test('the overview links to the page of every kind', () => {
  for (const name of renderReference().keys()) expect(overview).toContain(`](policy/${name})`);
});
