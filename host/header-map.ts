/** Header maps as Envoy keeps them, and their encoding for the ABI. */

/** Pairs as a caller writes them; strings stand for their UTF-8. */
export type HeaderInput = readonly (readonly [string | Uint8Array, string | Uint8Array])[];

interface Entry {
  name: string;
  value: Uint8Array;
}

/** An ordered multimap; names are compared without case and kept in lower case, values are bytes. */
export class HeaderMap {
  #entries: Entry[] = [];

  constructor(pairs: HeaderInput = []) {
    for (const [name, value] of pairs) this.add(name, value);
  }

  /** Number of pairs. */
  get size(): number {
    return this.#entries.length;
  }

  /** Adds a pair beside those of the same name. */
  add(name: string | Uint8Array, value: string | Uint8Array): void {
    this.#entries.push({ name: lowerName(name), value: toBytes(value) });
  }

  /** Sets a pair in place of those of the same name. */
  replace(name: string | Uint8Array, value: string | Uint8Array): void {
    const key = lowerName(name);
    const first = this.#entries.findIndex((entry) => entry.name === key);
    if (first < 0) {
      this.add(name, value);
      return;
    }
    this.#entries = this.#entries.filter((entry, at) => entry.name !== key || at === first);
    const kept = this.#entries[first];
    if (kept) kept.value = toBytes(value);
  }

  /** Removes every pair of a name. */
  remove(name: string | Uint8Array): void {
    const key = lowerName(name);
    this.#entries = this.#entries.filter((entry) => entry.name !== key);
  }

  /** The first value of a name, as text. */
  value(name: string): string | undefined {
    const found = this.#entries.find((entry) => entry.name === name);
    return found && Buffer.from(found.value).toString();
  }

  /** The first value of a name, as it is. */
  bytes(name: string): Uint8Array | undefined {
    return this.#entries.find((entry) => entry.name === name)?.value;
  }

  /** All pairs as text, in order. */
  toPairs(): [string, string][] {
    return this.#entries.map(({ name, value }) => [
      Buffer.from(name, 'latin1').toString(),
      Buffer.from(value).toString(),
    ]);
  }

  /** The ABI's encoding: count, lengths, then names and values that end in NUL; no bytes for no pairs. */
  encode(): Uint8Array {
    if (this.#entries.length === 0) return new Uint8Array();
    const parts = this.#entries.flatMap(({ name, value }) => [Buffer.from(name, 'latin1'), value]);
    const head = 4 + 4 * parts.length;
    const encoded = Buffer.alloc(parts.reduce((sum, part) => sum + part.length + 1, head));
    encoded.writeUInt32LE(this.#entries.length, 0);
    let at = head;
    parts.forEach((part, index) => {
      encoded.writeUInt32LE(part.length, 4 + 4 * index);
      encoded.set(part, at);
      at += part.length + 1;
    });
    return encoded;
  }

  /** Reads that encoding; undefined when it is malformed. */
  static decode(encoded: Uint8Array): HeaderMap | undefined {
    const map = new HeaderMap();
    if (encoded.length === 0) return map;
    if (encoded.length < 4) return undefined;
    const view = Buffer.from(encoded);
    const count = view.readUInt32LE(0);
    let at = 4 + 8 * count;
    if (at > view.length) return undefined;
    for (let index = 0; index < count; index++) {
      const nameEnd = at + view.readUInt32LE(4 + 8 * index);
      const valueEnd = nameEnd + 1 + view.readUInt32LE(8 + 8 * index);
      if (valueEnd + 1 > view.length) return undefined;
      map.add(view.subarray(at, nameEnd), view.subarray(nameEnd + 1, valueEnd));
      at = valueEnd + 1;
    }
    return map;
  }
}

function toBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : new Uint8Array(value);
}

/** One character per byte, so that names which are not UTF-8 survive. */
function lowerName(name: string | Uint8Array): string {
  return Buffer.from(toBytes(name))
    .toString('latin1')
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
