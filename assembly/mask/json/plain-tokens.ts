/**
 * The fast way through a JSON text: whole tokens that need no decision, as long as the input goes out as it is. What is cut
 * off by the end of the slice, what a rule or a detector may touch, and what is rare is left to the other readers, which
 * take any input byte by byte. Both ways come to the same.
 */
import { mayMatch } from '../../classify/scan';
import { passesFilter } from '../../classify/names';
import { DEPTH_MAX, Expect, Scanner, insideObject, openContainer } from '../../json/scanner';
import { skipPlain, skipWhitespace } from '../../json/plain';
import { skipString } from '../../json/whole-strings';
import { MaskHeader } from '../../layout';
import { copyShort } from '../../memory/bytes';
import { isSpanOpen } from '../output';
import { enterElement, enterMember, hasNodes, openLevel } from '../paths';
import { ContainerFlag, KEY_MAX, Masker, detectorsOf, flagsAt, keyOf, strengthAt } from '../state';

/** Fewer bytes than this are left to the other readers: tokens would be cut off. */
const TAIL: usize = 32;
/** A number with fewer bytes is nothing that a detector looks for. */
const DETECTED_NUMBER_MIN: usize = 7;

const QUOTE: u8 = 0x22;
const TRUE: u32 = 0x65757274;
const NULL: u32 = 0x6c6c756e;
const FALSE_START: u32 = 0x736c6166;

/**
 * Takes tokens from `start` on, between two tokens; where it stopped, in front of a token or of the white space before
 * one. 0 when the text is malformed.
 */
export function readPlainTokens(m: Masker, s: Scanner, start: usize, end: usize): usize {
  if (!isSpanOpen()) return start;
  const filter = m.blob + load<u32>(m.blob, MaskHeader.nameFilter);
  const detects = m.detectorStrength != 0;
  const embeds = !m.isInner;
  let p = start;
  // INVARIANT: of the open container, kept with each change of depth.
  let isObject = s.depth != 0 && insideObject(s);
  let isQuiet = s.depth != 0 && isQuietContainer(m, s.depth);
  if (s.depth != 0 && load<u16>(strengthAt(m, s.depth)) != 0) return p;
  // A value that is entered already may have a rule.
  const isEntered = s.expect == Expect.Value && (s.depth == 0 || isObject);
  if (isEntered && m.nextStrength != 0) return p;
  let isArraySetEmpty = s.depth != 0 && !hasNodes(m, s.depth);
  while (end - p >= TAIL) {
    let byte = load<u8>(p);
    if (byte <= 0x20) {
      p = skipWhitespace(p, end);
      if (end - p < TAIL) break;
      byte = load<u8>(p);
    }
    switch (s.expect) {
      case Expect.CommaOrClose:
        if (byte == 0x2c /* , */) {
          s.expect = isObject ? Expect.Key : Expect.Value;
          p++;
          continue;
        }
        break;
      case Expect.Colon:
        if (byte != 0x3a /* : */) return 0;
        s.expect = Expect.Value;
        p++;
        if (m.nextStrength != 0) return p;
        continue;
      case Expect.Key:
      case Expect.KeyOrClose: {
        if (byte != QUOTE) break;
        const after = skipPlain(p + 1, end);
        if (after == end || load<u8>(after) != QUOTE) return p;
        const len = <u32>(after - p - 1);
        if (isQuiet && !passesFilter(filter, p + 1, len)) {
          m.nextCount = 0;
          m.nextStrength = 0;
        } else {
          if (len > KEY_MAX) return p;
          copyShort(keyOf(m), p + 1, len);
          m.keyLen = len;
          if (!enterMember(m)) return 0;
        }
        p = after + 1;
        s.expect = Expect.Colon;
        if (load<u8>(p) == 0x3a && end - p >= TAIL) {
          p++;
          s.expect = Expect.Value;
          if (m.nextStrength != 0) return p;
        }
        continue;
      }
      case Expect.Nothing:
        return p;
    }
    const isElement = s.expect <= Expect.ValueOrClose && s.depth != 0 && !isObject;
    if (s.expect > Expect.ValueOrClose || byte == 0x5d /* ] */) {
      // Only a closing bracket may follow here.
      if (byte != (isObject ? 0x7d : 0x5d) || s.depth == 0) return p;
      const empty = isObject ? Expect.KeyOrClose : Expect.ValueOrClose;
      if (s.expect != Expect.CommaOrClose && s.expect != empty) return p;
      s.depth--;
      p++;
      s.expect = s.depth == 0 ? Expect.Nothing : Expect.CommaOrClose;
      if (s.depth == 0) return p;
      isObject = insideObject(s);
      isQuiet = isQuietContainer(m, s.depth);
      isArraySetEmpty = !hasNodes(m, s.depth);
      continue;
    }
    if (isElement) {
      if (isArraySetEmpty) {
        m.nextCount = 0;
        m.nextStrength = 0;
      } else if (byte != 0x7b && byte != 0x5b) return p;
    }
    if (byte == QUOTE) {
      let after = skipPlain(p + 1, end);
      if (after == end) return p;
      if (load<u8>(after) != QUOTE) {
        if (detects) return p;
        after = skipString(after, end);
        if (after == 0) return p;
      }
      if (detects && mayMatch(detectorsOf(m), p + 1, <u32>(after - p - 1))) return p;
      if (embeds && mayEmbed(load<u8>(p + 1))) return p;
      p = after + 1;
    } else if (byte == 0x7b || byte == 0x5b) {
      if (s.depth >= DEPTH_MAX) return 0;
      if (isElement && !isArraySetEmpty) {
        if (!enterElement(m)) return 0;
        // The element is entered: its level has to be opened here, whatever its strength.
      }
      isObject = byte == 0x7b;
      openContainer(s, isObject);
      openLevel(m);
      p++;
      if (m.nextStrength != 0) return p;
      isQuiet = isQuietContainer(m, s.depth);
      isArraySetEmpty = m.nextCount == 0;
      continue;
    } else if (byte == 0x2d || <u32>byte - 0x30 < 10) {
      const after = skipNumber(p, end);
      if (after == 0) return p;
      if (detects && after - p >= DETECTED_NUMBER_MIN) return p;
      p = after;
    } else {
      const word = load<u32>(p);
      if (word == TRUE || word == NULL) p += 4;
      else if (word == FALSE_START && load<u8>(p, 4) == 0x65) p += 5;
      else return p;
    }
    s.expect = s.depth == 0 ? Expect.Nothing : Expect.CommaOrClose;
  }
  return p;
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
