/** Reads user-defined patterns: regular expressions without anything that would take more than linear time. */
import { Problem, quoted } from '../problem.ts';
import {
  ASCII_UNITS,
  digits,
  noLineEnd,
  spaces,
  type UnitSet,
  unitsFrom,
  unitsOf,
  without,
  wordUnits,
} from './units.ts';

/** A pattern as a tree. `most` undefined is without end. */
export type PatternNode =
  | { readonly kind: 'units'; readonly set: UnitSet }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly parts: readonly PatternNode[] }
  | {
      readonly kind: 'repeat';
      readonly part: PatternNode;
      readonly least: number;
      readonly most: number | undefined;
    };

/** Reads a pattern. */
export function parsePattern(text: string): PatternNode | Problem {
  if (text === '') return new Problem('pattern is empty', 'write for example `ORD-\\d{8}`');
  if (text.length > PATTERN_CHARACTERS_MAX) {
    return new Problem('pattern is too long', `at most ${PATTERN_CHARACTERS_MAX} characters`);
  }
  try {
    return new PatternReader(text).read();
  } catch (error) {
    if (error instanceof Refusal) return error.problem;
    throw error;
  }
}

// Carries a problem out of the nested reads; never leaves this file.
class Refusal extends Error {
  readonly problem: Problem;

  constructor(message: string, help: string, offset: number) {
    super(message);
    this.problem = new Problem(message, help, offset);
  }
}

class PatternReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.#text.length) {
      throw new Refusal('`)` without a group', 'write `\\)` for the character', this.#at);
    }
    return node;
  }

  #choice(): PatternNode {
    const parts = [this.#sequence()];
    while (this.#takes('|')) parts.push(this.#sequence());
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'choice', parts };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.#text.length && !'|)'.includes(this.#next())) {
      parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(part: PatternNode): PatternNode {
    const start = this.#at;
    const bounds = this.#bounds();
    if (bounds === undefined) return part;
    if (/^[?*+{]/.test(this.#text.slice(this.#at))) {
      const help = 'remove one: the longest match is taken, and nothing is tried twice';
      throw new Refusal('two repetitions after each other', help, this.#at);
    }
    if (bounds.most !== undefined && bounds.most < bounds.least) {
      throw new Refusal(
        'repetition ends before it begins',
        'write the smaller number first',
        start,
      );
    }
    if (Math.max(bounds.least, bounds.most ?? 0) > REPEAT_MAX) {
      throw new Refusal('repetition is too large', `at most ${REPEAT_MAX}`, start);
    }
    return { kind: 'repeat', part, ...bounds };
  }

  #bounds(): { least: number; most: number | undefined } | undefined {
    if (this.#takes('?')) return { least: 0, most: 1 };
    if (this.#takes('*')) return { least: 0, most: undefined };
    if (this.#takes('+')) return { least: 1, most: undefined };
    if (this.#next() !== '{') return undefined;
    const match = /^\{([0-9]{1,5})(,)?([0-9]{1,5})?\}/.exec(this.#text.slice(this.#at));
    if (match === null || (match[2] === undefined && match[3] !== undefined)) {
      const help = 'write `{2}`, `{2,}` or `{2,4}`, and `\\{` for the character';
      throw new Refusal('repetition cannot be read', help, this.#at);
    }
    this.#at += match[0].length;
    const least = Number(match[1]);
    if (match[2] === undefined) return { least, most: least };
    return { least, most: match[3] === undefined ? undefined : Number(match[3]) };
  }

  #atom(): PatternNode {
    const start = this.#at;
    const character = this.#next();
    if (character === '(') return this.#group();
    if (character === '[') return { kind: 'units', set: this.#class() };
    if (character === '\\') return { kind: 'units', set: this.#escape(false) };
    this.#at++;
    if (character === '.') return { kind: 'units', set: noLineEnd };
    if ('?*+{'.includes(character)) {
      throw new Refusal(
        `nothing before ${quoted(character)} that could be repeated`,
        `write ${quoted(`\\${character}`)} for the character`,
        start,
      );
    }
    if ('^$'.includes(character)) {
      const help =
        'remove it: a match begins and ends at a word, or anywhere with `partOfWord: true`';
      throw new Refusal(`${quoted(character)} is not supported`, help, start);
    }
    return { kind: 'units', set: this.#literal(character, start) };
  }

  #group(): PatternNode {
    const start = this.#at++;
    const special = /^\?(?!:).?.?/.exec(this.#text.slice(this.#at));
    if (special !== null) {
      const help = 'say what is looked for without it: `(...)` and `(?:...)` only group';
      throw new Refusal(`group ${quoted(`(${special[0]}`)} is not supported`, help, start);
    }
    if (this.#text.startsWith('?:', this.#at)) this.#at += 2;
    if (++this.#depth > DEPTH_MAX) {
      throw new Refusal('groups are nested too deep', `at most ${DEPTH_MAX} deep`, start);
    }
    const node = this.#choice();
    this.#depth--;
    if (!this.#takes(')')) {
      throw new Refusal('group does not end', 'write `)`, or `\\(` for the character', start);
    }
    return node;
  }

  #class(): UnitSet {
    const start = this.#at++;
    const isNegated = this.#takes('^');
    let set = 0n;
    while (this.#next() !== ']') {
      if (this.#at >= this.#text.length) {
        throw new Refusal('class does not end', 'write `]`, or `\\[` for the character', start);
      }
      set |= this.#classItem();
    }
    this.#at++;
    if (set === 0n) throw new Refusal('class is empty', 'name characters in it', start);
    return isNegated ? without(set) : set;
  }

  #classItem(): UnitSet {
    const start = this.#at;
    const first = this.#classUnits();
    const isRange = this.#next() === '-' && !['', ']'].includes(this.#text[this.#at + 1] ?? '');
    if (!isRange) return first;
    this.#at++;
    const last = this.#classUnits();
    const [from, to] = [onlyUnit(first), onlyUnit(last)];
    if (from === undefined || to === undefined) {
      const help = 'a range goes from one character to another; write `\\-` for the hyphen';
      throw new Refusal('range with a class', help, start);
    }
    if (from > to) {
      throw new Refusal('range ends before it begins', 'write the smaller one first', start);
    }
    return unitsFrom(from, to);
  }

  #classUnits(): UnitSet {
    const start = this.#at;
    if (this.#next() === '\\') return this.#escape(true);
    const character = this.#next();
    this.#at++;
    return this.#literal(character, start);
  }

  #escape(inClass: boolean): UnitSet {
    const start = this.#at;
    const letter = this.#text[start + 1] ?? '';
    this.#at += 2;
    const known = classes.get(letter);
    if (known !== undefined) return known;
    if (letter === 'x') {
      const code = /^[0-7][0-9A-Fa-f]/.exec(this.#text.slice(this.#at))?.[0];
      if (code !== undefined) {
        this.#at += 2;
        return 1n << BigInt(Number.parseInt(code, 16));
      }
    }
    if (/^[!-/:-@[-`{-~ ]$/.test(letter)) return unitsOf(letter);
    throw new Refusal(`${quoted(`\\${letter}`)} is not supported`, helpFor(letter, inClass), start);
  }

  #literal(character: string, offset: number): UnitSet {
    const code = character.charCodeAt(0);
    if (code >= ASCII_UNITS) {
      const help =
        'characters outside of ASCII are all the same to a pattern: write `[^\\x00-\\x7f]`, or detect by field name';
      throw new Refusal(`${quoted(character)} is not ASCII`, help, offset);
    }
    if (code < 0x20 || code === 0x7f) {
      throw new Refusal('control character in a pattern', 'write `\\t`, `\\n` or `\\x01`', offset);
    }
    return 1n << BigInt(code);
  }

  #next(): string {
    return this.#text[this.#at] ?? '';
  }

  #takes(character: string): boolean {
    if (this.#next() !== character) return false;
    this.#at++;
    return true;
  }
}

function onlyUnit(set: UnitSet): number | undefined {
  const unit = set.toString(2).length - 1;
  return set === 1n << BigInt(unit) ? unit : undefined;
}

function helpFor(letter: string, inClass: boolean): string {
  if (/[1-9k]/.test(letter)) return 'a pattern cannot refer to what it matched before';
  if ('bB'.includes(letter) && !inClass && letter !== '') {
    return 'remove it: a match begins and ends at a word, or anywhere with `partOfWord: true`';
  }
  if (letter === 'x') return 'write two digits up to `\\x7f`';
  return 'escapes are `\\d \\w \\s \\D \\W \\S \\t \\n \\r \\f \\v \\x41` and those of punctuation';
}

const classes: ReadonlyMap<string, UnitSet> = new Map([
  ['d', digits],
  ['D', without(digits)],
  ['w', wordUnits],
  ['W', without(wordUnits)],
  ['s', spaces],
  ['S', without(spaces)],
  ['t', unitsOf('\t')],
  ['n', unitsOf('\n')],
  ['r', unitsOf('\r')],
  ['f', unitsOf('\f')],
  ['v', unitsOf('\v')],
]);
const PATTERN_CHARACTERS_MAX = 512;
const REPEAT_MAX = 256;
const DEPTH_MAX = 32;
