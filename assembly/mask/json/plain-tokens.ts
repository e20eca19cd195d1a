/**
 * The fast way through a JSON text: whole tokens that need no decision, as long as the input goes out as it is. What is cut
 * off by the end of the slice, what a rule or a detector may touch, and what is rare is left to the other readers, which
 * take any input byte by byte. Both ways come to the same.
 */
import { mayMatch, numberKinds, numberStrength } from '../../classify/scan';
import { passesFilter } from '../../classify/names';
import { DEPTH_MAX, Expect, Scanner, insideObject, openContainer } from '../../json/scanner';
import { skipShort, skipWhitespace } from '../../json/plain';
import { skipNumber } from '../../json/whole-numbers';
import { skipString } from '../../json/whole-strings';
import { MaskHeader } from '../../layout';
import { copyShort } from '../../memory/bytes';
import { closeSpan, isSpanOpen, openSpan } from '../output';
import { enterElement, enterMember, leaveElement, openLevel } from '../paths';
import { isConstant, operatorOf } from '../rules';
import { ContainerFlag, KEY_MAX, Masker, detectorsOf, flagsAt, keyOf, strengthAt } from '../state';
import { closeText, noteMasked, openText, textPlain } from '../text';
import { emitJsonConstant } from './constants';
import { mayEndDocument } from './embedded-strings';
import { expectBehind, mayEmbed, skipLiteral, skipQuietMembers } from './quiet-members';

/** Fewer bytes than this are left to the other readers: tokens would be cut off. */
const TAIL: usize = 32;
/** A number with fewer bytes is nothing that a detector looks for. */
const DETECTED_NUMBER_MIN: usize = 7;
/** One with more bytes is not taken whole. */
const DETECTED_NUMBER_MAX: usize = 256;

const QUOTE: u8 = 0x22;
const COLON: u8 = 0x3a;
const SMALL_N: u8 = 0x6e;

/**
 * Takes tokens from `start` on, between two tokens; where it stopped, in front of a token or of the white space before
 * one. 0 when the text is malformed.
 */
export function readPlainTokens(m: Masker, s: Scanner, start: usize, end: usize): usize {
  if (!isSpanOpen() || end - start < TAIL || isValueRuled(m, s)) return start;
  const filter = m.blob + load<u32>(m.blob, MaskHeader.nameFilter);
  const detects = m.detectorStrength != 0;
  const embeds = !m.isInner;
  const skipsMembers = !detects && !m.holdsKeys;
  // INVARIANT: `depth` and what follows are of the open container, kept with each change of depth.
  let depth = s.depth;
  let isObject = depth != 0 && insideObject(s);
  let isQuiet = depth != 0 && isQuietContainer(m, depth);
  let hasElementRules = depth != 0 && hasElementRulesAt(m, depth);
  let strength: u32 = depth == 0 ? 0 : load<u16>(strengthAt(m, depth));
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
    if (expect == Expect.KeyOrClose && byte == QUOTE) expect = Expect.Key;
    if (expect == Expect.Key && isQuiet && strength == 0 && skipsMembers) {
      p = skipQuietMembers(p, end, filter, embeds);
      expect = expectBehind;
      m.nextCount = 0;
      m.nextStrength = 0;
      if (end - p < TAIL) break;
      byte = load<u8>(p);
    }
    if (expect == Expect.Key) {
      if (byte != QUOTE || m.holdsKeys) break;
      const after = skipShort(p + 1, end);
      if (after == end || load<u8>(after) != QUOTE) break;
      const len = <u32>(after - p - 1);
      if (isQuiet && !passesFilter(filter, p + 1, len)) {
        m.nextCount = 0;
        m.nextStrength = strength;
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
    }
    if (expect == Expect.Value || (expect == Expect.ValueOrClose && byte != 0x5d) /* ] */) {
      const isBracket = byte == 0x7b || byte == 0x5b;
      if (isBracket) {
        if (depth >= DEPTH_MAX) return 0;
        if (depth != 0 && !isObject && !beginElement(m, hasElementRules, strength)) return 0;
        isObject = byte == 0x7b;
        openContainer(s, isObject);
        openLevel(m);
        depth++;
        p++;
        expect = isObject ? Expect.KeyOrClose : Expect.ValueOrClose;
        strength = m.nextStrength;
        isQuiet = isQuietContainer(m, depth);
        hasElementRules = hasElementRulesAt(m, depth);
        continue;
      }
      const isRuled = (isObject ? m.nextStrength : strength) != 0;
      const after = skipPlainValue(m, p, end, byte, detects && !isRuled, embeds && !isRuled);
      if (after == 0) break;
      if (isRuled || hasElementRules) {
        if (depth != 0 && !isObject && !beginElement(m, hasElementRules, strength)) return 0;
        if (m.nextStrength != 0 && !maskPlainValue(m, p, after, end)) {
          if (!isObject && hasElementRules) leaveElement(m);
          break;
        }
      }
      p = after;
      expect = depth == 0 ? Expect.Nothing : Expect.CommaOrClose;
      if (end - p < TAIL) break;
      byte = load<u8>(p);
    }
    if (expect == Expect.CommaOrClose && byte == 0x2c /* , */) {
      // The comma goes with a member that is dropped.
      if (isObject && m.holdsKeys) break;
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
    hasElementRules = hasElementRulesAt(m, depth);
    strength = load<u16>(strengthAt(m, depth));
  }
  s.expect = expect;
  return p;
}

/** Whether a value that is entered already comes next, under a rule. */
function isValueRuled(m: Masker, s: Scanner): bool {
  const isEntered =
    s.expect == Expect.Colon || (s.expect == Expect.Value && (s.depth == 0 || insideObject(s)));
  return isEntered && m.nextStrength != 0;
}

/** Behind a scalar in which there is nothing to mask; 0 for one that is cut off, malformed or not that plain. */
// @ts-ignore: decorator
@inline
function skipPlainValue(
  m: Masker,
  p: usize,
  end: usize,
  byte: u8,
  detects: bool,
  embeds: bool,
): usize {
  if (byte == QUOTE) {
    let after = skipShort(p + 1, end);
    if (after == end) return 0;
    const isPlain = load<u8>(after) == QUOTE;
    if (!isPlain) {
      if (detects) return 0;
      after = skipString(after, end);
      if (after == 0) return 0;
    }
    if (embeds && mayEmbed(load<u8>(p + 1))) {
      if (!isPlain || mayEndDocument(load<u8>(after - 1))) return 0;
    }
    return detects && mayMatch(detectorsOf(m), p + 1, <u32>(after - p - 1)) ? 0 : after + 1;
  }
  if (byte != 0x2d && <u32>byte - 0x30 >= 10) return skipLiteral(p);
  const after = skipNumber(p, end);
  return detects && after != 0 && isNumberFound(m, p, after) ? 0 : after;
}

/** Whether a whole number is something that is looked for, or too long to be judged here. */
function isNumberFound(m: Masker, p: usize, after: usize): bool {
  const len = after - p;
  if (len < DETECTED_NUMBER_MIN && !hasExponent(p, after)) return false;
  if (len > DETECTED_NUMBER_MAX) return true;
  return numberStrength(detectorsOf(m), p, <u32>len) != 0 || numberKinds != 0;
}

function hasExponent(p: usize, after: usize): bool {
  for (; p < after; p++) {
    if ((load<u8>(p) | 0x20) == 0x65 /* e */) return true;
  }
  return false;
}

/** Masks a scalar that lies in the slice up to `after`. False when it is not plain, or has to be held. */
function maskPlainValue(m: Masker, p: usize, after: usize, end: usize): bool {
  const first = load<u8>(p);
  if (first == QUOTE) return maskPlainString(m, p, end);
  // `null` says nothing and stays.
  if (first == SMALL_N) return true;
  const isNumber = first == 0x2d || <u32>first - 0x30 < 10;
  if (isNumber && !isConstant(operatorOf(m.blob, m.nextStrength))) return false;
  closeSpan(p);
  noteMasked(m, m.nextStrength);
  emitJsonConstant(m, m.nextStrength);
  openSpan(after);
  return true;
}

/** As `maskPlainValue`, for a string from its opening quote on. */
function maskPlainString(m: Masker, p: usize, end: usize): bool {
  const after = skipShort(p + 1, end);
  if (after == end || load<u8>(after) != QUOTE) return false;
  if (isConstant(operatorOf(m.blob, m.nextStrength))) {
    closeSpan(p);
    noteMasked(m, m.nextStrength);
    emitJsonConstant(m, m.nextStrength);
    openSpan(after + 1);
    return true;
  }
  closeSpan(p + 1);
  openText(m, m.nextStrength);
  if (!textPlain(m, p + 1, <u32>(after - p - 1)) || !closeText(m)) return false;
  openSpan(after);
  return true;
}

/** Whether names that are in no filter lead nowhere in this container. */
// @ts-ignore: decorator
@inline
function isQuietContainer(m: Masker, depth: u32): bool {
  return (load<u8>(flagsAt(m, depth)) & ContainerFlag.MembersOnly) != 0;
}

/** Makes an element of the open array, whose strength is known, the next value. False when its paths are too tangled. */
// @ts-ignore: decorator
@inline
function beginElement(m: Masker, hasElementRules: bool, strength: u32): bool {
  if (hasElementRules) return enterElement(m);
  m.nextCount = 0;
  m.nextStrength = strength;
  return true;
}

/** Whether rules of elements may begin in this container. */
// @ts-ignore: decorator
@inline
function hasElementRulesAt(m: Masker, depth: u32): bool {
  return (load<u8>(flagsAt(m, depth)) & ContainerFlag.ElementsToo) != 0;
}
