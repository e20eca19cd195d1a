/** Finds where a character of a YAML string stands in its file, behind folding, indentation and escapes. */
import type { Scalar } from 'yaml';

/** A string as it is written in a text. */
export interface WrittenScalar {
  readonly value: string;
  readonly type: Scalar['type'];
  /** Offset of its first character: of a quote, of `|` or `>`, or of the text itself. */
  readonly start: number;
}

/**
 * Offset in `source` of the character at `offset` of the scalar's value. Styles differ in white space and escapes only,
 * so the n-th other character of the value is the n-th other character of the source.
 */
export function scalarOffset(scalar: WrittenScalar, source: string, offset: number): number {
  const wanted = countVisible(scalar.value.slice(0, offset));
  const total = countVisible(scalar.value);
  let seen = 0;
  let end = scalar.start;
  for (const place of visiblePlaces(source, scalar.start, scalar.type)) {
    if (seen === total) break;
    if (seen === wanted) return place.at;
    seen += place.units;
    end = place.at + 1;
  }
  return end;
}

// `units`: UTF-16 units of the value that this place stands for.
interface Place {
  readonly at: number;
  readonly units: number;
}

function* visiblePlaces(source: string, start: number, type: Scalar['type']): Generator<Place> {
  const isBlock = type === 'BLOCK_FOLDED' || type === 'BLOCK_LITERAL';
  const isDouble = type === 'QUOTE_DOUBLE';
  const isQuoted = isDouble || type === 'QUOTE_SINGLE';
  let at = isBlock ? source.indexOf('\n', start) + 1 : isQuoted ? start + 1 : start;
  while (at < source.length) {
    const width = isDouble
      ? escapeWidth(source, at)
      : isQuoted && source.startsWith("''", at)
        ? 2
        : 1;
    const units = width > 1 ? unitsOf(source.slice(at, at + width)) : isSpace(source, at) ? 0 : 1;
    if (units > 0) yield { at, units };
    at += width;
  }
}

function escapeWidth(source: string, at: number): number {
  if (source.charAt(at) !== '\\') return 1;
  const letter = source.charAt(at + 1);
  return letter === 'x' ? 4 : letter === 'u' ? 6 : letter === 'U' ? 10 : 2;
}

function unitsOf(token: string): number {
  if (token.startsWith('\\U')) return Number.parseInt(token.slice(2), 16) > 0xffff ? 2 : 1;
  if (token.length > 2) return isSpaceCode(Number.parseInt(token.slice(2), 16)) ? 0 : 1;
  return /^\\[tn r\n\t]/.test(token) ? 0 : 1;
}

function countVisible(text: string): number {
  return text.replaceAll(/[ \t\r\n]/g, '').length;
}

function isSpace(source: string, at: number): boolean {
  return isSpaceCode(source.charCodeAt(at));
}

function isSpaceCode(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}
