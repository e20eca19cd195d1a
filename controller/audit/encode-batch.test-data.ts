/** Writes audit batches as a filter does, for the tests of what reads them. */
import {
  AuditRecord as At,
  AUDIT_MAGIC,
  AuditHeader,
  Band,
  Direction,
  FORMAT_VERSION,
  Reason,
  Verdict,
} from '../layout.ts';
import type { AuditBatch, AuditRecord } from './model.ts';

/** A record with unremarkable values, changed by `changes`. */
export function sampleRecord(changes: Partial<AuditRecord> = {}): AuditRecord {
  return {
    seq: 1n,
    decision: 7n,
    timeMs: 1_700_000_000_000,
    direction: 'Inbound',
    verdict: 'Allow',
    reason: 'Permitted',
    band: 'Low',
    bundleVersion: 3n,
    stateEpoch: 9n,
    clearance: 5n,
    labels: 2n,
    maskedRequest: 1,
    maskedResponse: 2,
    source:
      'spiffe://mesh.example/env/prod/team/shop/svc/checkout/i/00000000-0000-4000-8000-000000000001',
    rule: 'orders/read',
    method: 'GET',
    path: '/orders/42',
    bodyReason: undefined,
    cutByRevocation: false,
    shadowDiffers: false,
    bodyPassed: false,
    bodyRedacted: false,
    ...changes,
  };
}

/** The bytes of a batch; record sequence numbers follow from `firstSeq`. */
export function encodeBatch(batch: AuditBatch): Uint8Array {
  const records = batch.records.map(encodeRecord);
  const totalLen = AuditHeader.SIZE + records.reduce((sum, record) => sum + record.length, 0);
  const bytes = Buffer.alloc(totalLen);
  bytes.writeUInt32LE(AUDIT_MAGIC, AuditHeader.magic);
  bytes.writeUInt16LE(FORMAT_VERSION, AuditHeader.formatVersion);
  bytes.writeBigUInt64LE(BigInt(`0x${batch.vmId}`), AuditHeader.vmId);
  bytes.writeBigUInt64LE(batch.firstSeq, AuditHeader.firstSeq);
  bytes.writeUInt32LE(records.length, AuditHeader.count);
  bytes.writeUInt32LE(totalLen, AuditHeader.totalLen);
  bytes.writeBigUInt64LE(batch.dropped, AuditHeader.dropped);
  let offset = AuditHeader.SIZE;
  for (const record of records) offset += record.copy(bytes, offset);
  return bytes;
}

function encodeRecord(record: AuditRecord): Buffer {
  const texts = [record.source, record.rule, record.method, record.path].map((t) => Buffer.from(t));
  const used = At.SIZE + texts.reduce((sum, text) => sum + text.length, 0);
  const bytes = Buffer.alloc(Math.ceil(used / 8) * 8);
  bytes.writeUInt32LE(bytes.length, At.recordLen);
  bytes.writeUInt8(Verdict[record.verdict], At.verdict);
  bytes.writeUInt8(Reason[record.reason], At.reason);
  bytes.writeUInt8(Band[record.band], At.band);
  bytes.writeUInt8(Direction[record.direction], At.direction);
  bytes.writeBigUInt64LE(BigInt(record.timeMs), At.timeMs);
  bytes.writeBigUInt64LE(record.decision, At.decision);
  bytes.writeBigUInt64LE(record.bundleVersion, At.bundleVersion);
  bytes.writeBigUInt64LE(record.stateEpoch, At.stateEpoch);
  bytes.writeBigUInt64LE(record.clearance, At.clearance);
  bytes.writeBigUInt64LE(record.labels, At.labels);
  bytes.writeUInt32LE(record.maskedRequest, At.maskedRequest);
  bytes.writeUInt32LE(record.maskedResponse, At.maskedResponse);
  texts.forEach((text, i) => {
    bytes.writeUInt16LE(text.length, At.sourceLen + 2 * i);
  });
  bytes.writeUInt8(record.bodyReason ? Reason[record.bodyReason] : 0, At.bodyReason);
  const flags = [
    record.cutByRevocation,
    record.shadowDiffers,
    record.bodyPassed,
    record.bodyRedacted,
  ].reduce((bits, isSet, i) => bits | (isSet ? 1 << i : 0), 0);
  bytes.writeUInt8(flags, At.flags);
  Buffer.concat(texts).copy(bytes, At.SIZE);
  return bytes;
}
