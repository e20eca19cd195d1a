/** Keeps work that is asked for often from being done too often. */

/** Calls `later` after `ms`; returns how to call it off. */
export type Schedule = (later: () => void, ms: number) => () => void;

/** Does its work at once when it has rested for a period, else once at the end of the period. */
export class Coalescer {
  readonly #work: (sinceMs: number) => void;
  readonly #periodMs: number;
  readonly #schedule: Schedule;
  #cancel: (() => void) | undefined;
  #askedAtMs: number | undefined;

  constructor(work: (sinceMs: number) => void, periodMs: number, schedule: Schedule = onTimer) {
    this.#work = work;
    this.#periodMs = periodMs;
    this.#schedule = schedule;
  }

  /** Asks for the work; `nowMs` of the first one that waits is handed to it. */
  ask(nowMs: number): void {
    this.#askedAtMs ??= nowMs;
    if (!this.#cancel) this.#run();
  }

  /** What waits is not done any more. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#askedAtMs = undefined;
  }

  #run(): void {
    const sinceMs = this.#askedAtMs;
    this.#cancel = undefined;
    if (sinceMs === undefined) return;
    this.#askedAtMs = undefined;
    this.#cancel = this.#schedule(() => this.#run(), this.#periodMs);
    this.#work(sinceMs);
  }
}

/** On a timer, which keeps no process alive. */
export function onTimer(later: () => void, ms: number): () => void {
  const timer = setTimeout(later, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
