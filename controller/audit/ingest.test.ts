import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';

import { encodeBatch, sampleRecord } from './encode-batch.test-data.ts';
import { AuditService } from './ingest.ts';
import type { AuditBatch, AuditStore, IngestResult } from './model.ts';

/** Keeps only the sequence numbers, with the key that the interface asks for. */
class FakeStore implements AuditStore {
  readonly seen = new Map<string, Set<bigint>>();

  async ingest(reporter: string, batch: AuditBatch): Promise<IngestResult> {
    const key = `${reporter} ${batch.vmId}`;
    const seqs = this.seen.get(key) ?? new Set<bigint>();
    this.seen.set(key, seqs);
    const before = seqs.size;
    for (const { seq } of batch.records) seqs.add(seq);
    const stored = seqs.size - before;
    const highest = [...seqs].reduce((a, b) => (a > b ? a : b), 0n);
    const missing = highest - BigInt(seqs.size);
    return { stored, duplicates: batch.records.length - stored, missing };
  }

  async tail() {
    return [];
  }

  async counters() {
    return { stored: 0n, missing: 0n, dropped: 0n, vms: this.seen.size };
  }
}

const agent = 'spiffe://mesh.example/env/prod/team/shop/svc/orders/i/x';
const body = (firstSeq: bigint, count: number) =>
  encodeBatch({
    vmId: '0000000000000001',
    firstSeq,
    dropped: 0n,
    records: Array.from({ length: count }, () => sampleRecord()),
  });

describe('AuditService', () => {
  let gaps: bigint[];
  let refusals: string[];
  let service: AuditService;
  beforeEach(() => {
    gaps = [];
    refusals = [];
    service = new AuditService({
      store: new FakeStore(),
      log: pino({ level: 'silent' }),
      clock: () => 1,
      observer: {
        onGap: ({ missing }) => gaps.push(missing),
        onRefuse: ({ reason }) => refusals.push(reason),
      },
    });
  });

  it('takes the same batch twice and counts it once', async () => {
    expect(await service.ingest(agent, body(1n, 3))).toMatchObject({ stored: 3, duplicates: 0 });
    expect(await service.ingest(agent, body(1n, 3))).toMatchObject({ stored: 0, duplicates: 3 });
    expect(gaps).toEqual([]);
  });

  it('reports a gap once, and a second one by what it adds', async () => {
    await service.ingest(agent, body(1n, 2));
    await service.ingest(agent, body(5n, 1));
    await service.ingest(agent, body(6n, 1));
    await service.ingest(agent, body(10n, 1));
    expect(gaps).toEqual([2n, 3n]);
  });

  it('keeps VMs of different reporters apart', async () => {
    await service.ingest('spiffe://mesh.example/thief', body(1n, 3));
    expect(await service.ingest(agent, body(1n, 3))).toMatchObject({ stored: 3 });
  });

  it('refuses a malformed batch without storing any of it', async () => {
    const cut = body(1n, 3).subarray(0, -1);
    await expect(service.ingest(agent, cut)).rejects.toThrow(/total length/);
    expect(refusals).toHaveLength(1);
    expect((await service.counters()).vms).toBe(0);
  });
});
