/** Compares this host's clock with the controller's: certificates are good from a time to a time. */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';

/** Remembers the last difference, and raises the alarm when it gets too big. */
export class ClockComparison {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onSkew: (skewMs: number) => void;
  #skewMs: number | undefined;
  #isFar = false;

  /** `onSkew` hears each measurement. */
  constructor(clock: Clock, log: Log, onSkew: (skewMs: number) => void) {
    this.#clock = clock;
    this.#log = log;
    this.#onSkew = onSkew;
  }

  /** How far this host is ahead, in milliseconds, to a second; undefined: not measured yet. */
  get skewMs(): number | undefined {
    return this.#skewMs;
  }

  /** Takes the `Date` header of an answer. */
  compare(date: string | undefined): void {
    const theirsMs = Date.parse(date ?? '');
    if (Number.isNaN(theirsMs)) return;
    const skewMs = Math.round((this.#clock() - theirsMs) / 1000) * 1000;
    this.#skewMs = skewMs;
    this.#onSkew(skewMs);
    const isFar = Math.abs(skewMs) > mostSkewMs;
    if (isFar && !this.#isFar) {
      const seconds = Math.abs(skewMs) / 1000;
      const way = skewMs > 0 ? 'ahead of' : 'behind';
      const what = `this host's clock is ${seconds} s ${way} the controller's`;
      this.#log.error({ skewMs }, `${what}: certificates are refused beyond five minutes`);
    } else if (!isFar && this.#isFar) this.#log.info({ skewMs }, 'the clocks agree again');
    this.#isFar = isFar;
  }
}

/** Certificates are good from five minutes before they were signed; a second is lost to rounding. */
const mostSkewMs = 5 * 60_000 + 1_000;
