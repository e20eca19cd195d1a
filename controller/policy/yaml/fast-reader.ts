/**
 * Reads the common forms of YAML and all of JSON many times faster than the library, and in a fraction of its memory. Anchors, tags,
 * tabs, odd numbers and whatever looks like a mistake end in `Unsure`: then the library reads the document. Where this
 * reader gives values they are those of the library; a property test holds the two against each other.
 */
import type { Scalar } from 'yaml';
import { readBlockText } from './block-text.ts';
import {
  APOSTROPHE,
  BAR,
  CARRIAGE_RETURN,
  CLOSE_LIST,
  CLOSE_MAP,
  COLON,
  COMMA,
  DASH,
  GREATER,
  HASH,
  isBlank,
  LINE_FEED,
  OPEN_LIST,
  OPEN_MAP,
  QUOTE,
} from './characters.ts';
import { Cursor } from './cursor.ts';
import { DEPTH_MAX, tooDeep } from './limits.ts';
import { Places } from './places.ts';
import { checkPlainStart, readPlainLines, scanPlain, takePlain } from './plain-text.ts';
import { plainValue } from './plain-value.ts';
import { readQuoted } from './quoted-text.ts';
import type { ReadDocument } from './read-document.ts';
import { Unsure } from './unsure.ts';

/**
 * Reads the document that `text` has from `start` to `end`, without its `---`. Undefined when it is empty. Throws `Unsure`
 * or `OverLimit`.
 */
export function readFast(text: string, start: number, end: number): ReadDocument | undefined {
  return new FastReader(text, start, end).read();
}

class FastReader {
  readonly #cursor: Cursor;
  readonly #places = new Places();
  #depth = 0;
  #flowLevel = 0;
  // Of the key that `#scanKey` found last.
  #key = '';

  constructor(text: string, start: number, end: number) {
    this.#cursor = new Cursor(text, start, end);
  }

  read(): ReadDocument | undefined {
    const cursor = this.#cursor;
    cursor.toContent();
    if (cursor.column < 0) return undefined;
    const raw = this.#block(-1);
    if (cursor.column >= 0) throw new Unsure('unexpected text', cursor.at);
    return placed(raw, this.#places, cursor.text);
  }

  // A value whose first character is at the cursor, inside something at column `parent`. Ends at the next content.
  #block(parent: number): unknown {
    const cursor = this.#cursor;
    const { code } = cursor;
    if (code === DASH && isBlank(cursor.text.charCodeAt(cursor.at + 1))) {
      return this.#sequence(cursor.column);
    }
    if (code === OPEN_LIST || code === OPEN_MAP || code === BAR || code === GREATER) {
      return this.#inline(parent);
    }
    const { at, column } = cursor;
    if (this.#scanKey()) return this.#mapping(column, at);
    cursor.at = at;
    return this.#inline(parent);
  }

  #mapping(column: number, start: number): Record<string, unknown> {
    const cursor = this.#cursor;
    const row = this.#enter(start);
    const map: Record<string, unknown> = {};
    let keyStart = start;
    for (;;) {
      const key = this.#key;
      this.#addKey(map, key, keyStart);
      map[key] = this.#valueOfKey(column);
      if (cursor.column < column) break;
      keyStart = cursor.at;
      if (cursor.column > column || !this.#scanKey()) throw new Unsure('indentation', keyStart);
    }
    this.#leave(row);
    return map;
  }

  #addKey(map: Record<string, unknown>, key: string, start: number): void {
    // A key that stands twice is the library's to report.
    if (Object.hasOwn(map, key)) throw new Unsure(`a second key \`${key}\``, start);
    if (key === '__proto__') throw new Unsure(`key \`${key}\``, start);
    this.#places.key(key, start);
  }

  #valueOfKey(column: number): unknown {
    const cursor = this.#cursor;
    if (!this.#isRestEmpty()) return this.#inline(column);
    const place = cursor.at;
    cursor.endLine();
    const isList = cursor.column === column && this.#isItem();
    if (cursor.column > column || isList) return this.#block(column);
    return this.#nothing(place);
  }

  #sequence(column: number): unknown[] {
    const cursor = this.#cursor;
    const row = this.#enter(cursor.at);
    const items: unknown[] = [];
    do {
      cursor.at++;
      if (this.#isRestEmpty()) {
        const place = cursor.at;
        cursor.endLine();
        items.push(cursor.column > column ? this.#block(column) : this.#nothing(place));
      } else {
        cursor.column = cursor.at - cursor.lineStart;
        items.push(this.#block(column));
      }
    } while (cursor.column === column && this.#isItem());
    if (cursor.column > column) throw new Unsure('indentation', cursor.at);
    this.#leave(row);
    return items;
  }

  // A value that begins on this line and is no map or list in block style.
  #inline(parent: number): unknown {
    const cursor = this.#cursor;
    const { code } = cursor;
    const start = cursor.at;
    if (code === BAR || code === GREATER) {
      this.#places.open(start);
      if (parent < 0) throw new Unsure('a document that is one text', start);
      return readBlockText(cursor, parent);
    }
    let value: unknown;
    if (code === OPEN_LIST) value = this.#flowList(parent);
    else if (code === OPEN_MAP) value = this.#flowMap(parent);
    else if (parent < 0) throw new Unsure('a document that is one text', start);
    else if (this.#isQuote(code)) {
      this.#places.open(start);
      value = readQuoted(cursor, parent);
    } else {
      this.#places.open(start);
      value = plainValue(readPlainLines(cursor, parent), start);
    }
    cursor.endLine();
    return value;
  }

  #nothing(at: number): null {
    this.#places.open(at);
    return null;
  }

  // True when a key and its colon stand at the cursor, which is then behind the colon.
  #scanKey(): boolean {
    const cursor = this.#cursor;
    const start = cursor.at;
    if (this.#isQuote(cursor.code)) {
      this.#key = readQuoted(cursor, Number.POSITIVE_INFINITY);
      cursor.skipSpaces();
      if (cursor.code !== COLON) return false;
      if (!isBlank(cursor.text.charCodeAt(cursor.at + 1))) throw new Unsure('a key', start);
    } else {
      checkPlainStart(cursor, false);
      if (scanPlain(cursor, false) !== 'colon') return false;
      this.#key = this.#plainKey(start);
    }
    this.#checkKeyLength(start);
    cursor.at++;
    return true;
  }

  #plainKey(start: number): string {
    const key = takePlain(this.#cursor, start);
    if (!plainKeyShape.test(key) || typeof plainValue(key, start) !== 'string') {
      throw new Unsure(`key \`${key}\``, start);
    }
    return key;
  }

  // The library takes a key of up to 1024 characters.
  #checkKeyLength(start: number): void {
    if (this.#cursor.at - start > KEY_LENGTH_MAX) throw new Unsure('a long key', start);
  }

  #flowList(parent: number): unknown[] {
    const cursor = this.#cursor;
    const row = this.#enter(cursor.at);
    const items: unknown[] = [];
    this.#flowLevel++;
    cursor.at++;
    for (;;) {
      this.#toFlowContent(parent);
      if (cursor.code === CLOSE_LIST) break;
      items.push(this.#flowValue(parent));
      this.#toFlowContent(parent);
      if (cursor.code === COMMA) cursor.at++;
      else if (cursor.code !== CLOSE_LIST) throw new Unsure('a list that goes on so', cursor.at);
    }
    cursor.at++;
    this.#flowLevel--;
    this.#leave(row);
    return items;
  }

  #flowMap(parent: number): Record<string, unknown> {
    const cursor = this.#cursor;
    const row = this.#enter(cursor.at);
    const map: Record<string, unknown> = {};
    this.#flowLevel++;
    cursor.at++;
    for (;;) {
      this.#toFlowContent(parent);
      if (cursor.code === CLOSE_MAP) break;
      this.#flowPair(map, parent);
      this.#toFlowContent(parent);
      if (cursor.code === COMMA) cursor.at++;
      else if (cursor.code !== CLOSE_MAP) throw new Unsure('a map that goes on so', cursor.at);
    }
    cursor.at++;
    this.#flowLevel--;
    this.#leave(row);
    return map;
  }

  #toFlowContent(parent: number): void {
    this.#cursor.toFlowContent(parent, this.#flowLevel === 1);
  }

  #flowPair(map: Record<string, unknown>, parent: number): void {
    const cursor = this.#cursor;
    const start = cursor.at;
    let key: string;
    if (this.#isQuote(cursor.code)) {
      key = readQuoted(cursor, Number.POSITIVE_INFINITY);
      cursor.skipSpaces();
      if (cursor.code !== COLON) throw new Unsure('a key without a value', start);
    } else {
      checkPlainStart(cursor, true);
      if (scanPlain(cursor, true) !== 'colon') throw new Unsure('a key without a value', start);
      key = this.#plainKey(start);
    }
    this.#checkKeyLength(start);
    cursor.at++;
    this.#addKey(map, key, start);
    this.#toFlowContent(parent);
    map[key] = this.#flowValue(parent);
  }

  #flowValue(parent: number): unknown {
    const cursor = this.#cursor;
    const { code, at: start } = cursor;
    if (code === OPEN_LIST) return this.#flowList(parent);
    if (code === OPEN_MAP) return this.#flowMap(parent);
    this.#places.open(start);
    if (this.#isQuote(code)) return readQuoted(cursor, parent);
    checkPlainStart(cursor, true);
    if (scanPlain(cursor, true) === 'colon') throw new Unsure('a `: ` here', cursor.at);
    return plainValue(takePlain(cursor, start), start);
  }

  #enter(start: number): number {
    if (++this.#depth > DEPTH_MAX) throw tooDeep(start);
    return this.#places.open(start);
  }

  #leave(row: number): void {
    this.#depth--;
    this.#places.close(row);
  }

  // Nothing but a comment is left on this line.
  #isRestEmpty(): boolean {
    const cursor = this.#cursor;
    cursor.skipSpaces();
    const { code } = cursor;
    return (
      Number.isNaN(code) ||
      code === LINE_FEED ||
      code === CARRIAGE_RETURN ||
      (code === HASH && cursor.isAfterSpace())
    );
  }

  #isQuote(code: number): boolean {
    return code === QUOTE || code === APOSTROPHE;
  }

  #isItem(): boolean {
    const cursor = this.#cursor;
    return cursor.code === DASH && isBlank(cursor.text.charCodeAt(cursor.at + 1));
  }
}

function placed(raw: unknown, places: Places, text: string): ReadDocument {
  return {
    raw,
    find: (path) => places.find(path),
    scalarAt: (path) => {
      const value = valueAt(raw, path);
      if (typeof value !== 'string') return undefined;
      const start = places.find(path).value;
      return { value, type: styles.get(text.charAt(start)) ?? 'PLAIN', start };
    },
  };
}

// Stops where `Places.find` does: at the last value that is there.
function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let value = raw;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) break;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

const styles = new Map<string, Scalar['type']>([
  ['"', 'QUOTE_DOUBLE'],
  ["'", 'QUOTE_SINGLE'],
  ['|', 'BLOCK_LITERAL'],
  ['>', 'BLOCK_FOLDED'],
]);
const KEY_LENGTH_MAX = 1000;
// Other keys (numbers, merge keys) are left to the library.
const plainKeyShape = /^[A-Za-z_$/.]/;
