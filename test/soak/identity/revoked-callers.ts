/** Callers that lose their identity: they ask on open connections until they are refused, on a thread of their own. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import type { Credentials } from '../../envoy/client.ts';

/** When (`machineMs`) a connection was refused first. */
export interface Refusal {
  /** Port of the Envoy. */
  readonly port: number;
  readonly kind: 'HTTP/1.1' | 'HTTP/2' | 'gRPC';
  /** Undefined: not within the time. */
  readonly atMs: number | undefined;
  /** When the request was sent that was cut instead of refused, if one was. */
  readonly cutSentMs?: number | undefined;
  /** When the stream that was open on the connection was cut; of gRPC only. */
  readonly cutMs?: number | undefined;
  /** What was wrong: an answer that is neither right nor the refusal, or a right one after a refusal. */
  readonly fault?: string | undefined;
}

/** The thread. */
export class RevokedCallers {
  readonly #worker = new Worker(new URL('./revoked-worker.ts', import.meta.url));

  /** Opens a connection of each kind to each port, which are answered when it returns. */
  async open(identity: Credentials, ports: readonly number[]): Promise<void> {
    this.#worker.postMessage({ kind: 'open', identity, ports });
    await once(this.#worker, 'message');
  }

  /** Begins to ask; resolves when every connection is refused and every stream cut, or after `withinMs`. */
  async poll(withinMs: number): Promise<readonly Refusal[]> {
    this.#worker.postMessage({ kind: 'poll', withinMs });
    const [refusals] = (await once(this.#worker, 'message')) as [Refusal[]];
    return refusals;
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
