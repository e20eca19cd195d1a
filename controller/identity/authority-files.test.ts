/** The authority's directory: made once, private, and never silently made again. */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Database } from '../store/database.ts';
import { SqliteIdentityStore } from '../store/sqlite-identity-store.ts';
import { loadAuthority, openAuthority } from './authority-files.ts';

const nowMs = Date.now();
let base: string;
let dir: string;
let db: Database;
let store: SqliteIdentityStore;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'dta-ca-'));
  dir = join(base, 'ca');
  db = new Database(join(base, 'store.db'));
  store = new SqliteIdentityStore(db);
});

afterEach(() => {
  db.close();
  rmSync(base, { recursive: true });
});

function open(trustDomain = 'mesh.test') {
  return openAuthority({ dir, store, trustDomain, nowMs });
}

const setup = (message: string) =>
  expect.objectContaining({ code: 'setup', message: expect.stringContaining(message) });

describe('openAuthority', () => {
  it('makes private files once and loads them after that', async () => {
    const made = await open();
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, 'ca-key.pem')).mode & 0o777).toBe(0o600);
    expect((await open()).caKeyHash).toBe(made.caKeyHash);
    expect((await loadAuthority(dir)).rootPem).toBe(made.rootPem);
  });

  it('refuses to make another when the directory is gone', async () => {
    await open();
    rmSync(dir, { recursive: true });
    await expect(open()).rejects.toEqual(setup('is gone'));
    expect(existsSync(dir)).toBe(false);
  });

  it.each(['ca-key.pem', 'ca.pem'])('refuses when %s is missing', async (name) => {
    await open();
    rmSync(join(dir, name));
    await expect(open()).rejects.toEqual(setup(`${name}\` is missing`));
    expect(existsSync(join(dir, name))).toBe(false);
  });

  it('refuses an authority that the store does not know', async () => {
    await open();
    db.close();
    db = new Database(join(base, 'fresh.db'));
    store = new SqliteIdentityStore(db);
    await expect(open()).rejects.toEqual(setup('the store does not know'));
  });

  it('refuses the files of another authority', async () => {
    await open();
    const other = new Database(':memory:');
    const otherDir = join(base, 'other');
    const options = { dir: otherDir, store: new SqliteIdentityStore(other), nowMs };
    await openAuthority({ ...options, trustDomain: 'mesh.test' });
    rmSync(dir, { recursive: true });
    renameSync(otherDir, dir);
    await expect(open()).rejects.toEqual(setup('different authorities'));
    other.close();
  });

  it('refuses another trust domain', async () => {
    await open();
    await expect(open('other.test')).rejects.toEqual(setup('`mesh.test`, not `other.test`'));
  });

  it.each([
    ['ca-key.pem', 0o640, 'chmod 600'],
    ['ca-key.pem', 0o604, 'chmod 600'],
    ['', 0o750, 'chmod 700'],
  ])('refuses rights of others on "%s" (%o)', async (name, mode, help) => {
    await open();
    chmodSync(join(dir, name), mode);
    await expect(open()).rejects.toMatchObject({
      code: 'setup',
      message: expect.stringContaining('other users may use'),
      help: expect.stringContaining(help),
    });
  });

  it('refuses a key that is a link', async () => {
    await open();
    renameSync(join(dir, 'ca-key.pem'), join(base, 'key'));
    symlinkSync(join(base, 'key'), join(dir, 'ca-key.pem'));
    await expect(open()).rejects.toEqual(setup('not a plain file'));
  });

  it('completes a start that crashed after the record was written', async () => {
    const made = await open();
    renameSync(dir, `${dir}.pending`);
    expect((await open()).caKeyHash).toBe(made.caKeyHash);
    expect(existsSync(`${dir}.pending`)).toBe(false);
  });

  it('begins again after a crash before the record was written', async () => {
    const failing = {
      authority: () => store.authority(),
      recordAuthority: () => Promise.reject(new Error('disk full')),
    };
    const options = { dir, store: failing, trustDomain: 'mesh.test', nowMs };
    await expect(openAuthority(options)).rejects.toThrow('disk full');
    expect(existsSync(dir)).toBe(false);
    await open();
    expect(readFileSync(join(dir, 'ca.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
  });

  it('lets one of two first starts win', async () => {
    await open();
    const record = { trustDomain: 'x', keyHash: 'y', createdAtMs: nowMs };
    await expect(store.recordAuthority(record)).rejects.toMatchObject({ code: 'conflict' });
  });
});
