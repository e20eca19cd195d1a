/** What the audit domain stores and answers: records, batches, queries and the store's interface. */
import type { Band, Direction, Reason, Verdict } from '../layout.ts';

/** Names of the numbers in a record, as they are stored and shown. */
export type VerdictName = keyof typeof Verdict;
export type ReasonName = keyof typeof Reason;
export type BandName = keyof typeof Band;
export type DirectionName = keyof typeof Direction;

/** One decision of one filter VM. Texts are valid UTF-8 without control characters (`decode-text.ts`). */
export interface AuditRecord {
  /** Sequence number in its VM; the first record of a VM has 1. */
  readonly seq: bigint;
  /** Number of the decision in its VM; with `vmId` it makes the decision id. */
  readonly decision: bigint;
  /** Unix milliseconds of the decision. */
  readonly timeMs: number;
  readonly direction: DirectionName;
  readonly verdict: VerdictName;
  readonly reason: ReasonName;
  readonly band: BandName;
  /** 0: no bundle. */
  readonly bundleVersion: bigint;
  /** 0: no state. */
  readonly stateEpoch: bigint;
  /** Labels granted, one bit each in the order of the bundle's labels. */
  readonly clearance: bigint;
  /** Labels found in headers, parameters and bodies that were looked at, one bit each. */
  readonly labels: bigint;
  /** Values masked in the request. */
  readonly maskedRequest: number;
  /** Values masked in the response. */
  readonly maskedResponse: number;
  /** SPIFFE ID of the source; empty without a readable certificate. */
  readonly source: string;
  /** `policy/rule` that decided; empty when none did. */
  readonly rule: string;
  readonly method: string;
  /** Without query; what labels hide in it is masked. */
  readonly path: string;
  /** Why the stream was stopped in its body, or a body went on otherwise than masked; absent when neither. */
  readonly bodyReason: ReasonName | undefined;
  /** The source was revoked while the stream ran, and the stream was cut. */
  readonly cutByRevocation: boolean;
  /** With the shadow rules the request would have been answered otherwise. */
  readonly shadowDiffers: boolean;
  /** A body could not be read and went on as it came, as the policy declares. */
  readonly bodyPassed: boolean;
  /** A body could not be read and another went on in its place, as the policy declares. */
  readonly bodyRedacted: boolean;
}

/** What one `POST /v1/audit` carries. */
export interface AuditBatch {
  /** 16 lower-case hexadecimal digits, random, drawn once per VM. */
  readonly vmId: string;
  /** Sequence number of `records[0]`. */
  readonly firstSeq: bigint;
  /** Records that this VM has dropped since its start because its ring was full. */
  readonly dropped: bigint;
  readonly records: readonly AuditRecord[];
}

/** A record as the store gives it back. */
export interface StoredAuditRecord extends AuditRecord {
  /** Rising in the order of arrival: the cursor of `tail`. */
  readonly id: number;
  /** SPIFFE ID of the workload whose proxy decided, taken from its agent's certificate. */
  readonly reporter: string;
  readonly vmId: string;
  /** Unix milliseconds of its arrival. */
  readonly receivedAtMs: number;
}

/** Which records `tail` gives. All conditions have to hold; absent ones always do. */
export interface AuditQuery {
  /** Only records with a greater id, oldest first; absent: the newest `limit` records, oldest first. */
  readonly afterId?: number;
  /** At most this many, 1 to 1,000. */
  readonly limit: number;
  readonly verdict?: VerdictName;
  /** Exact SPIFFE ID. */
  readonly source?: string;
  /** Exact SPIFFE ID. */
  readonly reporter?: string;
}

/** What the store did with a batch. */
export interface IngestResult {
  /** Records that were new. */
  readonly stored: number;
  /** Records that were there already and were left as they are. */
  readonly duplicates: number;
  /** Of this VM, after the batch: sequence numbers up to the highest seen that never arrived. */
  readonly missing: bigint;
}

/** Sums over every VM ever seen; not lowered when old records are removed. */
export interface AuditCounters {
  readonly stored: bigint;
  /** Sequence numbers that never arrived: batches lost on the way. */
  readonly missing: bigint;
  /** Dropped in full rings, as the VMs report it. */
  readonly dropped: bigint;
  readonly vms: number;
}

/** Where audit records are kept. */
export interface AuditStore {
  /**
   * Stores what is new in one transaction; the key of a record is (reporter, vmId, seq), so that a workload can never
   * take the place of another's evidence. Per (reporter, vmId) the store keeps the count of records stored, the highest
   * sequence number and the highest `dropped`: `missing` is highest - stored.
   */
  ingest(reporter: string, batch: AuditBatch, receivedAtMs: number): Promise<IngestResult>;
  tail(query: AuditQuery): Promise<StoredAuditRecord[]>;
  counters(): Promise<AuditCounters>;
}

/** The id that a caller sees in a refusal and an operator looks up: VM and decision, 16 hexadecimal digits each. */
export function decisionId(record: Pick<StoredAuditRecord, 'vmId' | 'decision'>): string {
  return `${record.vmId}-${record.decision.toString(16).padStart(16, '0')}`;
}
