/** Numbers on their way through the masker. A number that is masked becomes a string. */
import { isCardNumber } from '../classify/card-number';
import { CARD_DIGITS_MIN } from '../classify/luhn';
import { NumberState, isWholeNumber, numberStep } from '../json/numbers';
import { Scanner, valueDone } from '../json/scanner';
import { clearHeld } from './held';
import { closeKeep, keepChar, openKeep } from './operators/keep-last';
import { closeSpan, emitByte, emitBytes, isSpanOpen, openSpan } from './output';
import { keptBy } from './rules';
import { Masker, Mode, heldOf } from './state';

/** Bytes after which a number is decided by its beginning. */
const NUMBER_HELD_MAX: u32 = 256;

/** Starts a number under the card rule, at its first byte. */
export function openCardNumber(m: Masker, start: usize, end: usize): void {
  m.mode = Mode.SkimNumber;
  if (isShortInteger(start, end)) return;
  closeSpan(start);
  clearHeld(m);
  m.mode = Mode.HeldNumber;
}

/** Reads a number up to the byte behind it. 0 when it is malformed. */
export function readNumber(m: Masker, s: Scanner, start: usize, end: usize): usize {
  let p = start;
  while (p < end) {
    const byte = load<u8>(p);
    const state = numberStep(s.numberState, byte);
    if (state == NumberState.Malformed) return 0;
    if (state == NumberState.Done) {
      finishNumber(m, s);
      if (!isSpanOpen()) openSpan(p);
      break;
    }
    s.numberState = state;
    p++;
    if (m.mode == Mode.KeepNumber) keepChar(m, byte, false, byte, 1);
    else if (m.mode == Mode.HeldNumber) holdNumber(m, byte, p);
  }
  return p;
}

/** Ends a number that the document ends with. False when it is not whole. */
export function endNumber(m: Masker, s: Scanner): bool {
  if (!isWholeNumber(s.numberState)) return false;
  finishNumber(m, s);
  return true;
}

/** Most numbers are short and need not be held. Looking ahead in the slice changes no output. */
function isShortInteger(start: usize, end: usize): bool {
  for (let p = start; p < end; p++) {
    const byte = load<u8>(p);
    if (<u32>byte - 0x30 >= 10 && byte != 0x2d && byte != 0x2e) {
      return (byte | 0x20) != 0x65; /* e */
    }
    if (p - start >= <usize>CARD_DIGITS_MIN - 1) return false;
  }
  return false;
}

function holdNumber(m: Masker, byte: u8, after: usize): void {
  store<u8>(heldOf(m) + m.heldEnd++, byte);
  if (m.heldEnd < NUMBER_HELD_MAX) return;
  decideNumber(m);
  if (m.mode == Mode.SkimNumber) openSpan(after);
}

function finishNumber(m: Masker, s: Scanner): void {
  if (m.mode == Mode.HeldNumber) decideNumber(m);
  if (m.mode == Mode.KeepNumber) {
    closeKeep(m);
    emitByte(0x22 /* " */);
  }
  m.mode = Mode.Structure;
  valueDone(s);
}

/** Lets the held number go, or goes on with it as one under KeepLast. */
function decideNumber(m: Masker): void {
  const held = heldOf(m);
  const len = m.heldEnd;
  if (!isCardNumber(held, len)) {
    emitBytes(held, len);
    clearHeld(m);
    m.mode = Mode.SkimNumber;
    return;
  }
  m.count++;
  m.mode = Mode.KeepNumber;
  emitByte(0x22 /* " */);
  openKeep(m, keptBy(m.cardStrength));
  // INVARIANT: byte i is read before keepChar can write it, as that holds one byte at most for each
  // one it is given.
  for (let i: u32 = 0; i < len; i++) {
    const byte = load<u8>(held + i);
    keepChar(m, byte, false, byte, 1);
  }
}
