/**
 * The fast way through a JSON text: whole tokens that need no decision, as long as the input goes out as it is. What is cut
 * off by the end of the slice, what a rule or a detector may touch, and what is rare is left to the other readers, which
 * take any input byte by byte. Both ways come to the same.
 */
import { mayMatch } from '../../classify/scan';
import { passesFilter } from '../../classify/names';
import { DEPTH_MAX, Expect, Scanner, insideObject, openContainer } from '../../json/scanner';
import { skipPlain, skipWhitespace, specials } from '../../json/plain';
import { skipString } from '../../json/whole-strings';
import { MaskHeader } from '../../layout';
import { copyShort } from '../../memory/bytes';
import { closeSpan, isSpanOpen, openSpan } from '../output';
import { enterElement, enterMember, hasNodes, openLevel } from '../paths';
import { isConstant, operatorOf } from '../rules';
import { ContainerFlag, KEY_MAX, Masker, detectorsOf, flagsAt, keyOf, strengthAt } from '../state';
import { closeText, noteMasked, openText, textPlain } from '../text';
import { emitJsonConstant } from './constants';

/** Fewer bytes than this are left to the other readers: tokens would be cut off. */
const TAIL: usize = 32;
/** A number with fewer bytes is nothing that a detector looks for. */
const DETECTED_NUMBER_MIN: usize = 7;

const QUOTE: u8 = 0x22;
const COLON: u8 = 0x3a;
const TRUE: u32 = 0x65757274;
const NULL: u32 = 0x6c6c756e;
const FALSE_START: u32 = 0x736c6166;

/**
 * Takes tokens from `start` on, between two tokens; where it stopped, in front of a token or of the white space before
 * one. 0 when the text is malformed.
 */
export function readPlainTokens(m: Masker, s: Scanner, start: usize, end: usize): usize {
  if (!isSpanOpen() || end - start < TAIL || hasRule(m, s)) return start;
  const filter = m.blob + load<u32>(m.blob, MaskHeader.nameFilter);
  const detects = m.detectorStrength != 0;
  const embeds = !m.isInner;
  // INVARIANT: `depth` and what follows are of the open container, kept with each change of depth.
  let depth = s.depth;
  let isObject = depth != 0 && insideObject(s);
  let isQuiet = depth != 0 && isQuietContainer(m, depth);
  let hasElementRules = depth != 0 && hasNodes(m, depth);
  let expect = s.expect;
  let p = start;
  // The stages follow one another as the tokens of a member do; each is left in front of a token that it does not take.
  while (end - p >= TAIL) {
    let byte = load<u8>(p);
    if (byte <= 0x20) {
      p = skipWhitespace(p, end);
      if (end - p < TAIL) break;
      byte = load<u8>(p);
      // A control character is no token.
      if (byte <= 0x20) break;
    }
    if (expect == Expect.Key || (expect == Expect.KeyOrClose && byte == QUOTE)) {
      if (byte != QUOTE) break;
      const after = skipShort(p + 1, end);
      if (after == end || load<u8>(after) != QUOTE) break;
      const len = <u32>(after - p - 1);
      if (isQuiet && !passesFilter(filter, p + 1, len)) {
        m.nextCount = 0;
        m.nextStrength = 0;
      } else {
        if (len > KEY_MAX) break;
        copyShort(keyOf(m), p + 1, len);
        m.keyLen = len;
        if (!enterMember(m)) return 0;
      }
      p = after + 1;
      expect = Expect.Colon;
      if (end - p < TAIL) break;
      byte = load<u8>(p);
    }
    if (expect == Expect.Colon) {
      if (byte != COLON) {
        if (byte <= 0x20) continue;
        break;
      }
      p++;
      expect = Expect.Value;
      if (end - p < TAIL) break;
      byte = load<u8>(p);
      if (byte <= 0x20) {
        p = skipWhitespace(p, end);
        if (end - p < TAIL) break;
        byte = load<u8>(p);
      }
      if (m.nextStrength != 0) {
        const after = byte == QUOTE ? maskPlainString(m, p, end) : 0;
        if (after == 0) break;
        p = after;
        expect = Expect.CommaOrClose;
        continue;
      }
    }
    if (expect == Expect.Value || (expect == Expect.ValueOrClose && byte != 0x5d) /* ] */) {
      const isBracket = byte == 0x7b || byte == 0x5b;
      if (depth != 0 && !isObject) {
        if (!hasElementRules) {
          m.nextCount = 0;
          m.nextStrength = 0;
        } else {
          if (!isBracket) break;
          if (!enterElement(m)) return 0;
        }
      }
      if (isBracket) {
        if (depth >= DEPTH_MAX) return 0;
        isObject = byte == 0x7b;
        openContainer(s, isObject);
        openLevel(m);
        depth++;
        p++;
        expect = isObject ? Expect.KeyOrClose : Expect.ValueOrClose;
        if (m.nextStrength != 0) break;
        isQuiet = isQuietContainer(m, depth);
        hasElementRules = m.nextCount != 0;
        continue;
      }
      let after: usize;
      if (byte == QUOTE) {
        after = skipShort(p + 1, end);
        if (after == end) break;
        if (load<u8>(after) != QUOTE) {
          if (detects) break;
          after = skipString(after, end);
          if (after == 0) break;
        }
        if (detects && mayMatch(detectorsOf(m), p + 1, <u32>(after - p - 1))) break;
        if (embeds && mayEmbed(load<u8>(p + 1))) break;
        after++;
      } else if (byte == 0x2d || <u32>byte - 0x30 < 10) {
        after = skipNumber(p, end);
        if (after == 0 || (detects && after - p >= DETECTED_NUMBER_MIN)) break;
      } else {
        after = skipLiteral(p);
        if (after == 0) break;
      }
      p = after;
      expect = depth == 0 ? Expect.Nothing : Expect.CommaOrClose;
      if (end - p < TAIL) break;
      byte = load<u8>(p);
    }
    if (expect == Expect.CommaOrClose && byte == 0x2c /* , */) {
      expect = isObject ? Expect.Key : Expect.Value;
      p++;
      continue;
    }
    if (expect == Expect.CommaOrClose && byte <= 0x20) continue;
    // Only the closing bracket may follow here; the other readers say what is wrong with anything else.
    if (expect == Expect.Nothing || byte != (isObject ? 0x7d : 0x5d)) break;
    depth--;
    s.depth = depth;
    p++;
    expect = depth == 0 ? Expect.Nothing : Expect.CommaOrClose;
    if (depth == 0) break;
    isObject = insideObject(s);
    isQuiet = isQuietContainer(m, depth);
    hasElementRules = hasNodes(m, depth);
  }
  s.expect = expect;
  return p;
}

/** Whether what comes next is under a rule: the open container, or a value that is entered already. */
function hasRule(m: Masker, s: Scanner): bool {
  if (s.depth != 0 && load<u16>(strengthAt(m, s.depth)) != 0) return true;
  const isEntered =
    s.expect == Expect.Colon || (s.expect == Expect.Value && (s.depth == 0 || insideObject(s)));
  return isEntered && m.nextStrength != 0;
}

/** As `skipPlain`, for what mostly ends within 16 bytes. INVARIANT: as many are there. */
// @ts-ignore: decorator
@inline
function skipShort(p: usize, end: usize): usize {
  const special = i8x16.bitmask(specials(v128.load(p)));
  return special != 0 ? p + ctz(special) : skipPlain(p + 16, end);
}

/**
 * Masks a string that lies whole and plain in the slice, from its opening quote on; where it ends, 0 when it is none or
 * there is no room.
 */
function maskPlainString(m: Masker, p: usize, end: usize): usize {
  const after = skipShort(p + 1, end);
  if (after == end || load<u8>(after) != QUOTE) return 0;
  if (isConstant(operatorOf(m.blob, m.nextStrength))) {
    closeSpan(p);
    noteMasked(m, m.nextStrength);
    emitJsonConstant(m, m.nextStrength);
    openSpan(after + 1);
    return after + 1;
  }
  closeSpan(p + 1);
  openText(m, m.nextStrength);
  if (!textPlain(m, p + 1, <u32>(after - p - 1)) || !closeText(m)) return 0;
  openSpan(after);
  return after + 1;
}

/** Whether names that are in no filter lead nowhere in this container. */
// @ts-ignore: decorator
@inline
function isQuietContainer(m: Masker, depth: u32): bool {
  return (load<u8>(flagsAt(m, depth)) & ContainerFlag.MembersOnly) != 0;
}

/** Whether a string that begins so may hold a document. */
// @ts-ignore: decorator
@inline
function mayEmbed(first: u8): bool {
  return (first == 0x7b) | (first == 0x5b) | (first == 0x5c) | (first <= 0x20);
}

/** Behind `true`, `false` or `null`; 0 for anything else. INVARIANT: 5 bytes are there. */
// @ts-ignore: decorator
@inline
function skipLiteral(p: usize): usize {
  const word = load<u32>(p);
  if (word == TRUE || word == NULL) return p + 4;
  return word == FALSE_START && load<u8>(p, 4) == 0x65 ? p + 5 : 0;
}

/** Behind an integer or decimal number, 0 for one that is cut off, has an exponent or is malformed. */
function skipNumber(start: usize, end: usize): usize {
  let p = start;
  if (load<u8>(p) == 0x2d) p++;
  if (load<u8>(p) == 0x30) {
    p++;
  } else {
    const first = p;
    while (p < end && <u32>load<u8>(p) - 0x30 < 10) p++;
    if (p == first) return 0;
  }
  if (p == end) return 0;
  if (load<u8>(p) == 0x2e) {
    const first = ++p;
    while (p < end && <u32>load<u8>(p) - 0x30 < 10) p++;
    if (p == first || p == end) return 0;
  }
  const next = load<u8>(p);
  return (next | 0x20) == 0x65 || <u32>next - 0x30 < 10 ? 0 : p;
}
