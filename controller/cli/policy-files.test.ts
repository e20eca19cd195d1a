/** Policy sets as they are read from files: policies, and the descriptor sets that they name. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { formatPolicyText } from '../policy/format/format-policy-text.ts';
import { readPolicyFiles, readPolicyTexts } from './policy-files.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-files-'));
  mkdirSync(join(dir, 'proto'));
  writeFileSync(join(dir, 'proto/orders.binpb'), Buffer.from([0xff, 0, 1]));
  writeFileSync(join(dir, 'other.binpb'), 'unused');
});

afterEach(() => rmSync(dir, { recursive: true }));

const write = (name: string, text: string) => writeFileSync(join(dir, name), text);
const read = (...names: string[]) =>
  readPolicyFiles(names.map((name) => join(dir, name))).map(({ name, text }) => [
    name.slice(dir.length + 1),
    text,
  ]);

test.each([
  ['masks.yaml', 'spec:\n  descriptors: proto/orders.binpb # of CI\n'],
  ['masks.yaml', "spec: { descriptors: 'proto/orders.binpb', rules: [] }\n"],
  ['masks.yaml', 'descriptors:   "./proto/../proto/orders.binpb"'],
  ['masks.json', '{"spec":{"descriptors":"proto/orders.binpb"}}'],
])('%s that says %j brings its descriptor set in base64', (name, text) => {
  write(name, text);
  const expected = [
    [name, text],
    ['proto/orders.binpb', '/wAB'],
  ];
  expect(read('')).toEqual(expected);
  expect(read(name)).toEqual(expected);
});

test('a set that two files name comes once; what nobody names or is not there does not come', () => {
  write('a.yaml', 'descriptors: proto/orders.binpb');
  write('b.yaml', 'descriptors: proto/orders.binpb\n---\ndescriptors: gone.binpb');
  write('c.yaml', 'description: other.binpb');
  expect(read('').map(([name]) => name)).toEqual([
    'a.yaml',
    'b.yaml',
    'c.yaml',
    'proto/orders.binpb',
  ]);
  expect(readPolicyTexts([dir])).toHaveLength(3);
});

test('a policy is formatted without the descriptor set that it names', () => {
  const text = `apiVersion: sm-dta/v1
kind: MaskingPolicy
metadata: { name: masks }
spec:
  rules: [{ operator: drop, labels: [A] }]
  descriptors: gone.binpb
  destination: { service: orders }
`;
  const formatted = formatPolicyText('masks.yaml', text);
  expect(formatted).toMatchObject({
    text: expect.stringMatching(
      /destination[\s\S]*descriptors: gone\.binpb\n[\s\S]*labels: \[A\], operator: drop/,
    ),
  });
});
