import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { Clearances } from './clearances.ts';

let root: string;
let clearances: Clearances;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dta-clearances-'));
  clearances = new Clearances(join(root, 'masking'), () => 17);
});
afterEach(() => rmSync(root, { recursive: true }));

const file = () => join(root, 'masking', 'clearances.json');

it('knows who a secret belongs to, and keeps only its hash', async () => {
  expect(await clearances.nameOf('')).toBeUndefined();
  const alice = await clearances.clear('alice@example.org');
  const bob = await clearances.clear('bob');
  expect(await clearances.nameOf(alice)).toBe('alice@example.org');
  expect(await clearances.nameOf(bob)).toBe('bob');
  expect(await clearances.nameOf(`${bob}A`)).toBeUndefined();
  expect(await clearances.list()).toEqual([
    { name: 'alice@example.org', madeAtMs: 17 },
    { name: 'bob', madeAtMs: 17 },
  ]);
  const text = readFileSync(file(), 'utf8');
  expect(text).not.toContain(alice);
  expect(text).not.toContain(bob);
});

it('takes one away at once, in other processes too', async () => {
  const secret = await clearances.clear('alice');
  const other = new Clearances(join(root, 'masking'), () => 18);
  expect(await other.nameOf(secret)).toBe('alice');
  await other.withdraw('alice');
  expect(await clearances.nameOf(secret)).toBeUndefined();
  await expect(clearances.withdraw('alice')).rejects.toMatchObject({ code: 'notFound' });
  expect(await clearances.clear('alice')).not.toBe(secret);
});

it('refuses a name twice, and names that a line of a log could not show', async () => {
  await clearances.clear('alice');
  await expect(clearances.clear('alice')).rejects.toMatchObject({ code: 'conflict' });
  for (const name of ['', 'a b', 'a\n', '-x', 'x'.repeat(64)]) {
    await expect(clearances.clear(name)).rejects.toMatchObject({ code: 'usage' });
  }
});

it('clears nobody when the file is damaged or open to others', async () => {
  const secret = await clearances.clear('alice');
  chmodSync(file(), 0o644);
  await expect(clearances.nameOf(secret)).rejects.toThrow('other users may use');
  chmodSync(file(), 0o600);
  writeFileSync(file(), '{"version":1,"clearances":[{"name":"x"}]}');
  await expect(clearances.nameOf(secret)).rejects.toThrow('is damaged');
});
