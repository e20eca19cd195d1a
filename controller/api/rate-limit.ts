/**
 * How often one address may try something: a token bucket for each, with a bound on how many are
 * remembered.
 */
import type { Clock } from '../clock.ts';

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

/** Counts attempts by a key such as the caller's address. */
export class RateLimit {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #clock: Clock;
  /** In order of last use, oldest first. */
  readonly #buckets = new Map<string, Bucket>();

  /** `burst` attempts at once, then `perSecond` of them a second. */
  constructor(burst: number, perSecond: number, clock: Clock) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  /** True when one more attempt is in order; it is counted. */
  allows(key: string): boolean {
    const nowMs = this.#clock();
    const bucket = this.#buckets.get(key) ?? { tokens: this.#burst, filledAtMs: nowMs };
    const gained = (Math.max(0, nowMs - bucket.filledAtMs) / 1_000) * this.#perSecond;
    bucket.tokens = Math.min(this.#burst, bucket.tokens + gained);
    bucket.filledAtMs = nowMs;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > mostKeys) this.#forgetOldest();
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #forgetOldest(): void {
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}

const mostKeys = 10_000;
