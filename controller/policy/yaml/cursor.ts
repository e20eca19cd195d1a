/** Walks over the text of one document, line by line. */
import {
  CARRIAGE_RETURN,
  CLOSE_LIST,
  CLOSE_MAP,
  HASH,
  LINE_FEED,
  SPACE,
  TAB,
} from './characters.ts';
import { Unsure } from './unsure.ts';

/** A place in a text; `end` is that of the document. All offsets count UTF-16 units of the file. */
export class Cursor {
  readonly text: string;
  readonly end: number;
  at: number;
  lineStart: number;
  /** Column of the next content, from 0, or -1 at the end; set by `toContent`. */
  column = -1;

  constructor(text: string, start: number, end: number) {
    this.text = text;
    this.end = end;
    this.at = start;
    this.lineStart = start;
  }

  /** The character here, or NaN at the end. */
  get code(): number {
    return this.at < this.end ? this.text.charCodeAt(this.at) : Number.NaN;
  }

  /** From the start of a line to the first character of the next line that has content. */
  toContent(): void {
    for (;;) {
      this.skipSpaces();
      if (this.at >= this.end) {
        this.column = -1;
        return;
      }
      const code = this.code;
      if (code === HASH) this.#skipComment();
      else if (code !== LINE_FEED && code !== CARRIAGE_RETURN) {
        if (code === TAB) throw new Unsure('a tab', this.at);
        this.column = this.at - this.lineStart;
        return;
      }
      this.newLine();
    }
  }

  /** Leaves a line of which nothing but a comment is left, and goes on to the next content. */
  endLine(): void {
    this.skipSpaces();
    if (this.code === HASH && this.isAfterSpace()) this.#skipComment();
    if (this.at < this.end) this.newLine();
    this.toContent();
  }

  /** From a line end to the start of the next line. */
  newLine(): void {
    if (this.at >= this.end) return;
    if (this.code === CARRIAGE_RETURN) this.at++;
    if (this.code !== LINE_FEED) throw new Unsure('unexpected text', this.at);
    this.at++;
    this.lineStart = this.at;
  }

  skipSpaces(): void {
    while (this.at < this.end && this.text.charCodeAt(this.at) === SPACE) this.at++;
  }

  /** A comment needs a space or the start of a line before it. */
  isAfterSpace(): boolean {
    return this.at === this.lineStart || this.text.charCodeAt(this.at - 1) === SPACE;
  }

  /**
   * Skips white space, line ends and comments inside brackets, whose lines stand deeper than column `parent`. Only the end of
   * the `outermost` brackets may stand at that column.
   */
  toFlowContent(parent: number, outermost: boolean): void {
    for (;;) {
      this.skipSpaces();
      const code = this.code;
      if (code === HASH && this.isAfterSpace()) this.#skipComment();
      else if (code !== LINE_FEED && code !== CARRIAGE_RETURN) return;
      this.newLine();
      this.skipSpaces();
      this.#checkFlowIndent(parent, outermost);
    }
  }

  #checkFlowIndent(parent: number, outermost: boolean): void {
    const { code } = this;
    const column = this.at - this.lineStart;
    if (column > parent || code === LINE_FEED || code === CARRIAGE_RETURN) return;
    const isEnd = code === CLOSE_LIST || code === CLOSE_MAP;
    if (!outermost || !isEnd || column < parent) throw new Unsure('indentation', this.at);
  }

  /** End of this line without its line end. */
  lineEnd(): number {
    let end = this.text.indexOf('\n', this.at);
    if (end < 0 || end > this.end) end = this.end;
    return end > this.at && this.text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end;
  }

  #skipComment(): void {
    this.at = this.lineEnd();
  }
}
