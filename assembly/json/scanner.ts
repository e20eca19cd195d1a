/**
 * The grammar between the scalars of a JSON text (RFC 8259, section 2), resumable at every byte.
 */
import { skipWhitespace } from './plain';

/** Deepest nesting of containers that is read; one bit of the scanner for each level. */
export const DEPTH_MAX: u32 = 512;

/** Bytes of a Scanner: its fields, then one bit for each level (1: object, 0: array). */
export const SCANNER_BYTES: usize = 128;

const LEVELS: usize = 64;

/** What the grammar allows next. */
export const enum Expect {
  Value = 0,
  ValueOrClose = 1,
  KeyOrClose = 2,
  Key = 3,
  Colon = 4,
  CommaOrClose = 5,
  Nothing = 6,
}

/** What `nextToken` met. Commas and colons are taken silently. */
export const enum Token {
  /** the bytes are used up */
  None = 0,
  Malformed = 1,
  /** `tokenEnd` is behind the bracket; call `openContainer` */
  Object = 2,
  /** `tokenEnd` is behind the bracket; call `openContainer` */
  Array = 3,
  /** a container ended; `tokenEnd` is behind the bracket */
  Close = 4,
  /** `tokenEnd` is behind the opening quote; call `keyDone` at its end */
  Key = 5,
  /** `tokenEnd` is behind the opening quote; call `valueDone` at its end */
  String = 6,
  /** `tokenEnd` is at the first byte; call `valueDone` at its end */
  Number = 7,
  /** `tokenEnd` is at the first byte; call `valueDone` at its end */
  Literal = 8,
}

/**
 * State of a text that is read piece by piece. Zeroed memory is the state before the first byte.
 */
// @ts-ignore: decorator
@unmanaged
export class Scanner {
  /** open containers */
  depth: u32;
  /** the last whole character of a string, see `stringStep` */
  codePoint: u32;
  /** the high surrogate that was the last character, or 0 */
  high: u32;
  /** bits gathered of a character that is not whole yet */
  gathered: u32;
  expect: i32;
  /** NumberState */
  numberState: i32;
  /** StringState */
  stringState: i32;
  /** bytes or hexadecimal digits that the character still needs */
  needed: u8;
  /** least value of the next UTF-8 byte */
  lowest: u8;
  /** greatest value of the next UTF-8 byte */
  greatest: u8;
  /** the last character was the low half of a surrogate pair */
  joined: bool;
  /** first byte of the literal name that is being read */
  literal: u8;
  /** bytes of it that were read */
  literalLen: u8;
}

/** Puts a scanner in front of the first byte of a text. */
export function clearScanner(s: Scanner): void {
  const at = changetype<usize>(s);
  // A few words: a call of the host's bulk fill would cost more.
  for (let i: usize = 0; i < LEVELS; i += 8) store<u64>(at + i, 0);
}

/** Behind the bytes that the last `nextToken` took. */
export let tokenEnd: usize = 0;

/** Takes white space, commas and colons up to the next token in `start..end`. */
export function nextToken(s: Scanner, start: usize, end: usize): Token {
  let p = start;
  while (true) {
    p = skipWhitespace(p, end);
    tokenEnd = p;
    if (p == end) return Token.None;
    const byte = load<u8>(p++);
    if (byte == 0x2c /* , */) {
      if (s.expect != Expect.CommaOrClose) return Token.Malformed;
      s.expect = insideObject(s) ? Expect.Key : Expect.Value;
    } else if (byte == 0x3a /* : */) {
      if (s.expect != Expect.Colon) return Token.Malformed;
      s.expect = Expect.Value;
    } else {
      return takeToken(s, byte, p);
    }
  }
}

/** Enters the container whose opening bracket was just taken. False when it lies too deep. */
export function openContainer(s: Scanner, isObject: bool): bool {
  if (s.depth >= DEPTH_MAX) return false;
  const at = changetype<usize>(s) + LEVELS + (s.depth >> 3);
  const bit = <u8>((<u32>1) << (s.depth & 7));
  store<u8>(at, isObject ? load<u8>(at) | bit : load<u8>(at) & ~bit);
  s.depth++;
  s.expect = isObject ? Expect.KeyOrClose : Expect.ValueOrClose;
  return true;
}

/** Tells the scanner that a member name was read to its closing quote. */
// @ts-ignore: decorator
@inline
export function keyDone(s: Scanner): void {
  s.expect = Expect.Colon;
}

/** Tells the scanner that a scalar was read to its end. */
// @ts-ignore: decorator
@inline
export function valueDone(s: Scanner): void {
  s.expect = s.depth == 0 ? Expect.Nothing : Expect.CommaOrClose;
}

/** Whether the innermost open container is an object. Call it only with an open container. */
// @ts-ignore: decorator
@inline
export function insideObject(s: Scanner): bool {
  const level = s.depth - 1;
  return ((load<u8>(changetype<usize>(s) + LEVELS + (level >> 3)) >> (<u8>(level & 7))) & 1) != 0;
}

/** Whether the document is an array. Call it only with an open container. */
export function isRootArray(s: Scanner): bool {
  return (load<u8>(changetype<usize>(s) + LEVELS) & 1) == 0;
}

/** Whether the next value is an element of an array. */
// @ts-ignore: decorator
@inline
export function atElement(s: Scanner): bool {
  return s.depth != 0 && !insideObject(s);
}

function takeToken(s: Scanner, byte: u8, after: usize): Token {
  const wantsValue = s.expect <= Expect.ValueOrClose;
  tokenEnd = after;
  switch (byte) {
    case 0x22 /* " */:
      if (wantsValue) return Token.String;
      return s.expect == Expect.Key || s.expect == Expect.KeyOrClose ? Token.Key : Token.Malformed;
    case 0x7b /* { */:
      return wantsValue ? Token.Object : Token.Malformed;
    case 0x5b /* [ */:
      return wantsValue ? Token.Array : Token.Malformed;
    case 0x7d /* } */:
      return closeContainer(s, true);
    case 0x5d /* ] */:
      return closeContainer(s, false);
  }
  tokenEnd = after - 1;
  if (!wantsValue) return Token.Malformed;
  if (byte == 0x2d /* - */ || <u32>byte - 0x30 < 10) return Token.Number;
  if (byte == 0x74 /* t */ || byte == 0x66 /* f */ || byte == 0x6e /* n */) return Token.Literal;
  return Token.Malformed;
}

function closeContainer(s: Scanner, isObject: bool): Token {
  const empty = isObject ? Expect.KeyOrClose : Expect.ValueOrClose;
  if (s.expect != empty) {
    if (s.expect != Expect.CommaOrClose || insideObject(s) != isObject) return Token.Malformed;
  }
  s.depth--;
  valueDone(s);
  return Token.Close;
}
