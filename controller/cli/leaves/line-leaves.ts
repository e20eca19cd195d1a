/** Values of bodies that are read line by line: NDJSON, CSV, plain text. */
import { jsonLeaves } from './json-leaves.ts';
import { type Leaf, UnlistedBody } from './leaf.ts';

/** Reads one line after another. */
export interface LineLeaves {
  /** The values of a line, without its line break. Throws UnlistedBody. */
  take(line: string): Leaf[];
}

/** A JSON text a line; lines of blanks are none. */
export class JsonLineLeaves implements LineLeaves {
  #record = 0;

  take(line: string): Leaf[] {
    const text = line.startsWith(RECORD_SEPARATOR) ? line.slice(1) : line;
    if (text.trim() === '') return [];
    this.#record += 1;
    return [...jsonLeaves(text, this.#record)];
  }
}

/** A line is a value. */
export class TextLeaves implements LineLeaves {
  #record = 0;

  take(line: string): Leaf[] {
    this.#record += 1;
    const text = line.replace(/\r$/, '');
    if (text.trim() === '') return [];
    return [{ record: this.#record, steps: [], text, raw: text, isNumber: false }];
  }
}

/** Rows under a first line of names (RFC 4180); a quoted field may go over lines. */
export class CsvLeaves implements LineLeaves {
  #names: string[] | undefined;
  #row = 0;
  #open = '';

  take(line: string): Leaf[] {
    const text = this.#open + line.replace(/\r$/, '');
    if (text.length > ROW_CHARACTERS_MAX) throw new UnlistedBody(0);
    const isOpen = (text.split('"').length - 1) % 2 === 1;
    this.#open = isOpen ? `${text}\n` : '';
    if (isOpen || text === '') return [];
    const fields = fieldsOf(text);
    if (this.#names === undefined) {
      this.#names = fields;
      return [];
    }
    this.#row += 1;
    const names = this.#names;
    return fields.map((text, i) => {
      const steps = [names[i] ?? `column ${i + 1}`];
      return { record: this.#row, steps, text, raw: text, isNumber: false };
    });
  }
}

function fieldsOf(row: string): string[] {
  const fields: string[] = [];
  let at = 0;
  while (at <= row.length) {
    field.lastIndex = at;
    const [whole = '', quoted, plain = ''] = field.exec(row) ?? [];
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    at += whole.length + 1;
  }
  return fields;
}

const field = /(?:"((?:[^"]|"")*)"|([^,]*))[^,]*/y;
/** RFC 7464. */
const RECORD_SEPARATOR = '\u001e';
const ROW_CHARACTERS_MAX = 1 << 20;
