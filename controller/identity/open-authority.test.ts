/** The authority's directory: made once, private, and never silently made again. */
import { createHash, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Database } from '../store/database.ts';
import { SqliteIssuerStore } from '../store/sqlite-issuer-store.ts';
import { firstVersion } from './first-version.test-data.ts';
import type { IssuerStore } from './model.ts';
import { openAuthority } from './open-authority.ts';

const nowMs = Date.now();
let base: string;
let dir: string;
let db: Database;
let store: SqliteIssuerStore;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'dta-ca-'));
  dir = join(base, 'ca');
  db = new Database(join(base, 'store.db'));
  store = new SqliteIssuerStore(db);
});

afterEach(() => {
  db.close();
  rmSync(base, { recursive: true });
});

function open(trustDomain = 'mesh.test') {
  return openAuthority({ dir, store, trustDomain, nowMs, newMesh: {} });
}

const setup = (message: string) =>
  expect.objectContaining({ code: 'setup', message: expect.stringContaining(message) });

describe('openAuthority', () => {
  it('makes private files once and loads them after that', async () => {
    const made = await open();
    const folder = join(dir, made.active.id);
    for (const path of [dir, folder]) expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of ['issuer-key.pem', 'root-key.pem']) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
    const again = await openAuthority({ dir, store, trustDomain: 'mesh.test', nowMs });
    expect(again.caKeyHash).toBe(made.caKeyHash);
    expect(again.rootPem).toBe(made.rootPem);
    expect(again.generation).toBe(made.generation);
    expect(made.generation).toBeGreaterThan(0);
  });

  it('makes no new mesh unless it is told to', async () => {
    const options = { dir, store, trustDomain: 'mesh.test', nowMs };
    await expect(openAuthority(options)).rejects.toMatchObject({
      code: 'setup',
      message: expect.stringContaining('there is no certificate authority'),
      help: expect.stringContaining('--new-mesh'),
    });
    expect(existsSync(dir)).toBe(false);
    expect(await store.authority()).toBeUndefined();
  });

  it('refuses to make another when the directory is gone', async () => {
    await open();
    rmSync(dir, { recursive: true });
    await expect(open()).rejects.toEqual(setup('is gone'));
    expect(existsSync(dir)).toBe(false);
  });

  it.each(['issuer-key.pem', 'issuer.pem', 'root.pem'])(
    'refuses when %s is missing',
    async (name) => {
      const path = join(dir, (await open()).active.id, name);
      rmSync(path);
      await expect(open()).rejects.toEqual(setup(`${name}\` is missing`));
      expect(existsSync(path)).toBe(false);
    },
  );

  it('refuses an authority that the store does not know', async () => {
    await open();
    db.close();
    db = new Database(join(base, 'fresh.db'));
    store = new SqliteIssuerStore(db);
    await expect(open()).rejects.toEqual(setup('the store does not know'));
  });

  it('refuses the files of another authority', async () => {
    const other = new Database(':memory:');
    const otherDir = join(base, 'other');
    const options = { dir: otherDir, store: new SqliteIssuerStore(other), nowMs };
    const theirs = await openAuthority({ ...options, trustDomain: 'mesh.test', newMesh: {} });
    const { id } = (await open()).active;
    rmSync(join(dir, id), { recursive: true });
    renameSync(join(otherDir, theirs.active.id), join(dir, id));
    await expect(open()).rejects.toEqual(setup('different authorities'));
    other.close();
  });

  it('refuses another trust domain', async () => {
    await open();
    await expect(open('other.test')).rejects.toEqual(setup('`mesh.test`, not `other.test`'));
  });

  it.each([
    ['key', 0o640, 'chmod 600'],
    ['key', 0o604, 'chmod 600'],
    ['folder', 0o750, 'chmod 700'],
    ['directory', 0o750, 'chmod 700'],
  ])('refuses rights of others on the %s (%o)', async (what, mode, help) => {
    const folder = join(dir, (await open()).active.id);
    const path = { key: join(folder, 'issuer-key.pem'), folder, directory: dir }[what];
    chmodSync(path ?? '', mode);
    await expect(open()).rejects.toMatchObject({
      code: 'setup',
      message: expect.stringContaining('other users may use'),
      help: expect.stringContaining(help),
    });
  });

  it('refuses a key that is a link', async () => {
    const key = join(dir, (await open()).active.id, 'issuer-key.pem');
    renameSync(key, join(base, 'key'));
    symlinkSync(join(base, 'key'), key);
    await expect(open()).rejects.toEqual(setup('not a plain file'));
  });

  it('completes a start that crashed after the record was written', async () => {
    const made = await open();
    renameSync(dir, `${dir}.pending`);
    expect((await open()).caKeyHash).toBe(made.caKeyHash);
    expect(existsSync(`${dir}.pending`)).toBe(false);
  });

  it('begins again after a crash before the record was written', async () => {
    const failing = new Proxy(store, {
      get: (target, name) =>
        name === 'recordAuthority'
          ? () => Promise.reject(new Error('disk full'))
          : Reflect.get(target, name).bind(target),
    }) as IssuerStore;
    const options = { dir, store: failing, trustDomain: 'mesh.test', nowMs, newMesh: {} };
    await expect(openAuthority(options)).rejects.toThrow('disk full');
    expect(existsSync(dir)).toBe(false);
    const { active } = await open();
    expect(readFileSync(join(dir, active.id, 'root.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
  });

  it('lets one of two first starts win', async () => {
    const { standing } = await open();
    const record = { trustDomain: 'x', keyHash: 'y', createdAtMs: nowMs };
    const first = standing[0]?.record;
    if (!first) throw new Error('there is no issuing key');
    await expect(store.recordAuthority(record, first)).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('a directory of the first version', () => {
  const root = new X509Certificate(firstVersion.rootPem);
  const spki = root.publicKey.export({ type: 'spki', format: 'der' });
  const keyHash = createHash('sha256').update(spki).digest('hex');

  /** As it was: two files, the record, and a certificate that names no issuing key. */
  function layOut(): void {
    mkdirSync(dir, { mode: 0o700 });
    writeFileSync(join(dir, 'ca-key.pem'), firstVersion.keyPem, { mode: 0o600 });
    writeFileSync(join(dir, 'ca.pem'), firstVersion.rootPem);
    db.run('INSERT INTO authority VALUES (1, ?, ?, ?)', 'mesh.test', keyHash, 5);
    db.run("INSERT INTO registration VALUES ('r', 'mesh.test', 'prod', 't', 's', '[]', 5)");
    db.run(`INSERT INTO instance (uuid, registration_id, spiffe_id, joined_at_ms)
      VALUES ('i', 'r', 'spiffe://x', 5)`);
    const sql = `INSERT INTO certificate (sha256, serial, instance, not_before_ms, not_after_ms)
      VALUES ('d', 's', 'i', 5, ?)`;
    db.run(sql, nowMs + 3_600_000);
  }

  it('goes on under its root, which signs leaves itself', async () => {
    layOut();
    const authority = await openAuthority({ dir, store, trustDomain: 'mesh.test', nowMs });
    expect(authority.caKeyHash).toBe(keyHash);
    expect(authority.active.chainPem).toBe('');
    expect(existsSync(join(dir, 'ca-key.pem'))).toBe(false);
    expect(await store.issuerLeaves(authority.active.id, nowMs)).toEqual({ live: 1, instances: 1 });
    expect((await open()).caKeyHash).toBe(keyHash);
  });

  it('is taken over also after a crash at any point of that', async () => {
    layOut();
    const { active, generation } = await open();
    // The folder is written and recorded, the old files are still there.
    writeFileSync(join(dir, 'ca-key.pem'), firstVersion.keyPem, { mode: 0o600 });
    writeFileSync(join(dir, 'ca.pem'), firstVersion.rootPem);
    expect((await open()).generation).toBe(generation);
    // The folder is written, not recorded.
    writeFileSync(join(dir, 'ca-key.pem'), firstVersion.keyPem, { mode: 0o600 });
    writeFileSync(join(dir, 'ca.pem'), firstVersion.rootPem);
    db.run('DELETE FROM issuer');
    expect((await open()).active.id).toBe(active.id);
  });

  it.each([
    ['ca-key.pem', 'ca-key.pem` is missing'],
    ['ca.pem', 'ca.pem` is missing'],
  ])('is refused without its %s', async (name, message) => {
    layOut();
    rmSync(join(dir, name));
    await expect(open()).rejects.toEqual(setup(message));
  });
});
