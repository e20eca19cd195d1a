/** Audit records in SQLite. */
import type {
  AuditBatch,
  AuditCounters,
  AuditQuery,
  AuditRecord,
  AuditStore,
  IngestResult,
  StoredAuditRecord,
} from '../audit/model.ts';
import { DtaError } from '../errors.ts';
import { toAuditRecord } from './audit-rows.ts';
import type { Database, Row, SqlValue } from './database.ts';

/** Implements `AuditStore`; a batch is one transaction, on the disk when it is answered. */
export class SqliteAuditStore implements AuditStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async ingest(reporter: string, batch: AuditBatch, receivedAtMs: number): Promise<IngestResult> {
    checkNumbers(batch);
    return this.#db.transaction(() => {
      const vm = this.#vm(reporter, batch.vmId);
      let stored = 0;
      for (const record of batch.records) stored += this.#insert(vm, record, receivedAtMs);
      const [row] = this.#db.bigRows(
        `UPDATE audit_vm SET stored = stored + ?, highest_seq = max(highest_seq, ?),
           dropped = max(dropped, ?)
         WHERE number = ? RETURNING highest_seq - stored AS missing`,
        stored,
        highestSeq(batch),
        batch.dropped,
        vm,
      );
      return { stored, duplicates: batch.records.length - stored, missing: bigintOf(row?.missing) };
    });
  }

  async tail(query: AuditQuery): Promise<StoredAuditRecord[]> {
    const { conditions, values } = conditionsOf(query);
    const isForward = query.afterId !== undefined;
    const rows = this.#db.bigRows(
      `SELECT r.*, v.reporter, v.vm_id FROM audit_record r JOIN audit_vm v ON v.number = r.vm
       ${conditions} ORDER BY r.id ${isForward ? 'ASC' : 'DESC'} LIMIT ?`,
      ...values,
      Math.min(Math.max(1, query.limit), maxTail),
    );
    const records = rows.map(toAuditRecord);
    return isForward ? records : records.reverse();
  }

  async counters(): Promise<AuditCounters> {
    const [row] = this.#db.bigRows(
      `SELECT ifnull(sum(stored), 0) AS stored, ifnull(sum(highest_seq - stored), 0) AS missing,
              ifnull(sum(dropped), 0) AS dropped, count(*) AS vms FROM audit_vm`,
    );
    return {
      stored: bigintOf(row?.stored),
      missing: bigintOf(row?.missing),
      dropped: bigintOf(row?.dropped),
      vms: Number(row?.vms),
    };
  }

  #vm(reporter: string, vmId: string): number {
    const key = [reporter, vmId];
    this.#db.run(
      `INSERT OR IGNORE INTO audit_vm (reporter, vm_id, stored, highest_seq, dropped)
       VALUES (?, ?, 0, 0, 0)`,
      ...key,
    );
    const row = this.#db.row(
      'SELECT number FROM audit_vm WHERE reporter = ? AND vm_id = ?',
      ...key,
    );
    return Number(row?.number);
  }

  #insert(vm: number, record: AuditRecord, receivedAtMs: number): number {
    return this.#db.run(
      `INSERT INTO audit_record (vm, seq, received_at_ms, time_ms, decision, direction, verdict,
         reason, band, bundle_version, state_epoch, clearance, masked_request, masked_response,
         source, rule, method, path, body_reason, cut_by_revocation, shadow_differs,
         labels, body_passed, body_redacted)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (vm, seq) DO NOTHING`,
      ...[vm, record.seq, receivedAtMs, record.timeMs, BigInt.asIntN(64, record.decision)],
      ...[record.direction, record.verdict, record.reason, record.band],
      ...[record.bundleVersion, record.stateEpoch, record.clearance].map((n) =>
        BigInt.asIntN(64, n),
      ),
      ...[record.maskedRequest, record.maskedResponse, record.source, record.rule],
      ...[record.method, record.path, record.bodyReason ?? null],
      ...[record.cutByRevocation, record.shadowDiffers].map(Number),
      BigInt.asIntN(64, record.labels),
      ...[record.bodyPassed, record.bodyRedacted].map(Number),
    );
  }
}

function conditionsOf(query: AuditQuery): { conditions: string; values: SqlValue[] } {
  const given: [string, SqlValue | undefined][] = [
    ['r.id > ?', query.afterId],
    ['r.verdict = ?', query.verdict],
    ['r.source = ?', query.source],
    ['v.reporter = ?', query.reporter],
  ];
  const used = given.filter((pair): pair is [string, SqlValue] => pair[1] !== undefined);
  const conditions = used.map(([condition]) => condition).join(' AND ');
  return {
    conditions: used.length > 0 ? `WHERE ${conditions}` : '',
    values: used.map(([, v]) => v),
  };
}

// Sequence numbers and drops are compared and summed in SQL, whose integers end at 2^63; a true VM
// never comes near.
function checkNumbers(batch: AuditBatch): void {
  const numbers = [batch.firstSeq, batch.dropped, ...batch.records.map((record) => record.seq)];
  if (batch.firstSeq >= 1n && numbers.every((n) => n >= 0n && n <= maxCount)) return;
  throw new DtaError('usage', 'an audit batch has a sequence number out of range', {
    fields: { vmId: batch.vmId },
  });
}

function highestSeq(batch: AuditBatch): bigint {
  let highest = 0n;
  for (const { seq } of batch.records) if (seq > highest) highest = seq;
  return highest;
}

function bigintOf(value: Row[string] | undefined): bigint {
  return typeof value === 'bigint' ? value : 0n;
}

const maxTail = 1000;
/** Small enough that a million VMs with it can still be summed. */
const maxCount = 2n ** 43n;
