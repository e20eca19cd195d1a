/**
 * Proxies without an Envoy: each a discovery stream over mutual TLS with a certificate of its own,
 * that acknowledges what it gets. They tell when a state with a revoked UUID arrived.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import type { Credentials } from '../../envoy/client.ts';

/** When (`machineMs`) the state with the UUID came to each proxy, in no order. */
export interface Arrivals {
  readonly atMs: readonly number[];
}

/** Some of them, on threads of their own. */
export class SimulatedProxies {
  readonly #workers: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.#workers = workers;
  }

  /** They have bundle, state and trust when it returns. */
  static async start(port: number, all: readonly Credentials[]): Promise<SimulatedProxies> {
    const share = Math.max(1, Math.ceil(all.length / threads));
    const workers: Worker[] = [];
    for (let first = 0; first < all.length; first += share) {
      const identities = all.slice(first, first + share);
      const worker = new Worker(new URL('./simulated-worker.ts', import.meta.url), {
        workerData: { port, identities },
      });
      await once(worker, 'message');
      workers.push(worker);
    }
    return new SimulatedProxies(workers);
  }

  /** Looks out for a state that revokes `uuid`; resolves when every proxy has it, or after `withinMs` with what there is. */
  async watch(uuid: string, withinMs: number): Promise<Arrivals> {
    const answers = this.#workers.map(async (worker) => {
      worker.postMessage({ uuid, withinMs });
      const [atMs] = (await once(worker, 'message')) as [number[]];
      return atMs;
    });
    return { atMs: (await Promise.all(answers)).flat() };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

const threads = 2;
