/** How long work that fails waits before it is tried again. */

/**
 * How long to wait before attempt number `attempt` (from 1): doubling from `firstMs` to `mostMs`,
 * then reduced by up to a half by `jitter` (0 to 1), so that agents that lost the controller
 * together do not come back together.
 */
export function backoffMs(
  attempt: number,
  firstMs: number,
  mostMs: number,
  jitter: number,
): number {
  const full = Math.min(mostMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full * (1 - jitter / 2));
}

/** A second at first, then twice as long each time, a minute at most. */
export class Backoff {
  #failures = 0;

  /** Another failure: the wait before the next try, in milliseconds. */
  wait(): number {
    this.#failures += 1;
    return backoffMs(this.#failures, firstMs, longestMs, 0);
  }

  /** It went well: the next failure waits a second again. */
  reset(): void {
    this.#failures = 0;
  }
}

const firstMs = 1_000;
const longestMs = 60_000;
