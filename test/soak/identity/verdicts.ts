/** What a soak found: one line for each thing that was measured, with its bound. */

/** A line. */
export interface Finding {
  readonly what: string;
  readonly bound: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** Prints lines as they come and remembers whether a bound was missed. */
export class Verdicts {
  #missed = 0;

  get missed(): number {
    return this.#missed;
  }

  /** One bound. */
  judge({ what, bound, measured, isMet }: Finding): void {
    if (!isMet) this.#missed += 1;
    console.log(`measured: ${what}: ${measured} (bound: ${bound}) ${isMet ? 'met' : 'NOT MET'}`);
  }

  /** Something that belongs to a line and has no bound. */
  note(text: string): void {
    console.log(`          ${text}`);
  }
}

/** Quantiles of some milliseconds. */
export interface Quantiles {
  readonly count: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** The nearest rank above: with 1,000 values, p99 is the 990th. Throws without values. */
export function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  if (sorted.length === 0) throw new Error('nothing was measured');
  return { count: sorted.length, median: at(0.5), p99: at(0.99), max: at(1) };
}

/** As text. */
export function showQuantiles({ count, median, p99, max }: Quantiles): string {
  const ms = (value: number) => value.toFixed(1);
  return `p50 ${ms(median)}, p99 ${ms(p99)}, max ${ms(max)} ms over ${count}`;
}
