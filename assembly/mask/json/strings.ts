/** Strings and member names of JSON on their way through the masker. */
import { CharEvent, StringState, plainSkipped, stringStep } from '../../json/strings';
import { skipPlain } from '../../json/plain';
import { Scanner, keyDone, valueDone } from '../../json/scanner';
import { appendUtf8 } from '../../memory/utf8';
import { emitInput, isSpanOpen, openSpan } from '../output';
import { enterMember } from '../paths';
import { KEY_MAX, Masker, Mode, keyOf } from '../state';
import { closeText, settleText, textChar, textPlain } from '../text';
import { appendInput } from '../window';

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

/** Reads a string that goes through the text window. */
export function readTextString(m: Masker, s: Scanner, start: usize, end: usize): usize {
  let p = start;
  while (p < end) {
    if (s.stringState == StringState.Ground) {
      const next = skipPlain(p, end);
      if (next != p) {
        plainSkipped(s);
        if (!textPlain(m, p, <u32>(next - p))) return 0;
      }
      p = next;
      if (p == end) break;
    }
    const event = stringStep(s, load<u8>(p));
    if (event == CharEvent.Malformed) return 0;
    if (event == CharEvent.End) {
      if (!closeText(m)) return 0;
      emitInput(p, p + 1);
      finishString(m, s, p + 1);
      return p + 1;
    }
    if (!appendInput(m, p, 1)) return 0;
    p++;
    if (event == CharEvent.Char && !textChar(m, s.codePoint, s.joined)) return 0;
  }
  return settleText(m) ? p : 0;
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

/** Adds ASCII to the decoded member name. */
export function appendKey(m: Masker, ptr: usize, len: u32): void {
  if (m.keyLen > KEY_MAX || len > KEY_MAX - m.keyLen) {
    m.keyLen = KEY_MAX + 1;
    return;
  }
  memory.copy(keyOf(m) + m.keyLen, ptr, len);
  m.keyLen += len;
}

/**
 * Adds a character to the decoded member name. A high surrogate was written as three bytes of its own; when its low half
 * follows, the pair takes their place.
 */
export function appendCodePoint(m: Masker, codePoint: u32, joined: bool): void {
  if (m.keyLen + 4 > KEY_MAX) {
    m.keyLen = KEY_MAX + 1;
    return;
  }
  if (joined) m.keyLen -= 3;
  m.keyLen += appendUtf8(keyOf(m) + m.keyLen, codePoint);
}
