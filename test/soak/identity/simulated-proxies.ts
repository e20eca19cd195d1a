/**
 * Proxies without an Envoy: each a discovery stream over mutual TLS with a certificate of its own,
 * that acknowledges what it gets. They tell when a state with a revoked UUID arrived.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { ControllerClient } from '../../../controller/agent/controller-client.ts';
import { join } from '../../../controller/agent/join.ts';
import type { Credentials } from '../../envoy/client.ts';
import type { SoakMesh } from './soak-mesh.ts';

/** When (`machineMs`) the state with the UUID came to each proxy, in no order. */
export interface Arrivals {
  readonly atMs: readonly number[];
}

/** Some of them, on threads of their own. */
export class SimulatedProxies {
  readonly count: number;
  readonly #workers: readonly Worker[];

  private constructor(count: number, workers: readonly Worker[]) {
    this.count = count;
    this.#workers = workers;
  }

  /** They have bundle, state and trust when it returns. */
  static async start(mesh: SoakMesh, count: number, threads = 2): Promise<SimulatedProxies> {
    const share = Math.ceil(count / threads);
    const workers: Worker[] = [];
    for (let left = count; left > 0; left -= share) {
      const identities = await joinMany(mesh, Math.min(share, left));
      const worker = new Worker(new URL('./simulated-worker.ts', import.meta.url), {
        workerData: { port: mesh.xdsPort, identities },
      });
      await once(worker, 'message');
      workers.push(worker);
    }
    return new SimulatedProxies(count, workers);
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

/** Instances of `caller`; eight join at a time. */
export async function joinMany(mesh: SoakMesh, count: number): Promise<Credentials[]> {
  const joined: Credentials[] = [];
  const one = async () => {
    while (joined.length < count) {
      const at = joined.push(none) - 1;
      joined[at] = await joinOne(mesh);
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
  return joined;
}

/** An instance of `caller` with a join token. */
export async function joinOne(mesh: SoakMesh): Promise<Credentials & { instance: string }> {
  const workload = { service: 'caller', environment: 'prod', team: 'shop' };
  const { token } = await mesh.operator.issueIdentity(workload);
  const client = new ControllerClient(mesh.controllerUrl, AbortSignal.timeout(20_000));
  const { instance, chainPem, keyPem, rootPem } = await join(client, token);
  return { instance, chainPem, keyPem, rootPem };
}

const none: Credentials = { chainPem: '', keyPem: '', rootPem: '' };
