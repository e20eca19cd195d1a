/** An alarm that rings when a test says so, and lets the test wait until somebody waits. */
import type { Alarm } from './alarm.ts';

interface Pending {
  readonly delayMs: number;
  readonly ring: () => void;
}

/** Give `alarm` to what is tested. */
export class RungAlarm {
  #pending: Pending[] = [];
  #watchers: (() => void)[] = [];
  readonly delays: number[] = [];

  readonly alarm: Alarm = (delayMs, ring) => {
    const pending = { delayMs, ring };
    this.#pending.push(pending);
    this.delays.push(delayMs);
    for (const watcher of this.#watchers.splice(0)) watcher();
    return () => {
      this.#pending = this.#pending.filter((other) => other !== pending);
    };
  };

  /** Waits until an alarm with a delay in the range is set, rings it and gives its delay. */
  async ringNext(atLeastMs = 0, atMostMs = Number.POSITIVE_INFINITY): Promise<number> {
    for (;;) {
      const next = this.#pending.find(({ delayMs }) => delayMs >= atLeastMs && delayMs <= atMostMs);
      if (next) {
        this.#pending = this.#pending.filter((other) => other !== next);
        next.ring();
        return next.delayMs;
      }
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }
}
