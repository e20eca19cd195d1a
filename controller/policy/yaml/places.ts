/** Where the values of a document stand: one flat table in the order of the text, so that big documents stay small. */

import { tooManyValues, VALUES_MAX } from './limits.ts';

/** What stands at a path of keys; offsets count UTF-16 units of the file. */
export interface Found {
  /** Start of the value. */
  readonly value: number;
  /** Start of the nearest key on the way, or undefined where there is none. */
  readonly key: number | undefined;
}

/** Filled by a reader in the order of the text: `open` before a value's children, `close` after them. */
export class Places {
  readonly #starts: number[] = [];
  readonly #keyStarts: number[] = [];
  readonly #keys: (string | undefined)[] = [];
  // Row after the last one inside this value.
  readonly #next: number[] = [];
  readonly #items = new Map<number, number[]>();
  readonly #members = new Map<number, Map<string, number>>();
  #key: string | undefined;
  #keyStart = -1;

  /** The next value is the one of this key. */
  key(key: string, start: number): void {
    this.#key = key;
    this.#keyStart = start;
  }

  /** Adds a value and gives its row, for `close`. Throws `OverLimit` after VALUES_MAX values. */
  open(start: number): number {
    if (this.#starts.length === VALUES_MAX) throw tooManyValues(start);
    const row = this.#starts.push(start) - 1;
    this.#keyStarts.push(this.#keyStart);
    this.#keys.push(this.#key);
    this.#next.push(row + 1);
    this.#key = undefined;
    this.#keyStart = -1;
    return row;
  }

  /** Ends a list or map that `open` began. */
  close(row: number): void {
    this.#next[row] = this.#starts.length;
  }

  /** The value at a path, or the last one on the way that is there. */
  find(path: readonly PropertyKey[]): Found {
    let row = 0;
    let key: number | undefined;
    for (const step of path) {
      const child = this.#child(row, step);
      if (child === undefined) break;
      row = child;
      const keyStart = this.#keyStarts[row] ?? -1;
      if (keyStart >= 0) key = keyStart;
    }
    return { value: this.#starts[row] ?? 0, key };
  }

  #child(row: number, step: PropertyKey): number | undefined {
    const isMap = (this.#keyStarts[row + 1] ?? -1) >= 0;
    return isMap ? this.#membersOf(row).get(String(step)) : this.#itemsOf(row)[Number(step)];
  }

  // Kept, so that looking up each entry of a long list takes no square of its length.
  #itemsOf(row: number): number[] {
    const known = this.#items.get(row);
    if (known !== undefined) return known;
    const items: number[] = [];
    for (let at = row + 1; at < (this.#next[row] ?? 0); at = this.#next[at] ?? 0) items.push(at);
    this.#items.set(row, items);
    return items;
  }

  #membersOf(row: number): Map<string, number> {
    const known = this.#members.get(row);
    if (known !== undefined) return known;
    const members = new Map<string, number>();
    for (const at of this.#itemsOf(row)) members.set(this.#keys[at] ?? '', at);
    this.#members.set(row, members);
    return members;
  }
}
