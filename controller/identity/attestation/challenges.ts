/** Nonces to be signed: good once, for a minute, and bounded in number. */
import { randomBytes } from 'node:crypto';

import type { Clock } from '../../clock.ts';

/** A nonce as it is given out. */
export interface Challenge {
  /** 32 random bytes, base64url. */
  readonly nonce: string;
  readonly expiresAtMs: number;
}

/** The nonces that are out. In memory: a challenge does not outlive the controller. */
export class Challenges {
  readonly #clock: Clock;
  /** In order of issue; the value is when it ends. */
  readonly #out = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Gives a nonce. Of more than ten thousand the oldest are forgotten: who held them asks again. */
  give(): Challenge {
    const nowMs = this.#clock();
    for (const [nonce, endMs] of this.#out) {
      if (endMs > nowMs && this.#out.size < mostNonces) break;
      this.#out.delete(nonce);
    }
    const nonce = randomBytes(32).toString('base64url');
    const expiresAtMs = nowMs + lifetimeMs;
    this.#out.set(nonce, expiresAtMs);
    return { nonce, expiresAtMs };
  }

  /** True once for each nonce that is out and has not ended. */
  take(nonce: string): boolean {
    const endMs = this.#out.get(nonce);
    this.#out.delete(nonce);
    return endMs !== undefined && endMs > this.#clock();
  }
}

const lifetimeMs = 60_000;
const mostNonces = 10_000;
