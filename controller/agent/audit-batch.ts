/** The header of an audit batch, as far as an agent reads it (docs/formats.md, AuditHeader). */
import { AUDIT_MAGIC, AuditHeader, FORMAT_VERSION } from '../layout.ts';

/** What is logged about a batch. */
export interface BatchHeader {
  /** 16 lower-case hexadecimal digits. */
  readonly vmId: string;
  readonly firstSeq: bigint;
  readonly count: number;
}

/** The header of `batch`; undefined when it is none that a filter of this version posts whole. */
export function readBatchHeader(batch: Buffer): BatchHeader | undefined {
  if (batch.length < AuditHeader.SIZE) return undefined;
  if (batch.readUInt32LE(AuditHeader.magic) !== AUDIT_MAGIC) return undefined;
  if (batch.readUInt16LE(AuditHeader.formatVersion) !== FORMAT_VERSION) return undefined;
  if (batch.readUInt32LE(AuditHeader.totalLen) !== batch.length) return undefined;
  return {
    vmId: batch.readBigUInt64LE(AuditHeader.vmId).toString(16).padStart(16, '0'),
    firstSeq: batch.readBigUInt64LE(AuditHeader.firstSeq),
    count: batch.readUInt32LE(AuditHeader.count),
  };
}
