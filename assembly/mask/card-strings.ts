/**
 * Strings in which card numbers are looked for. Nothing is held back but the run of digits that is
 * being read.
 */
import { CARD_DIGITS_MAX } from '../classify/luhn';
import { COVERED, SEPARATOR, cardEntry, coverCards, isCardSeparator } from '../classify/card-run';
import { skipPlainToDigit } from '../json/plain';
import { Scanner } from '../json/scanner';
import { CharEvent, StringState, stringStep } from '../json/strings';
import { clearHeld, dropHeld, emitHeld, holdWord } from './held';
import { closeSpan, emitByte, emitWord, openSpan } from './output';
import { keptBy } from './rules';
import { Masker, ringOf } from './state';
import { finishString, forgetChar, gatherByte } from './strings';

/** Starts a string; its span is open. */
export function openCardString(m: Masker): void {
  clearHeld(m);
  m.counted = false;
}

/** Reads a string. 0 when it is malformed. */
export function cardString(m: Masker, s: Scanner, start: usize, end: usize): usize {
  let p = start;
  while (p < end) {
    if (isIdle(m)) {
      p = passIdle(s, p, end);
      if (p == end) break;
      if (s.stringState == StringState.Ground && opensRun(load<u8>(p))) {
        closeSpan(p);
      } else {
        const event = stringStep(s, load<u8>(p++));
        if (event == CharEvent.Malformed) return 0;
        if (event != CharEvent.End) continue;
        finishString(m, s, p);
        break;
      }
    }
    const byte = load<u8>(p++);
    const event = stringStep(s, byte);
    if (event == CharEvent.Malformed) return 0;
    if (event == CharEvent.End) {
      endRun(m);
      emitByte(byte);
      finishString(m, s, p);
      break;
    }
    gatherByte(m, byte);
    if (event == CharEvent.Char) {
      takeChar(m, s.codePoint, m.char, m.charLen);
      forgetChar(m);
      if (isIdle(m)) openSpan(p);
    }
  }
  return p;
}

/** No run, no character of which the writing must be kept: the input goes out as it is. */
// @ts-ignore: decorator
@inline
function isIdle(m: Masker): bool {
  return m.ringStart == m.ringEnd && m.groupLen == 0 && m.charLen == 0;
}

/** Only a digit begins a run, but an escape may be one. */
// @ts-ignore: decorator
@inline
function opensRun(byte: u8): bool {
  return <u32>byte - 0x30 < 10 || byte == 0x5c;
}

function passIdle(s: Scanner, start: usize, end: usize): usize {
  return s.stringState == StringState.Ground ? skipPlainToDigit(start, end) : start;
}

function takeChar(m: Masker, codePoint: u32, word: u64, len: u32): void {
  if (codePoint - 0x30 < 10) {
    takeDigit(m, codePoint - 0x30, word, len);
  } else if (m.groupLen != 0 && m.ringStart != m.ringEnd && isCardSeparator(codePoint)) {
    endGroup(m);
    push(m, SEPARATOR, word, len);
    m.groupLen = 0;
  } else {
    endRun(m);
    emitWord(word, len);
  }
}

/**
 * The 20th digit of a group makes it an identifier: from there on groupLen stays and digits go out
 * as they come.
 */
function takeDigit(m: Masker, digit: u32, word: u64, len: u32): void {
  if (m.groupLen > CARD_DIGITS_MAX) {
    emitWord(word, len);
    return;
  }
  push(m, digit, word, len);
  m.seen++;
  m.groupLen++;
  if (m.groupLen > CARD_DIGITS_MAX) {
    emitEntries(m, m.ringEnd);
    m.seen = 0;
    return;
  }
  while (m.seen > CARD_DIGITS_MAX) emitFirstGroup(m);
}

function push(m: Masker, digit: u32, word: u64, len: u32): void {
  store<u32>(cardEntry(ringOf(m), m.ringEnd++), (len << 4) | digit);
  holdWord(m, word, len);
}

function endGroup(m: Masker): void {
  if (!coverCards(ringOf(m), m.ringStart, m.ringEnd, keptBy(m.cardStrength))) return;
  if (!m.counted) m.count++;
  m.counted = true;
}

function endRun(m: Masker): void {
  if (m.ringStart != m.ringEnd) {
    if (m.groupLen != 0) endGroup(m);
    emitEntries(m, m.ringEnd);
  }
  m.seen = 0;
  m.groupLen = 0;
}

/** Any card that ends later begins later, so what is covered of the first group is settled. */
function emitFirstGroup(m: Masker): void {
  let next = m.ringStart;
  while ((load<u32>(cardEntry(ringOf(m), next)) & 15) != SEPARATOR) {
    next++;
    m.seen--;
  }
  emitEntries(m, next + 1);
}

function emitEntries(m: Masker, end: u32): void {
  for (; m.ringStart != end; m.ringStart++) {
    const entry = load<u32>(cardEntry(ringOf(m), m.ringStart));
    const len = (entry >> 4) & 15;
    if ((entry & COVERED) != 0) {
      emitByte(0x2a /* * */);
      dropHeld(m, len);
    } else {
      emitHeld(m, len);
    }
  }
}
