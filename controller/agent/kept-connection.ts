/** A connection to the controller that is kept for a while: a handshake costs more than the batch that it is for. */
import { Agent } from 'node:https';

import type { Clock } from '../clock.ts';

/** For one kind of call, one after another. */
export class KeptConnection {
  readonly #clock: Clock;
  #agent: Agent | undefined;
  #identity = '';
  #openedAtMs = 0;

  /** `signal` closes it. */
  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    signal.addEventListener('abort', () => this.#agent?.destroy(), { once: true });
  }

  /**
   * What to connect with; a new one, and the old is closed, when `identity` (certificates and
   * roots) is another, and after a minute: none outlives the certificate that it was opened with by
   * more.
   */
  agentFor(identity: string): Agent {
    const nowMs = this.#clock();
    const isOld = Math.abs(nowMs - this.#openedAtMs) > longestMs;
    if (this.#agent && this.#identity === identity && !isOld) return this.#agent;
    this.#agent?.destroy();
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1 });
    this.#identity = identity;
    this.#openedAtMs = nowMs;
    return this.#agent;
  }
}

const longestMs = 60_000;
