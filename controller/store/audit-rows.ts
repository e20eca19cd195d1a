/** Rows of the audit table as the domain's type. */
import type {
  BandName,
  DirectionName,
  ReasonName,
  StoredAuditRecord,
  VerdictName,
} from '../audit/model.ts';
import type { Row } from './database.ts';

/** A row of `audit_record` joined with `audit_vm`, its integers read as bigints. */
export function toAuditRecord(row: Row): StoredAuditRecord {
  return {
    id: Number(row.id),
    reporter: String(row.reporter),
    vmId: String(row.vm_id),
    receivedAtMs: Number(row.received_at_ms),
    seq: unsigned(row.seq),
    decision: unsigned(row.decision),
    timeMs: Number(row.time_ms),
    // Names were checked when the record was decoded, before it was stored.
    direction: String(row.direction) as DirectionName,
    verdict: String(row.verdict) as VerdictName,
    reason: String(row.reason) as ReasonName,
    band: String(row.band) as BandName,
    bundleVersion: unsigned(row.bundle_version),
    stateEpoch: unsigned(row.state_epoch),
    clearance: unsigned(row.clearance),
    labels: unsigned(row.labels),
    maskedRequest: Number(row.masked_request),
    maskedResponse: Number(row.masked_response),
    source: String(row.source),
    rule: String(row.rule),
    method: String(row.method),
    path: String(row.path),
    bodyReason: row.body_reason === null ? undefined : (String(row.body_reason) as ReasonName),
    cutByRevocation: row.cut_by_revocation === 1n,
    shadowDiffers: row.shadow_differs === 1n,
    bodyPassed: row.body_passed === 1n,
    bodyRedacted: row.body_redacted === 1n,
  };
}

// 64-bit numbers of the filter are unsigned; SQLite keeps them as signed ones.
function unsigned(value: Row[string] | undefined): bigint {
  if (typeof value !== 'bigint') throw new TypeError('a number of an audit record is missing');
  return BigInt.asUintN(64, value);
}
