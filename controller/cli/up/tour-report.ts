/** The lines of the tour. */

/** Prints lines and remembers whether all were as expected. */
export class Report {
  failed = 0;
  shown = 0;
  readonly #print: (line: string) => void;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  line(what: string, expected: string, came: string): void {
    const isRight = expected === came;
    this.shown += 1;
    if (!isRight) this.failed += 1;
    const mark = isRight ? 'ok  ' : 'FAIL';
    this.#print(`${mark} ${what.padEnd(58)} expected ${expected.padEnd(30)} came ${came}`);
  }

  /** Something that came, and that a line after it judges. */
  note(text: string): void {
    this.#print(`     ${text}`);
  }

  heading(title: string): void {
    this.#print(`\n${title}`);
  }
}
