import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DtaError } from '../errors.ts';
import { AuditRecord as At, AuditHeader } from '../layout.ts';
import { decodeAuditBatch } from './decode-batch.ts';
import { encodeBatch, sampleRecord } from './encode-batch.test-data.ts';
import { type AuditBatch, decisionId } from './model.ts';

const batch: AuditBatch = {
  vmId: '00ff00ff12345678',
  firstSeq: 41n,
  dropped: 2n,
  records: [
    sampleRecord({ seq: 41n }),
    sampleRecord({
      seq: 42n,
      verdict: 'Deny',
      reason: 'Revoked',
      direction: 'Outbound',
      band: 'Critical',
      source: '',
      rule: '',
      method: 'PROPFIND',
      path: '/gr\u00fc\u00dfe',
      bodyReason: 'BodyUnreadable',
      cutByRevocation: true,
      shadowDiffers: true,
      bodyPassed: true,
      bodyRedacted: true,
      labels: 0x8000_0000_0000_0001n,
      clearance: 0xffff_ffff_ffff_ffffn,
    }),
    sampleRecord({ seq: 43n, path: '/x'.repeat(256), decision: 2n ** 64n - 1n }),
  ],
};
const bytes = encodeBatch(batch);

function patched(at: number, ...values: number[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(values, at);
  return copy;
}

describe('decodeAuditBatch', () => {
  it('reads what a filter writes', () => {
    expect(decodeAuditBatch(bytes)).toEqual(batch);
  });

  it('reads a batch that starts inside a larger buffer', () => {
    const padded = Buffer.concat([Buffer.alloc(3), bytes, Buffer.alloc(5)]);
    expect(decodeAuditBatch(padded.subarray(3, 3 + bytes.length))).toEqual(batch);
  });

  const record = AuditHeader.SIZE;
  it.each([
    ['magic', patched(AuditHeader.magic, 1), /magic is/],
    ['version', patched(AuditHeader.formatVersion, 4), /format version is 4, not 3/],
    ['reserved', patched(AuditHeader.reserved, 1), /reserved field is 1/],
    ['sequence 0', patched(AuditHeader.firstSeq, 0), /first sequence number is 0/],
    ['sequence overflow', patched(AuditHeader.firstSeq + 7, 0xff), /too large/],
    ['dropped overflow', patched(AuditHeader.dropped + 7, 0xff), /count `dropped` is/],
    ['no records', patched(AuditHeader.count, 0), /it has no records/],
    ['a record less', patched(AuditHeader.count, 2), /bytes follow the last record/],
    ['a record more', patched(AuditHeader.count, 4), /record 3 is cut: 0 of at least 80 bytes/],
    ['a trailing byte', Buffer.concat([bytes, Buffer.of(0)]), /total length is/],
    ['record past the end', patched(record + At.recordLen + 2, 1), /record 0 of \d+ bytes is cut/],
    ['record of no length', patched(record + At.recordLen, 0, 0), /says 0 bytes where/],
    ['verdict', patched(record + At.verdict, 6), /record 0 has the unknown verdict 6/],
    ['reason', patched(record + At.reason, 99), /unknown reason 99/],
    ['band', patched(record + At.band, 4), /unknown band 4/],
    ['direction', patched(record + At.direction, 2), /unknown direction 2/],
    ['body reason', patched(record + At.bodyReason, 200), /unknown body reason 200/],
    ['flags', patched(record + At.flags, 16), /unknown flags 16/],
    ['reserved', patched(record + At.reserved2 + 3, 1), /set bits in reserved byte 79/],
    ['time', patched(record + At.timeMs + 7, 0xff), /has the time/],
    ['long source', patched(record + At.sourceLen + 1, 3), /source of \d+ bytes, 512 are allowed/],
    ['long method', patched(record + At.methodLen, 33), /method of 33 bytes, 32 are allowed/],
  ])('refuses a bad %s', (_name, bad, reason) => {
    expect(() => decodeAuditBatch(bad)).toThrow(reason);
  });

  it('refuses padding that is not zero', () => {
    const short = sampleRecord({ source: '', rule: '', method: 'GET', path: '/a' });
    const padded = Uint8Array.from(encodeBatch({ ...batch, records: [short] }));
    padded[padded.length - 1] = 1;
    expect(() => decodeAuditBatch(padded)).toThrow('record 0 has set bits in reserved byte 87');
  });

  it('refuses every prefix', () => {
    for (let end = 0; end < bytes.length; end++) {
      expect(() => decodeAuditBatch(bytes.subarray(0, end))).toThrow(DtaError);
    }
  });

  it('throws nothing but DtaError and loses no text of what it accepts', () => {
    const flip = fc.record({ at: fc.nat(bytes.length - 1), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(flip, { minLength: 1, maxLength: 3 }), (flips) => {
        const copy = Uint8Array.from(bytes);
        for (const { at, value } of flips) copy[at] = value;
        let decoded: AuditBatch;
        try {
          decoded = decodeAuditBatch(copy);
        } catch (error) {
          expect(error).toBeInstanceOf(DtaError);
          return;
        }
        expect(encodeBatch(decoded).length).toBeGreaterThanOrEqual(copy.length);
      }),
      { numRuns: 2_000 },
    );
  });
});

it('joins VM and decision to one id of fixed width', () => {
  expect(decisionId({ vmId: '00ff00ff12345678', decision: 255n })).toBe(
    '00ff00ff12345678-00000000000000ff',
  );
});
