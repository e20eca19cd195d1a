/** Reads the YAML or JSON documents of a file and knows where each of their values stands. */
import type { PolicyError } from './policy-error.ts';
import type { Origin } from './policy-set.ts';
import { scalarOffset } from './scalar-offset.ts';
import { type DocumentRange, splitDocuments } from './yaml/documents.ts';
import { readFast } from './yaml/fast-reader.ts';
import { FILE_BYTES_MAX, SLOW_MARKS_MAX } from './yaml/limits.ts';
import { LineIndex } from './yaml/line-index.ts';
import { countMarks } from './yaml/marks.ts';
import type { ReadDocument } from './yaml/read-document.ts';
import { readSlow } from './yaml/slow-reader.ts';
import { OverLimit, Unsure } from './yaml/unsure.ts';

/** A file of policies as it was read. */
export interface PolicyFile {
  readonly name: string;
  readonly text: string;
}

/** A document without errors of its syntax. */
export interface PolicyDocument {
  /** Plain values. */
  readonly raw: unknown;
  /** Where the value at a path of keys stands, or the nearest value around it that is there. */
  readonly originOf: (path: readonly PropertyKey[]) => Origin;
  /** Where the key at a path stands. */
  readonly originOfKey: (path: readonly PropertyKey[]) => Origin;
  /** Where the character at `offset` of the string at a path stands, also in block scalars and escapes. */
  readonly originInside: (path: readonly PropertyKey[], offset: number) => Origin;
}

/** What the `yaml` library may still read of a set, in marks of structure (yaml/limits.ts). */
export interface SlowBudget {
  marks: number;
}

/** A fresh budget for a set. */
export function slowBudget(): SlowBudget {
  return { marks: SLOW_MARKS_MAX };
}

/**
 * Gives the documents that could be read one after another, and the errors of those that could not. Empty documents are left
 * out. A document is only kept as long as whoever takes it keeps it.
 */
export function* readPolicyFile(
  file: PolicyFile,
  budget: SlowBudget = slowBudget(),
): Generator<PolicyDocument | PolicyError[]> {
  const bytes = Buffer.byteLength(file.text, 'utf8');
  if (bytes > FILE_BYTES_MAX) {
    const message = `file has ${bytes} bytes, at most ${FILE_BYTES_MAX} are read`;
    const help = 'split it into several files';
    yield [{ file: file.name, line: 1, column: 1, message, help }];
    return;
  }
  yield* new FileReader(file, budget).read();
}

class FileReader {
  readonly #file: PolicyFile;
  readonly #lines: LineIndex;
  readonly #budget: SlowBudget;

  constructor(file: PolicyFile, budget: SlowBudget) {
    this.#file = file;
    this.#lines = new LineIndex(file.text);
    this.#budget = budget;
  }

  *read(): Generator<PolicyDocument | PolicyError[]> {
    const { text } = this.#file;
    const ranges = splitDocuments(text);
    if (ranges === undefined) {
      const what = 'a directive, a `...` line, a byte order mark or a lone carriage return';
      yield* this.#readRest(0, new Unsure(what, 0));
      return;
    }
    for (const range of ranges) {
      const read = this.#readFast(range);
      if (!(read instanceof Unsure)) {
        if (read !== undefined) yield read;
        continue;
      }
      const slow = this.#readAlone(range);
      if (slow === undefined) {
        yield* this.#readRest(range.start, read);
        return;
      }
      yield* slow;
    }
  }

  #readFast(range: DocumentRange): PolicyDocument | PolicyError[] | Unsure | undefined {
    const { start, contentStart, end } = range;
    if (contentStart === undefined) return new Unsure('a value beside `---`', start);
    try {
      const read = readFast(this.#file.text, contentStart, end);
      return read === undefined || read.raw === null ? undefined : this.#placed(read);
    } catch (error) {
      if (error instanceof Unsure) return error;
      if (!(error instanceof OverLimit)) throw error;
      const { message, help, offset } = error;
      return [{ ...this.#placeOf(offset), message, help }];
    }
  }

  // The document, read by the library, or undefined when it has a mistake: that may reach over the next `---`.
  #readAlone({ start, end }: DocumentRange): PolicyDocument[] | undefined {
    if (end === this.#file.text.length || !this.#take(start, end)) return undefined;
    const { documents, problems } = readSlow(this.#file.text, start, end);
    if (problems.length > 0) return undefined;
    return documents.map((document) => this.#placed(document));
  }

  // Everything from `start` on, read by the library as one.
  *#readRest(start: number, reason: Unsure): Generator<PolicyDocument | PolicyError[]> {
    const { text } = this.#file;
    if (!this.#take(start, text.length)) {
      yield [
        {
          ...this.#placeOf(reason.offset),
          message: `not valid YAML, or a form of it that is read in small sets only: ${reason.message}`,
          help: 'check indentation, brackets and quotes around this place; write aliases and tags out',
        },
      ];
      return;
    }
    const { documents, problems } = readSlow(text, start, text.length);
    if (problems.length > 0) {
      yield problems.map(({ offset, message, help }) => ({
        ...this.#placeOf(offset),
        message,
        help,
      }));
    }
    for (const document of documents) yield this.#placed(document);
  }

  #take(start: number, end: number): boolean {
    const marks = countMarks(this.#file.text, start, end);
    if (marks > this.#budget.marks) return false;
    this.#budget.marks -= marks;
    return true;
  }

  #placed({ raw, find, scalarAt }: ReadDocument): PolicyDocument {
    return {
      raw,
      originOf: (path) => this.#placeOf(find(path).value),
      originOfKey: (path) => {
        const { key, value } = find(path);
        return this.#placeOf(key ?? value);
      },
      originInside: (path, offset) => {
        const scalar = scalarAt(path);
        if (scalar === undefined) return this.#placeOf(find(path).value);
        return this.#placeOf(scalarOffset(scalar, this.#file.text, offset));
      },
    };
  }

  #placeOf(offset: number): Origin {
    return { file: this.#file.name, ...this.#lines.placeOf(offset) };
  }
}
