/** How long work that fails waits before it is tried again. */

/** A second at first, then twice as long each time, a minute at most. */
export class Backoff {
  #nextMs = firstMs;

  /** Another failure: the wait before the next try, in milliseconds. */
  wait(): number {
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(waitMs * 2, longestMs);
    return waitMs;
  }

  /** It went well: the next failure waits a second again. */
  reset(): void {
    this.#nextMs = firstMs;
  }
}

const firstMs = 1_000;
const longestMs = 60_000;
