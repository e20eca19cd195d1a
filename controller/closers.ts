/** What has to end with a controller, in the order in which it was begun. */

/** Collects how each part is ended; the last begun is the first to end. */
export class Closers {
  readonly #closers: (() => Promise<void> | void)[] = [];

  /** Has `close` called at the end. */
  add(close: () => Promise<void> | void): void {
    this.#closers.push(close);
  }

  /** Does `work` again and again until the end; keeps no process alive. */
  every(periodMs: number, work: () => void): void {
    const timer = setInterval(work, periodMs);
    timer.unref();
    this.add(() => clearInterval(timer));
  }

  /** Ends everything, once. */
  async close(): Promise<void> {
    for (const each of this.#closers.splice(0).reverse()) await each();
  }
}
