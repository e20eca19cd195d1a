/**
 * The fastest way through a JSON object: whole members whose names no rule can have and whose values are scalars, while
 * nothing is looked for in values. Apart from `plain-tokens.ts`, so that what a member needs stays in registers.
 */
import { passesFilter } from '../../classify/names';
import { skipShort, skipWhitespace } from '../../json/plain';
import { Expect } from '../../json/scanner';
import { skipNumber } from '../../json/whole-numbers';
import { skipString } from '../../json/whole-strings';
import { mayEndDocument } from './embedded-strings';

/** Fewer bytes than this are left alone, those of a name and of what follows it. */
const NAME_ROOM: usize = 48;
/** The same for what follows a name. */
const VALUE_ROOM: usize = 32;

const QUOTE: u8 = 0x22;
const COLON: u8 = 0x3a;
const COMMA: u8 = 0x2c;
const TRUE: u32 = 0x65757274;
const NULL: u32 = 0x6c6c756e;
const FALSE_START: u32 = 0x736c6166;

/** What is expected where the last `skipQuietMembers` stopped. */
export let expectBehind: i32 = Expect.Key;

/**
 * Takes members from in front of a name on; where it stopped, in front of a token that is for others. INVARIANT: the
 * object is under no rule and names that are not in the filter lead nowhere.
 */
export function skipQuietMembers(start: usize, end: usize, filter: usize, embeds: bool): usize {
  let p = start;
  let expect: i32 = Expect.Key;
  while (end - p >= NAME_ROOM) {
    if (load<u8>(p) <= 0x20) {
      p = skipWhitespace(p, end);
      if (end - p < NAME_ROOM) break;
    }
    if (load<u8>(p) != QUOTE) break;
    const nameEnd = skipShort(p + 1, end);
    if (end - nameEnd < VALUE_ROOM || load<u8>(nameEnd) != QUOTE) break;
    if (passesFilter(filter, p + 1, <u32>(nameEnd - p - 1))) break;
    p = nameEnd + 1;
    expect = Expect.Colon;
    if (load<u8>(p) != COLON) break;
    p++;
    expect = Expect.Value;
    let byte = load<u8>(p);
    if (byte <= 0x20) {
      p = skipWhitespace(p, end);
      if (end - p < VALUE_ROOM) break;
      byte = load<u8>(p);
    }
    let after: usize;
    if (byte == QUOTE) after = skipQuietString(p + 1, end, embeds);
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
function skipQuietString(start: usize, end: usize, embeds: bool): usize {
  const special = skipShort(start, end);
  if (special == end) return 0;
  const isPlain = load<u8>(special) == QUOTE;
  const after = isPlain ? special : skipString(special, end);
  if (after == 0) return 0;
  if (embeds && mayEmbed(load<u8>(start))) {
    if (!isPlain || mayEndDocument(load<u8>(after - 1))) return 0;
  }
  return after + 1;
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
