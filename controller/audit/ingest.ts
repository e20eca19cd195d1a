/** Takes audit batches from agents: decodes, stores, and notices what is missing. */
import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { decodeAuditBatch } from './decode-batch.ts';
import type {
  AuditCounters,
  AuditQuery,
  AuditStore,
  IngestResult,
  StoredAuditRecord,
} from './model.ts';

/** What happened to a batch, for metrics. */
export interface IngestObserver {
  onIngest?(event: { reporter: string; stored: number; duplicates: number }): void;
  /** `missing`: sequence numbers of one VM that were found missing since the batch before. */
  onGap?(event: { reporter: string; vmId: string; missing: bigint }): void;
  onRefuse?(event: { reporter: string; reason: string }): void;
}

/** The audit service of a controller. */
export class AuditService {
  readonly #store: AuditStore;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #observer: IngestObserver;
  // Missing records per VM as last logged. A restart forgets it and warns of an old gap once more.
  readonly #missing = new Map<string, bigint>();

  constructor(parts: { store: AuditStore; log: Log; clock: Clock; observer?: IngestObserver }) {
    this.#store = parts.store;
    this.#log = parts.log;
    this.#clock = parts.clock;
    this.#observer = parts.observer ?? {};
  }

  /**
   * Stores one batch; the same batch may come again. `reporter` is the SPIFFE ID in the certificate of the agent.
   *
   * @throws DtaError `usage` when the batch is malformed (sending it again is of no use), else the store's error.
   */
  async ingest(reporter: string, body: Uint8Array): Promise<IngestResult> {
    const batch = this.#decode(reporter, body);
    const result = await this.#store.ingest(reporter, batch, this.#clock());
    this.#observer.onIngest?.({ reporter, ...result });
    this.#noteGap(reporter, batch.vmId, result.missing);
    return result;
  }

  /** Records by query, oldest first. */
  tail(query: AuditQuery): Promise<StoredAuditRecord[]> {
    return this.#store.tail(query);
  }

  counters(): Promise<AuditCounters> {
    return this.#store.counters();
  }

  #decode(reporter: string, body: Uint8Array) {
    try {
      return decodeAuditBatch(body);
    } catch (error) {
      if (error instanceof DtaError) {
        this.#log.warn({ reporter, bytes: body.length, reason: error.message }, 'refused a batch');
        this.#observer.onRefuse?.({ reporter, reason: error.message });
      }
      throw error;
    }
  }

  #noteGap(reporter: string, vmId: string, missing: bigint): void {
    const key = `${reporter} ${vmId}`;
    const before = this.#missing.get(key) ?? 0n;
    if (missing > before) {
      const found = missing - before;
      this.#log.warn({ reporter, vmId, missing: String(found) }, 'audit records are missing');
      this.#observer.onGap?.({ reporter, vmId, missing: found });
    }
    this.#missing.delete(key);
    this.#missing.set(key, missing);
    const [oldest] = this.#missing.keys();
    if (this.#missing.size > vmsMax && oldest !== undefined) this.#missing.delete(oldest);
  }
}

/** VMs whose gaps are remembered, the longest silent one goes first. */
const vmsMax = 10_000;
