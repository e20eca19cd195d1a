/** String literals of CEL: their values, and where a character of a value stands. */
import { Problem } from '../problem.ts';
import type { TextLiteral } from './expression.ts';

/** The value of a literal's body. Refuses escapes that CEL does not have; `bodyAt` places them. */
export function unescapeText(body: string, bodyAt: number): string | Problem {
  let value = '';
  let done = 0;
  for (let at = body.indexOf('\\'); at >= 0; at = body.indexOf('\\', done)) {
    const found = readEscape(body, at);
    if (found === undefined) {
      const help = 'escapes are \\n \\t \\" \\\\ and the like, \\xHH, \\uHHHH, \\UHHHHHHHH, \\OOO';
      return new Problem('unknown escape in a string', help, bodyAt + at);
    }
    value += body.slice(done, at) + found.value;
    done = at + found.width;
  }
  return value + body.slice(done);
}

/** Where the unit at `offset` of a literal's value stands in `source`. */
export function placeInText(literal: TextLiteral, offset: number, source: string): number {
  let at = literal.bodyAt;
  if (literal.isRaw) return at + offset;
  for (let seen = 0; seen < offset && at < source.length; ) {
    const found = source.charAt(at) === '\\' ? readEscape(source, at) : undefined;
    seen += found?.value.length ?? 1;
    at += found?.width ?? 1;
  }
  return at;
}

function readEscape(text: string, at: number): { value: string; width: number } | undefined {
  const letter = text.charAt(at + 1);
  const simple = simpleEscapes.get(letter);
  if (simple !== undefined) return { value: simple, width: 2 };
  numberEscape.lastIndex = at + 1;
  const digits = numberEscape.exec(text)?.[0];
  if (digits === undefined) return undefined;
  const isOctal = /^[0-3]/.test(digits);
  const code = isOctal ? Number.parseInt(digits, 8) : Number.parseInt(digits.slice(1), 16);
  const isCharacter = code <= 0x10_ffff && (code < 0xd800 || code > 0xdfff);
  if (!isCharacter) return undefined;
  return { value: String.fromCodePoint(code), width: digits.length + 1 };
}

const numberEscape = /[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}/y;
const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ['?', '?'],
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
]);
