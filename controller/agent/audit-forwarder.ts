/** Hands spooled audit batches to the controller, in order, until it has them. */

import { backoffMs } from '../backoff.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Alarm, pause } from './alarm.ts';
import { readBatchHeader } from './audit-batch.ts';
import type { Spool } from './spool.ts';

/** What the forwarder needs. */
export interface AuditForwarderOptions {
  readonly spool: Spool;
  /** Resolves when the controller has stored the batch; DtaError `usage`: it never can. */
  readonly send: (batch: Uint8Array) => Promise<void>;
  readonly alarm: Alarm;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** One loop over one spool. */
export class AuditForwarder {
  readonly #options: AuditForwarderOptions;
  #wake = (): void => undefined;
  #isTold = false;

  constructor(options: AuditForwarderOptions) {
    this.#options = options;
  }

  /** Says that the spool has something new. */
  notify(): void {
    this.#isTold = true;
    this.#wake();
  }

  /**
   * Forwards until the signal is aborted. Batches that the controller cannot read are given up,
   * loudly: they would block all others.
   */
  async run(): Promise<void> {
    const { spool, signal, alarm, random, log } = this.#options;
    const stop = () => this.#wake();
    signal.addEventListener('abort', stop);
    for (let failures = 0; !signal.aborted; ) {
      this.#isTold = false;
      try {
        const batch = await spool.peek();
        if (!batch) {
          await this.#untilTold();
          continue;
        }
        await this.#forward(batch);
        await spool.advance();
        if (failures > 0) log.info({ failures }, 'audit batches go through again');
        failures = 0;
      } catch (error) {
        if (signal.aborted) break;
        failures++;
        log.warn({ err: error, failures, spoolBytes: spool.sizeBytes }, 'audit batches wait');
        await pause(alarm, backoffMs(failures, 500, 30_000, random()), signal);
      }
    }
    signal.removeEventListener('abort', stop);
  }

  async #forward(batch: Uint8Array): Promise<void> {
    try {
      await this.#options.send(batch);
    } catch (error) {
      if (!(error instanceof DtaError) || error.code !== 'usage') throw error;
      const header = readBatchHeader(Buffer.from(batch));
      this.#options.log.error(
        { ...header, err: error },
        'the controller cannot read an audit batch',
      );
    }
  }

  #untilTold(): Promise<void> {
    if (this.#isTold || this.#options.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
