/** Masking keys and reveals: kept in order, read back exactly, never overwritten. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { RevealRecord } from '../privacy/model.ts';
import { Database } from './database.ts';
import { SqlitePrivacyStore } from './sqlite-privacy-store.ts';

let db: Database;
let store: SqlitePrivacyStore;
beforeEach(() => {
  db = new Database(':memory:');
  store = new SqlitePrivacyStore(db);
});
afterEach(() => db.close());

const key = (keyId: number) => ({
  keyId,
  secretSha256: 'ab'.repeat(32),
  madeAtMs: 1_800_000_000_000 + keyId,
  actor: 'operator',
  reason: 'it was time',
});

function reveal(changes: Partial<RevealRecord> = {}): RevealRecord {
  return {
    atMs: 1_800_000_000_000,
    actor: 'operator',
    cleared: 'alice',
    kind: 'token',
    keyId: 3,
    valueSha256: 'cd'.repeat(32),
    reason: 'case 17',
    result: 'revealed',
    ...changes,
  };
}

describe('masking keys', () => {
  it('come back in the order of their ids', async () => {
    await store.addMaskingKey(key(2));
    await store.addMaskingKey(key(1));
    expect(await store.maskingKeys()).toEqual([key(1), key(2)]);
  });

  it('are never overwritten', async () => {
    await store.addMaskingKey(key(1));
    await expect(store.addMaskingKey({ ...key(1), reason: 'forged' })).rejects.toThrow('UNIQUE');
    expect(await store.maskingKeys()).toEqual([key(1)]);
  });
});

describe('reveals', () => {
  it('come back as they were written, the newest or what came after one', async () => {
    const refused = reveal({ cleared: undefined, keyId: undefined, result: 'notCleared' });
    await store.addReveals([reveal(), refused]);
    await store.addReveals([reveal({ kind: 'date', reason: '' })]);
    const all = await store.reveals({ limit: 10 });
    expect(all.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(all[0]).toEqual({ id: 1, ...reveal() });
    expect(all[1]).toEqual({ id: 2, ...refused });
    expect(await store.reveals({ limit: 2 })).toEqual(all.slice(1));
    expect(await store.reveals({ limit: 1, afterId: 1 })).toEqual(all.slice(1, 2));
    expect(await store.reveals({ limit: 9, afterId: 3 })).toEqual([]);
  });

  it('are written all or none', async () => {
    const broken = reveal({ reason: undefined as unknown as string });
    await expect(store.addReveals([reveal(), broken])).rejects.toThrow();
    expect(await store.reveals({ limit: 10 })).toEqual([]);
  });
});
