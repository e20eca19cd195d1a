/** Published policy sets, bundle versions and the state's epoch. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Database } from './database.ts';
import { SqliteBundleStore } from './sqlite-bundle-store.ts';
import { SqliteStateStore } from './sqlite-state-store.ts';

const files = [
  { name: 'b.yaml', text: 'kind: B' },
  { name: 'a.yaml', text: 'kind: A\n' },
];
let dir: string;
let path: string;
let db: Database;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-bundles-'));
  path = join(dir, 'store.db');
  db = new Database(path);
});

afterEach(() => {
  db.close();
  rmSync(dir, { recursive: true });
});

function reopen(): void {
  db.close();
  db = new Database(path);
}

describe('policy sets', () => {
  it('has none at first', async () => {
    expect(await new SqliteBundleStore(db).currentPolicySet()).toBeUndefined();
  });

  it('gives back the newest, also after a restart', async () => {
    await new SqliteBundleStore(db).publish([], 1, 'alice');
    const published = await new SqliteBundleStore(db).publish(files, 2, 'bob');
    reopen();
    expect(await new SqliteBundleStore(db).currentPolicySet()).toEqual(published);
    expect(published.files.map(({ name }) => name)).toEqual(['a.yaml', 'b.yaml']);
    expect(published).toMatchObject({ number: 2, publishedAtMs: 2, actor: 'bob' });
  });

  it('keeps the same content once and gives it one digest in any order', async () => {
    const store = new SqliteBundleStore(db);
    const first = await store.publish(files, 1, 'alice');
    const other = await store.publish([{ name: 'a.yaml', text: 'kind: A' }], 2, 'alice');
    const back = await store.publish([...files].reverse(), 3, 'alice');
    expect(back.digest).toBe(first.digest);
    expect(other.digest).not.toBe(first.digest);
    expect(db.rows('SELECT digest FROM policy_set')).toHaveLength(2);
    const listed = await store.publications(2);
    expect(listed.map(({ number, digest }) => [number, digest])).toEqual([
      [3, first.digest],
      [2, other.digest],
    ]);
  });

  it('refuses two files of one name', async () => {
    const twice = [...files, { name: 'a.yaml', text: '' }];
    const attempt = new SqliteBundleStore(db).publish(twice, 1, 'alice');
    await expect(attempt).rejects.toThrow('two files are called `a.yaml`');
    expect(await new SqliteBundleStore(db).currentPolicySet()).toBeUndefined();
  });
});

describe.each([
  ['version', (nowMs: number) => new SqliteBundleStore(db).nextVersion('m/e/s/inbound', nowMs)],
  ['epoch', (nowMs: number) => new SqliteStateStore(db).nextEpoch(nowMs)],
])('%s', (_, next) => {
  it('is the time, and rises also when the clock stands or goes back', async () => {
    expect(await next(1000)).toBe(1000n);
    expect(await next(1000)).toBe(1001n);
    expect(await next(5)).toBe(1002n);
    reopen();
    expect(await next(-7)).toBe(1003n);
    expect(await next(1_800_000_000_000.7)).toBe(1_800_000_000_000n);
    expect(await next(0)).toBe(1_800_000_000_001n);
  });

  it('is never 0', async () => {
    expect(await next(0)).toBe(1n);
  });
});

it('counts each bundle for itself', async () => {
  const store = new SqliteBundleStore(db);
  await store.nextVersion('a', 9000);
  expect(await store.nextVersion('b', 10)).toBe(10n);
});
