/** Strings and member names on their way through the masker. */
import { CharEvent, StringState, plainSkipped, stringStep } from '../json/strings';
import { skipPlain } from '../json/plain';
import { Scanner, keyDone, valueDone } from '../json/scanner';
import { closeKeep, keepChar } from './operators/keep-last';
import { emitByte, isSpanOpen, openSpan } from './output';
import { enterMember } from './paths';
import { KEY_MAX, Masker, Mode, heldOf } from './state';

/**
 * Reads a string that stays (its span is open) or goes as a whole. 0 when it is malformed, as for
 * all below.
 */
export function skimString(m: Masker, s: Scanner, start: usize, end: usize): usize {
  let p = start;
  while (p < end) {
    if (s.stringState == StringState.Ground) {
      p = skipPlain(p, end);
      if (p == end) break;
    }
    const event = stringStep(s, load<u8>(p++));
    if (event == CharEvent.Malformed) return 0;
    if (event == CharEvent.End) {
      finishString(m, s, p);
      break;
    }
  }
  return p;
}

/** Reads a string under KeepLast. */
export function keepString(m: Masker, s: Scanner, start: usize, end: usize): usize {
  let p = start;
  while (p < end) {
    const byte = load<u8>(p++);
    const event = stringStep(s, byte);
    if (event == CharEvent.Malformed) return 0;
    if (event == CharEvent.End) {
      closeKeep(m);
      emitByte(0x22 /* " */);
      finishString(m, s, p);
      break;
    }
    gatherByte(m, byte);
    if (event == CharEvent.Char) {
      keepChar(m, s.codePoint, s.joined, m.char, m.charLen);
      forgetChar(m);
    }
  }
  return p;
}

/** Reads a member name, which stays, and decodes it when a path or a name may ask for it. */
export function readKey(m: Masker, s: Scanner, start: usize, end: usize): usize {
  let p = start;
  while (p < end) {
    if (s.stringState == StringState.Ground) {
      const next = skipPlain(p, end);
      if (next != p) {
        plainSkipped(s);
        if (m.decodesKey) appendKey(m, p, <u32>(next - p));
      }
      p = next;
      if (p == end) break;
    }
    const event = stringStep(s, load<u8>(p++));
    if (event == CharEvent.Malformed) return 0;
    if (event == CharEvent.End) {
      keyDone(s);
      m.mode = Mode.Structure;
      return enterMember(m) ? p : 0;
    }
    if (event == CharEvent.Char && m.decodesKey) appendCodePoint(m, s.codePoint, s.joined);
  }
  return p;
}

/** Ends a string before `p`; from there on the input goes out again. */
export function finishString(m: Masker, s: Scanner, p: usize): void {
  valueDone(s);
  m.mode = Mode.Structure;
  if (!isSpanOpen()) openSpan(p);
}

/** Adds a byte to the character that is being read, 6 at most. */
// @ts-ignore: decorator
@inline
export function gatherByte(m: Masker, byte: u8): void {
  m.char |= (<u64>byte) << ((<u64>m.charLen) << 3);
  m.charLen++;
}

/** Empties the character that was read. */
// @ts-ignore: decorator
@inline
export function forgetChar(m: Masker): void {
  m.char = 0;
  m.charLen = 0;
}

function appendKey(m: Masker, ptr: usize, len: u32): void {
  if (m.keyLen + len > KEY_MAX) {
    m.keyLen = KEY_MAX + 1;
    return;
  }
  memory.copy(heldOf(m) + m.keyLen, ptr, len);
  m.keyLen += len;
}

/**
 * A high surrogate was written as three bytes of its own; when its low half follows, the pair takes
 * their place.
 */
function appendCodePoint(m: Masker, codePoint: u32, joined: bool): void {
  if (m.keyLen + 4 > KEY_MAX) {
    m.keyLen = KEY_MAX + 1;
    return;
  }
  if (joined) m.keyLen -= 3;
  const at = heldOf(m) + m.keyLen;
  if (codePoint < 0x80) {
    store<u8>(at, <u8>codePoint);
    m.keyLen += 1;
  } else if (codePoint < 0x800) {
    store<u8>(at, <u8>(0xc0 | (codePoint >> 6)));
    store<u8>(at, <u8>(0x80 | (codePoint & 0x3f)), 1);
    m.keyLen += 2;
  } else if (codePoint < 0x10000) {
    store<u8>(at, <u8>(0xe0 | (codePoint >> 12)));
    store<u8>(at, <u8>(0x80 | ((codePoint >> 6) & 0x3f)), 1);
    store<u8>(at, <u8>(0x80 | (codePoint & 0x3f)), 2);
    m.keyLen += 3;
  } else {
    store<u8>(at, <u8>(0xf0 | (codePoint >> 18)));
    store<u8>(at, <u8>(0x80 | ((codePoint >> 12) & 0x3f)), 1);
    store<u8>(at, <u8>(0x80 | ((codePoint >> 6) & 0x3f)), 2);
    store<u8>(at, <u8>(0x80 | (codePoint & 0x3f)), 3);
    m.keyLen += 4;
  }
}
