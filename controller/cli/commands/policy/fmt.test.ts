/** `dta policy fmt`: what it writes, and when it writes nothing. */
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { fmtCommand } from './fmt.ts';

const canonical = `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: a }
spec:
  destination: { service: a }
  rules:
    - { name: r, effect: allow }
`;
const untidy = canonical.replace('{ name: r, effect: allow }', "{effect: allow,   name: 'r'}");
const broken = canonical.replace('allow', 'alow');

let folder: string;
let printed: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dta-fmt-'));
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => printed.push(line));
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const put = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const fmt = (args: string[], input = '') =>
  fmtCommand(Readable.from([input]))
    .exitOverride()
    .parseAsync(args, { from: 'user' });

test('files that are not canonical are written anew, with their mode, and links stay links', async () => {
  const path = put('a.yaml', untidy);
  chmodSync(path, 0o640);
  symlinkSync(path, join(folder, 'b.yaml'));
  const same = put('c.yaml', canonical.replace('name: a', 'name: c'));
  const before = statSync(same).ino;
  await fmt([join(folder, 'b.yaml'), same]);
  expect(readFileSync(path, 'utf8')).toBe(canonical);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect(lstatSync(join(folder, 'b.yaml')).isSymbolicLink()).toBe(true);
  expect(statSync(same).ino).toBe(before);
  expect(printed).toEqual([`formatted ${join(folder, 'b.yaml')}`]);
  expect(readdirSync(folder).sort()).toEqual(['a.yaml', 'b.yaml', 'c.yaml']);
});

test('with a mistake in one file nothing is written', async () => {
  const path = put('a.yaml', untidy);
  put('b.yaml', broken);
  await expect(fmt([folder])).rejects.toMatchObject({
    code: 'policyInvalid',
    fields: { errors: [{ file: join(folder, 'b.yaml'), line: 7, column: 26 }] },
  });
  expect(readFileSync(path, 'utf8')).toBe(untidy);
});

test('--check names files and changes none', async () => {
  const path = put('a.yaml', untidy);
  put('b.yaml', canonical);
  await expect(fmt(['--check', folder])).rejects.toMatchObject({
    code: 'policyInvalid',
    message: 'a file is not in canonical form',
  });
  expect(printed).toEqual([path]);
  expect(readFileSync(path, 'utf8')).toBe(untidy);
  await fmt(['--check', join(folder, 'b.yaml')]);
});

test('`-` goes from standard input to standard output', async () => {
  await fmt(['-'], untidy);
  expect(printed).toEqual([canonical]);
  await expect(fmt(['-'], broken)).rejects.toMatchObject({ code: 'policyInvalid' });
  await expect(fmt(['-', 'x'])).rejects.toMatchObject({ code: 'usage' });
});
