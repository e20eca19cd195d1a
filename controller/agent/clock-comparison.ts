/** Compares this host's clock with the controller's: certificates are good from a time to a time. */
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import { clockFaults, showSkew } from './clock-skew.ts';
import type { HostClock } from './controller-client.ts';

/** Remembers the last difference, warns while there is time, and raises the alarm when it gets too big. */
export class ClockComparison implements HostClock {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onSkew: (skewMs: number) => void;
  #skewMs: number | undefined;
  #said: 'nothing' | 'warning' | 'error' = 'nothing';

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

  nowMs(): number {
    return this.#clock();
  }

  compare(date: string | undefined): number | undefined {
    const theirsMs = Date.parse(date ?? '');
    if (Number.isNaN(theirsMs)) return undefined;
    const skewMs = Math.round((this.#clock() - theirsMs) / 1000) * 1000;
    this.#skewMs = skewMs;
    this.#onSkew(skewMs);
    this.#tell(skewMs);
    return skewMs;
  }

  /** Says once, and again when it gets worse, that a clock is wrong. */
  #tell(skewMs: number): void {
    const off = Math.abs(skewMs);
    if (off <= clockFaults.warnMs) {
      if (this.#said !== 'nothing') this.#log.info({ skewMs }, 'the clocks agree again');
      this.#said = 'nothing';
    } else if (off > clockFaults.alarmMs && this.#said !== 'error') {
      this.#said = 'error';
      this.#log.error({ skewMs }, `${showSkew(skewMs)}: certificates are refused`);
    } else if (this.#said === 'nothing') {
      this.#said = 'warning';
      this.#log.warn({ skewMs }, showSkew(skewMs));
    }
  }
}
