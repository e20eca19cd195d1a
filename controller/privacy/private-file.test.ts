import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { createPrivate, ensurePrivateDir, readPrivate, writePrivate } from './private-file.ts';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-private-'));
  path = join(dir, 'secret');
});
afterEach(() => rmSync(dir, { recursive: true }));

const mode = (of: string) => statSync(of).mode & 0o777;

it('writes with mode 0600 whatever was there, and reads back', async () => {
  expect(await readPrivate(path)).toBeUndefined();
  writeFileSync(path, 'old', { mode: 0o644 });
  await writePrivate(path, 'new');
  expect(mode(path)).toBe(0o600);
  expect(await readPrivate(path)).toBe('new');
});

it('refuses what others may read or write', async () => {
  await writePrivate(path, 'x');
  for (const open of [0o640, 0o604, 0o620, 0o601]) {
    chmodSync(path, open);
    await expect(readPrivate(path)).rejects.toThrow('other users may use');
  }
});

it('refuses links and directories', async () => {
  await writePrivate(path, 'x');
  symlinkSync(path, join(dir, 'link'));
  await expect(readPrivate(join(dir, 'link'))).rejects.toThrow('cannot read');
  mkdirSync(join(dir, 'folder'), { mode: 0o700 });
  await expect(readPrivate(join(dir, 'folder'))).rejects.toThrow('not a plain file');
});

it('creates only what is not there', async () => {
  await createPrivate(path, 'first');
  expect(mode(path)).toBe(0o600);
  await expect(createPrivate(path, 'second')).rejects.toMatchObject({ code: 'conflict' });
  expect(await readPrivate(path)).toBe('first');
});

it('makes a private directory, and refuses an open one', async () => {
  const made = join(dir, 'made');
  await ensurePrivateDir(made);
  expect(mode(made)).toBe(0o700);
  await ensurePrivateDir(made);
  chmodSync(made, 0o750);
  await expect(ensurePrivateDir(made)).rejects.toThrow('other users may use');
  await writePrivate(path, 'x');
  await expect(ensurePrivateDir(path)).rejects.toThrow('not a plain directory');
});
