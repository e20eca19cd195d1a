/** Lets others ask for a renewal before its time. */

/** Rung with a time; whoever renews looks at it, and silences it when it is done. */
export class RenewalBell {
  #dueMs: number | undefined;
  #onRing = (): void => undefined;

  /** When a renewal was asked for, in Unix milliseconds; undefined: it was not. */
  get dueMs(): number | undefined {
    return this.#dueMs;
  }

  /** Asks for a renewal at `dueMs`; of several times the earliest counts. */
  ring(dueMs: number): void {
    this.#dueMs = Math.min(dueMs, this.#dueMs ?? dueMs);
    this.#onRing();
  }

  /** The renewal begins. */
  silence(): void {
    this.#dueMs = undefined;
  }

  /** Calls `listener`, in place of the one before, at each ring. */
  listen(listener: () => void): void {
    this.#onRing = listener;
  }
}
