/** Waiting as a dependency, so that tests ring it instead of sleeping. */

/**
 * Calls `ring` once after `delayMs`; the answer calls it off. Never rings before it has returned.
 */
export type Alarm = (delayMs: number, ring: () => void) => () => void;

/** The process's own timers. They keep no process alive. */
export const systemAlarm: Alarm = (delayMs, ring) => {
  const timer = setTimeout(ring, Math.max(0, delayMs));
  timer.unref();
  return () => clearTimeout(timer);
};

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

/** Resolves after `delayMs`, or at once when `signal` is aborted. */
export function pause(alarm: Alarm, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      signal.removeEventListener('abort', done);
      callOff();
      resolve();
    };
    const callOff = alarm(delayMs, done);
    signal.addEventListener('abort', done);
  });
}
