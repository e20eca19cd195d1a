/** Open-loop traffic: requests at fixed times whatever becomes of the ones before, on a thread of its own. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import type { FromTraffic, Target, ToTraffic, TrafficReport } from './traffic-messages.ts';

/** The thread, from the outside. */
export class Traffic {
  readonly #worker: Worker;
  /** One question at a time: answers have no numbers. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Starts the thread; `workloadSocket` is the Workload API that it takes its identity from. */
  static async start(workloadSocket?: string): Promise<Traffic> {
    const worker = new Worker(new URL('./traffic-worker.ts', import.meta.url), {
      workerData: { workloadSocket },
    });
    // The first message says that the identity is there; an error rejects.
    await once(worker, 'message');
    return new Traffic(worker);
  }

  /** Requests go to `target` too, in turn with the others. */
  add(target: Target): void {
    this.#send({ kind: 'add', target });
  }

  /** No request goes there any more; those on their way are waited for. */
  async remove(id: string): Promise<void> {
    await this.#ask({ kind: 'remove', id });
  }

  /** So many a second in all, from now on; 0 pauses. */
  rate(perSecond: number): void {
    this.#send({ kind: 'rate', perSecond });
  }

  /** What came of all requests since the last report. */
  async report(): Promise<TrafficReport> {
    return (await this.#ask({ kind: 'report' })).report;
  }

  /** Sends no more, waits for what is on its way, and gives the last report. */
  async stop(): Promise<TrafficReport> {
    const { report } = await this.#ask({ kind: 'stop' });
    await this.#worker.terminate();
    return report;
  }

  #send(message: ToTraffic): void {
    this.#worker.postMessage(message);
  }

  #ask(message: ToTraffic): Promise<FromTraffic> {
    const answer = this.#turn.then(async () => {
      this.#send(message);
      const [first] = (await once(this.#worker, 'message')) as [FromTraffic];
      return first;
    });
    this.#turn = answer.catch(() => undefined);
    return answer;
  }
}

/** One line: `30012 requests, 1000 a second, 0 failed`. */
export function showTraffic(report: TrafficReport): string {
  const { requests, perSecond, failed, handshakes, certificates } = report;
  return `${failed} failed of ${requests} requests at ${perSecond.toFixed(0)} a second, ${handshakes} handshakes, ${certificates} server certificates seen`;
}
