/**
 * The fastest way through a JSON object: whole members whose names no rule can have and whose values are scalars, while
 * nothing is looked for in values. Apart from `plain-tokens.ts`, so that what a member needs stays in registers.
 */
import { passesFilter } from '../../classify/names';
import { skipPlain, skipWhitespace } from '../../json/plain';
import { Expect } from '../../json/scanner';
import { skipNumber } from '../../json/whole-numbers';
import { skipString } from '../../json/whole-strings';
import { mayEndDocument } from './embedded-strings';

/** Fewer bytes than this are left alone, those of a name and of what follows it. */
const NAME_ROOM: usize = 48;
/** The same for what follows a name. */
const VALUE_ROOM: usize = 32;

const QUOTE: u8 = 0x22;
const QUOTE_COLON: u16 = 0x3a22;
const COMMA: u8 = 0x2c;
const TRUE: u32 = 0x65757274;
const NULL: u32 = 0x6c6c756e;
const FALSE_START: u32 = 0x736c6166;

/**
 * What each 16 bytes of a string are compared with, see `specials` in json/plain. Loaded before the loop and not written as
 * constants, which compilers would build again for each string.
 */
const COMPARED: usize = memory.data<u64>([
  0x0202020202020202, 0x0202020202020202, 0x2121212121212121, 0x2121212121212121,
  0x5c5c5c5c5c5c5c5c, 0x5c5c5c5c5c5c5c5c,
]);

/** What is expected where the last `skipQuietMembers` stopped. */
export let expectBehind: i32 = Expect.Key;

/**
 * Takes members from in front of a name on; where it stopped, in front of a token that is for others. INVARIANT: the
 * object is under no rule and names that are not in the filter lead nowhere.
 */
export function skipQuietMembers(start: usize, end: usize, filter: usize, embeds: bool): usize {
  const turn = v128.load(COMPARED);
  const limit = v128.load(COMPARED, 16);
  const backslash = v128.load(COMPARED, 32);
  let p = start;
  let expect: i32 = Expect.Key;
  while (end - p >= NAME_ROOM) {
    if (load<u8>(p) != QUOTE) {
      p = skipWhitespace(p, end);
      if (end - p < NAME_ROOM || load<u8>(p) != QUOTE) break;
    }
    const nameEnd = skipShort(p + 1, end, turn, limit, backslash);
    if (end - nameEnd < VALUE_ROOM || load<u16>(nameEnd) != QUOTE_COLON) break;
    if (passesFilter(filter, p + 1, <u32>(nameEnd - p - 1))) break;
    p = nameEnd + 2;
    expect = Expect.Value;
    let byte = load<u8>(p);
    if (byte <= 0x20) {
      p = skipWhitespace(p, end);
      if (end - p < VALUE_ROOM) break;
      byte = load<u8>(p);
    }
    let after: usize;
    if (byte == QUOTE) after = skipQuietString(p + 1, end, embeds, turn, limit, backslash);
    else if (byte == 0x2d || <u32>byte - 0x30 < 10) after = skipNumber(p, end);
    else after = skipLiteral(p);
    if (after == 0) break;
    p = after;
    expect = Expect.CommaOrClose;
    if (p == end || load<u8>(p) != COMMA) break;
    p++;
    expect = Expect.Key;
  }
  expectBehind = expect;
  return p;
}

/** Behind a string, from behind its opening quote on; 0 for one that is cut off, malformed or may hold a document. */
// @ts-ignore: decorator
@inline
function skipQuietString(
  start: usize,
  end: usize,
  embeds: bool,
  turn: v128,
  limit: v128,
  backslash: v128,
): usize {
  const special = skipShort(start, end, turn, limit, backslash);
  if (special == end) return 0;
  const isPlain = load<u8>(special) == QUOTE;
  const after = isPlain ? special : skipString(special, end);
  if (after == 0) return 0;
  if (embeds && mayEmbed(load<u8>(start))) {
    if (!isPlain || mayEndDocument(load<u8>(after - 1))) return 0;
  }
  return after + 1;
}

/** As `skipShort` of json/plain, with what is COMPARED. */
// @ts-ignore: decorator
@inline
function skipShort(p: usize, end: usize, turn: v128, limit: v128, backslash: v128): usize {
  const v = v128.load(p);
  const isSpecial = v128.or(i8x16.lt_s(v128.xor(v, turn), limit), i8x16.eq(v, backslash));
  const special = i8x16.bitmask(isSpecial);
  return special != 0 ? p + ctz(special) : skipPlain(p + 16, end);
}

/** Whether a string that begins so may hold a document, or begins with `|`. */
// @ts-ignore: decorator
@inline
export function mayEmbed(first: u8): bool {
  return first <= 0x20 || <u32>(first | 0x20) - 0x7b < 2; /* [ { \ */
}

/** Behind `true`, `false` or `null`; 0 for anything else. INVARIANT: 5 bytes are there. */
// @ts-ignore: decorator
@inline
export function skipLiteral(p: usize): usize {
  const word = load<u32>(p);
  if (word == TRUE || word == NULL) return p + 4;
  return word == FALSE_START && load<u8>(p, 4) == 0x65 ? p + 5 : 0;
}
