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
