/** Values of a JSON text, those of duplicate members too (RFC 8259). */
import { type Leaf, UnlistedBody } from './leaf.ts';

/** Every string, number, `true`, `false` and `null`, in order. Throws UnlistedBody where the text is no JSON. */
export function* jsonLeaves(text: string, record = 0): Generator<Leaf> {
  const walk = new Walk(text);
  const open: Container[] = [];
  for (;;) {
    const raw = walk.value();
    if (raw === '{' || raw === '[') {
      const container = { isObject: raw === '{', key: '', index: 0 };
      if (!walk.takes(raw === '{' ? '}' : ']')) {
        open.push(container);
        if (container.isObject) container.key = walk.member();
        continue;
      }
    } else {
      const text = raw.startsWith('"') ? (JSON.parse(raw) as string) : raw;
      const isNumber = /^[-\d]/.test(raw);
      yield { record, steps: open.map(stepOf), text, raw, isNumber };
    }
    if (!moveOn(walk, open)) break;
  }
  walk.end();
}

interface Container {
  readonly isObject: boolean;
  key: string;
  index: number;
}

function stepOf({ isObject, key, index }: Container): string | number {
  return isObject ? key : index;
}

// To the next value: over a comma, or out of what ends here. False at the end of the text.
function moveOn(walk: Walk, open: Container[]): boolean {
  for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
    if (walk.takes(',')) {
      if (last.isObject) last.key = walk.member();
      else last.index += 1;
      return true;
    }
    walk.need(last.isObject ? '}' : ']');
    open.pop();
  }
  return false;
}

class Walk {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  takes(mark: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== mark) return false;
    this.#at += 1;
    return true;
  }

  need(mark: string): void {
    if (!this.takes(mark)) throw new UnlistedBody(this.#at);
  }

  member(): string {
    const raw = this.value();
    if (!raw.startsWith('"')) throw new UnlistedBody(this.#at);
    this.need(':');
    return JSON.parse(raw) as string;
  }

  /** A whole scalar, or the bracket that opens a container. */
  value(): string {
    this.#skip();
    const start = this.#at;
    const first = this.#text[start];
    if (first === '{' || first === '[') this.#at += 1;
    else if (first === '"') this.#at = this.#stringEnd(start);
    else {
      scalar.lastIndex = start;
      this.#at += scalar.exec(this.#text)?.[0].length ?? 0;
    }
    if (this.#at === start) throw new UnlistedBody(start);
    return this.#text.slice(start, this.#at);
  }

  end(): void {
    this.#skip();
    if (this.#at < this.#text.length) throw new UnlistedBody(this.#at);
  }

  #stringEnd(start: number): number {
    for (let at = start + 1; at < this.#text.length; at++) {
      if (this.#text[at] === '\\') at += 1;
      else if (this.#text[at] === '"') {
        if (isString(this.#text.slice(start, at + 1))) return at + 1;
        break;
      }
    }
    throw new UnlistedBody(start);
  }

  #skip(): void {
    space.lastIndex = this.#at;
    this.#at += space.exec(this.#text)?.[0].length ?? 0;
  }
}

function isString(raw: string): boolean {
  try {
    return typeof JSON.parse(raw) === 'string';
  } catch {
    return false;
  }
}

const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const space = /[ \t\r\n]*/y;
