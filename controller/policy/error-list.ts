/** Collects the mistakes of a set, however many there are, and explains the first of them. */
import { compareErrors, comparePlaces, type PolicyError } from './policy-error.ts';
import type { Origin } from './policy-set.ts';

/** A mistake whose text is only made when it is shown. */
export interface PendingError {
  readonly place: Origin;
  readonly explain: () => PolicyError;
}

/** The mistakes so far. */
export class ErrorList {
  readonly #pending: PendingError[] = [];

  /** True when so many were found that looking for more helps nobody. */
  get isFull(): boolean {
    return this.#pending.length >= COLLECTED_MAX;
  }

  /** Adds mistakes that are explained already. */
  add(errors: Iterable<PolicyError>): void {
    for (const error of errors) {
      const { file, line, column } = error;
      this.#pending.push({ place: { file, line, column }, explain: () => error });
    }
  }

  /** Adds mistakes to be explained. */
  addPending(errors: Iterable<PendingError>): void {
    for (const error of errors) this.#pending.push(error);
  }

  /** The first ERRORS_MAX mistakes by file, line and column; one more says how many are left out. */
  finish(): PolicyError[] {
    const sorted = this.#pending.sort((a, b) => comparePlaces(a.place, b.place));
    const shown = sorted
      .slice(0, ERRORS_MAX)
      .map(({ explain }) => explain())
      .sort(compareErrors);
    const next = sorted[ERRORS_MAX];
    if (next === undefined) return shown;
    const left = `${this.isFull ? 'at least ' : ''}${sorted.length - ERRORS_MAX} more`;
    shown.push({
      ...next.place,
      message: `... and ${left}`,
      help: 'mend the mistakes before this one, then check again',
    });
    return shown;
  }
}

/** Mistakes that are told of one set. */
export const ERRORS_MAX = 100;
const COLLECTED_MAX = 10_000;
