/** Cuts a condition into tokens of the Common Expression Language. */
import { Problem, quoted } from '../problem.ts';
import type { NumberLiteral, TextLiteral } from './expression.ts';
import { readNumber } from './number-literal.ts';
import { unescapeText } from './string-literal.ts';

/** A token; `end` is the place behind it. Keywords `true`, `false`, `null` and `in` are signs. */
export type Token =
  | { readonly kind: 'sign'; readonly at: number; readonly end: number; readonly sign: string }
  | { readonly kind: 'word'; readonly at: number; readonly end: number; readonly word: string }
  | {
      readonly kind: 'literal';
      readonly at: number;
      readonly end: number;
      readonly literal: Literal;
    }
  /** Bytes, `b"..."`: read, so that the rest can be, and refused by their reader. */
  | { readonly kind: 'bytes'; readonly at: number; readonly end: number }
  | { readonly kind: 'end'; readonly at: number; readonly end: number };

type Literal = TextLiteral | NumberLiteral;

/** Gives the tokens of a text one after the other. Wrong literals are kept as problems, and read as empty ones. */
export class Tokenizer {
  readonly source: string;
  readonly problems: Problem[] = [];
  #at = 0;

  constructor(source: string) {
    this.source = source;
  }

  /** The next token. Throws Problem at characters that start none. */
  next(): Token {
    this.#skipBlanks();
    const at = this.#at;
    const code = this.source.charCodeAt(at);
    if (Number.isNaN(code)) return { kind: 'end', at, end: at };
    if (isWordStart(code)) return this.#word(at);
    if (isDigit(code) || (code === DOT && isDigit(this.source.charCodeAt(at + 1)))) {
      return this.#number(at);
    }
    if (code === DOUBLE_QUOTE || code === SINGLE_QUOTE) return this.#text(at, at, false, false);
    return this.#sign(at);
  }

  #skipBlanks(): void {
    const code = this.source.charCodeAt(this.#at);
    if (code > SPACE && code !== SLASH) return;
    blanks.lastIndex = this.#at;
    if (blanks.test(this.source)) this.#at = blanks.lastIndex;
  }

  #word(at: number): Token {
    let end = at + 1;
    while (isWordPart(this.source.charCodeAt(end))) end++;
    const word = this.source.slice(at, end);
    const quote = this.source.charCodeAt(end);
    if (
      (quote === DOUBLE_QUOTE || quote === SINGLE_QUOTE) &&
      /^(?:[rR]?[bB]|[bB]?[rR])$/.test(word)
    ) {
      return this.#text(at, end, /r/i.test(word), /b/i.test(word));
    }
    this.#at = end;
    return keywords.has(word)
      ? { kind: 'sign', at, end, sign: word }
      : { kind: 'word', at, end, word };
  }

  #number(at: number): Token {
    const literal = readNumber(this.source, at);
    const end = at + literal.written.length;
    this.#at = end;
    if (isWordPart(this.source.charCodeAt(end))) {
      throw new Problem('a name starts right behind a number', 'names start with a letter', end);
    }
    if (literal.problem !== undefined) this.problems.push(literal.problem);
    const { value, isExact, written } = literal;
    return { kind: 'literal', at, end, literal: { kind: 'number', at, value, isExact, written } };
  }

  #text(at: number, quoteAt: number, isRaw: boolean, isBytes: boolean): Token {
    const quote = this.source.charAt(quoteAt);
    const isLong = this.source.startsWith(quote.repeat(3), quoteAt);
    const bodyAt = quoteAt + (isLong ? 3 : 1);
    const bodyEnd = this.#textEnd(bodyAt, isLong ? quote.repeat(3) : quote, isRaw);
    if (bodyEnd < 0) {
      throw new Problem(
        'string has no end',
        `close it with ${isLong ? quote.repeat(3) : quote}`,
        at,
      );
    }
    const end = bodyEnd + (isLong ? 3 : 1);
    this.#at = end;
    if (isBytes) return { kind: 'bytes', at, end };
    const body = this.source.slice(bodyAt, bodyEnd);
    const value = isRaw ? body : unescapeText(body, bodyAt);
    if (value instanceof Problem) this.problems.push(value);
    const text = value instanceof Problem ? '' : value;
    return { kind: 'literal', at, end, literal: { kind: 'text', at, value: text, bodyAt, isRaw } };
  }

  #textEnd(start: number, quote: string, isRaw: boolean): number {
    for (let at = start; at < this.source.length; at++) {
      const code = this.source.charCodeAt(at);
      if (code === BACKSLASH && !isRaw) at++;
      else if (quote.length === 1 && (code === NEW_LINE || code === RETURN)) return -1;
      else if (this.source.startsWith(quote, at)) return at;
    }
    return -1;
  }

  #sign(at: number): Token {
    const pair = this.source.slice(at, at + 2);
    const sign = pairs.has(pair) ? pair : this.source.charAt(at);
    this.#at = at + sign.length;
    if (pairs.has(sign) || singles.includes(sign)) {
      return { kind: 'sign', at, end: this.#at, sign };
    }
    const character = String.fromCodePoint(this.source.codePointAt(at) ?? 0);
    const help = doubled.get(sign) ?? 'remove it; texts stand in quotes';
    throw new Problem(`unexpected ${quoted(character)}`, help, at);
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isWordStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

function isWordPart(code: number): boolean {
  return isWordStart(code) || isDigit(code);
}

const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;
const NEW_LINE = 0x0a;
const RETURN = 0x0d;
const DOT = 0x2e;
const SLASH = 0x2f;
const SPACE = 0x20;
const blanks = /(?:[ \t\r\n\f]|\/\/[^\n]*)+/y;
const keywords = new Set(['true', 'false', 'null', 'in']);
const pairs = new Set(['||', '&&', '==', '!=', '<=', '>=']);
const singles = '<>!-+*/%()[]{}.,?:';
const doubled: ReadonlyMap<string, string> = new Map([
  ['&', 'write `&&`'],
  ['|', 'write `||`'],
  ['=', 'write `==`'],
]);
