/** Audit records: each kept once, gaps counted, read back exactly. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { AuditBatch, AuditRecord } from '../audit/model.ts';
import { Database } from './database.ts';
import { SqliteAuditStore } from './sqlite-audit-store.ts';

const alice = 'spiffe://mesh.test/alice';
const bob = 'spiffe://mesh.test/bob';
const max64 = 2n ** 64n - 1n;
let db: Database;
let store: SqliteAuditStore;

beforeEach(() => {
  db = new Database(':memory:');
  store = new SqliteAuditStore(db);
});

afterEach(() => db.close());

function record(seq: bigint, changes: Partial<AuditRecord> = {}): AuditRecord {
  return {
    seq,
    decision: seq,
    timeMs: 1_800_000_000_000,
    direction: 'Inbound',
    verdict: 'Allow',
    reason: 'Permitted',
    band: 'Low',
    bundleVersion: 3n,
    stateEpoch: 4n,
    clearance: 5n,
    maskedRequest: 6,
    maskedResponse: 7,
    source: 'spiffe://mesh.test/caller',
    rule: 'orders/reads',
    method: 'GET',
    path: '/orders/1',
    bodyReason: undefined,
    cutByRevocation: false,
    shadowDiffers: false,
    labels: 3n,
    bodyPassed: false,
    bodyRedacted: false,
    ...changes,
  };
}

function batch(seqs: bigint[], changes: Partial<AuditBatch> = {}): AuditBatch {
  const records = seqs.map((seq) => record(seq));
  return { vmId: '00000000000000aa', firstSeq: seqs[0] ?? 1n, dropped: 0n, records, ...changes };
}

describe('ingest', () => {
  it('stores what is new and counts what is there', async () => {
    const none = { duplicates: 0, missing: 0n };
    expect(await store.ingest(alice, batch([1n, 2n, 3n]), 9)).toEqual({ stored: 3, ...none });
    const again = await store.ingest(alice, batch([2n, 3n, 4n]), 10);
    expect(again).toEqual({ stored: 1, duplicates: 2, missing: 0n });
    const seqs = (await store.tail({ limit: 10 })).map(({ seq }) => seq);
    expect(seqs).toEqual([1n, 2n, 3n, 4n]);
  });

  it('leaves a stored record as it is', async () => {
    await store.ingest(alice, batch([1n]), 9);
    const forged = record(1n, { verdict: 'Deny' });
    await store.ingest(alice, batch([1n], { records: [forged] }), 10);
    expect(await store.tail({ limit: 10 })).toMatchObject([{ verdict: 'Allow', receivedAtMs: 9 }]);
  });

  it('counts gaps until they are filled', async () => {
    await store.ingest(alice, batch([1n]), 9);
    expect((await store.ingest(alice, batch([5n, 6n]), 9)).missing).toBe(3n);
    expect((await store.ingest(alice, batch([2n, 3n, 4n]), 9)).missing).toBe(0n);
  });

  it('keeps reporters and VMs apart', async () => {
    await store.ingest(alice, batch([1n], { dropped: 2n }), 9);
    await store.ingest(bob, batch([1n], { dropped: 3n }), 9);
    await store.ingest(bob, batch([2n], { vmId: '00000000000000bb' }), 9);
    // A batch that is late reports fewer drops than were known.
    await store.ingest(bob, batch([2n], { dropped: 1n }), 9);
    const counters = { stored: 4n, missing: 1n, dropped: 5n, vms: 3 };
    expect(await store.counters()).toEqual(counters);
  });

  it('gives back every field, up to the ends of its range', async () => {
    const full = record(1n, {
      decision: max64,
      bundleVersion: max64,
      stateEpoch: 2n ** 63n,
      clearance: max64,
      maskedRequest: 2 ** 32 - 1,
      path: "/o'rders/\u00e9\u{1f600}",
      bodyReason: 'BodyUnreadable',
      cutByRevocation: true,
      shadowDiffers: true,
      labels: 2n ** 64n - 1n,
      bodyPassed: true,
      bodyRedacted: true,
    });
    await store.ingest(alice, batch([1n], { records: [full] }), 11);
    const stored = { id: 1, reporter: alice, vmId: '00000000000000aa', receivedAtMs: 11 };
    expect(await store.tail({ limit: 1 })).toEqual([{ ...full, ...stored }]);
  });

  it.each([
    batch([1n], { firstSeq: 0n }),
    batch([2n ** 43n + 1n]),
    batch([1n], { dropped: max64 }),
  ])('refuses numbers out of range, case %#, and stores nothing', async (bad) => {
    await expect(store.ingest(alice, bad, 9)).rejects.toMatchObject({ code: 'usage' });
    expect(await store.counters()).toEqual({ stored: 0n, missing: 0n, dropped: 0n, vms: 0 });
  });

  it('stores all of a batch or nothing of it', async () => {
    const broken = { ...record(2n), path: undefined as unknown as string };
    const bad = batch([1n], { records: [record(1n), broken] });
    await expect(store.ingest(alice, bad, 9)).rejects.toThrow();
    expect(await store.tail({ limit: 10 })).toEqual([]);
  });
});

describe('tail', () => {
  beforeEach(async () => {
    await store.ingest(alice, batch([1n, 2n, 3n]), 9);
    const denied = record(1n, { verdict: 'Deny', source: 'spiffe://mesh.test/other' });
    await store.ingest(bob, batch([1n], { records: [denied] }), 9);
  });

  it.each([
    [{ limit: 2 }, [3, 4]],
    [{ limit: 2, afterId: 0 }, [1, 2]],
    [{ limit: 10, afterId: 2 }, [3, 4]],
    [{ limit: 10, afterId: 4 }, []],
    [{ limit: 10, verdict: 'Deny' as const }, [4]],
    [{ limit: 10, source: 'spiffe://mesh.test/caller' }, [1, 2, 3]],
    [{ limit: 10, reporter: alice, afterId: 1 }, [2, 3]],
    [{ limit: 10, reporter: bob, verdict: 'Allow' as const }, []],
    [{ limit: 0 }, [4]],
  ])('with %j gives %j', async (query, ids) => {
    expect((await store.tail(query)).map(({ id }) => id)).toEqual(ids);
  });
});
