import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Database } from '../store/database.ts';
import { SqlitePrivacyStore } from '../store/sqlite-privacy-store.ts';
import { MaskingKeys } from './masking-keys.ts';

let root: string;
let db: Database;
let store: SqlitePrivacyStore;
let nowMs: number;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dta-masking-'));
  db = new Database(':memory:');
  store = new SqlitePrivacyStore(db);
  nowMs = 1_800_000_000_000;
});
afterEach(() => {
  db.close();
  rmSync(root, { recursive: true });
});

const dir = () => join(root, 'masking');
const file = () => join(dir(), 'keys.json');
const open = () =>
  MaskingKeys.open({ dir: dir(), store, clock: () => nowMs, log: pino({ level: 'silent' }) });

describe('the first start', () => {
  it('makes one secret, in a file of the user alone', async () => {
    const keys = await open();
    expect(keys.list()).toEqual([
      { keyId: 1, madeAtMs: nowMs, actor: 'controller', reason: 'first start', isActive: true },
    ]);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(dir()).mode & 0o777).toBe(0o700);
    expect((await open()).active()).toEqual(keys.active());
  });

  it('makes another secret for another mesh, and puts none into the store', async () => {
    const first = (await open()).active();
    const { generations } = JSON.parse(readFileSync(file(), 'utf8'));
    const stored = JSON.stringify(await store.maskingKeys());
    expect(stored).not.toContain(generations[0].secret);
    rmSync(root, { recursive: true });
    root = mkdtempSync(join(tmpdir(), 'dta-masking-'));
    store = new SqlitePrivacyStore(new Database(':memory:'));
    expect((await open()).active().siv).not.toEqual(first.siv);
  });
});

describe('rotation', () => {
  it('masks with a new generation and keeps the old ones, over restarts too', async () => {
    const keys = await open();
    const first = keys.active();
    nowMs += 5;
    let rotations = 0;
    const end = keys.onRotated(() => rotations++);
    const made = await keys.rotate('a laptop was lost', 'operator');
    expect(made).toEqual({
      keyId: 2,
      madeAtMs: nowMs,
      actor: 'operator',
      reason: 'a laptop was lost',
      isActive: true,
    });
    expect(rotations).toBe(1);
    for (const each of [keys, await open()]) {
      expect(each.active().keyId).toBe(2);
      expect(each.of(1)).toEqual(first);
      expect(each.of(3)).toBeUndefined();
      expect(each.list().map(({ isActive }) => isActive)).toEqual([false, true]);
    }
    end();
    await Promise.all([keys.rotate('x', 'operator'), keys.rotate('y', 'operator')]);
    expect(rotations).toBe(1);
    expect((await open()).list().map(({ keyId }) => keyId)).toEqual([1, 2, 3, 4]);
  });

  it('is known after a crash between file and store', async () => {
    const keys = await open();
    const before = await store.maskingKeys();
    await keys.rotate('', 'operator');
    db.run('DELETE FROM masking_key WHERE key_id = 2');
    expect(await store.maskingKeys()).toEqual(before);
    expect((await open()).active()).toEqual(keys.active());
    expect(await store.maskingKeys()).toHaveLength(2);
  });
});

describe('what does not start', () => {
  it('a file that others may read', async () => {
    await open();
    chmodSync(file(), 0o644);
    await expect(open()).rejects.toThrow('other users may use');
  });

  it('a directory that others may enter', async () => {
    await open();
    chmodSync(dir(), 0o755);
    await expect(open()).rejects.toThrow('other users may use');
  });

  it('a file that is lost, while the store knows a secret', async () => {
    await open();
    rmSync(file());
    await expect(open()).rejects.toThrow('without the secret of key 1');
  });

  it.each<[string, (text: string) => string]>([
    ['another secret', (text) => text.replace(/"secret": "..../, '"secret": "AAAA')],
    ['no JSON', () => 'x'],
    ['a short secret', (text) => text.replace(/"secret": "..../, '"secret": "')],
    ['another key id', (text) => text.replace('"keyId": 1', '"keyId": 2')],
    ['a field that nobody wrote', (text) => text.replace('{', '{"x": 1,')],
  ])('a file with %s', async (_what, change) => {
    await open();
    const text = readFileSync(file(), 'utf8');
    writeFileSync(file(), change(text));
    const failure = await open().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'setup', cause: undefined });
    expect(String(failure)).not.toContain(JSON.parse(text).generations[0].secret);
  });
});
