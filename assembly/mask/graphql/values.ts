/** Values in GraphQL documents on their way through the masker: what is under a rule becomes a string, or null. */
import { numberKinds, numberStrength, strengthOf } from '../../classify/scan';
import { MaskOperator, MaskRule } from '../../layout';
import { CharEvent, stringStep } from '../../json/strings';
import { applyOperator } from '../apply';
import { Utf8Event, utf8Step } from '../../charset/utf8';
import { FieldMode, closeField, fieldByte, fieldChar, openPlainField } from '../bodies/field-value';
import { Escape } from '../escape';
import { emitConstant } from '../operators/constant';
import {
  OPERATOR_BYTES,
  closeSpan,
  emitByte,
  emitRaw,
  lacksRoom,
  openSpan,
  reserveOutput,
} from '../output';
import { isConstant, operatorOf, ruleOf } from '../rules';
import { Masker, detectorsOf, keyOf, rawOf, scannerOf, unitsOf } from '../state';
import { noteMasked, textChar } from '../text';
import { appendInput, clearWindow, emitWindow, pushUnit, rawStartOf } from '../window';
import { Query, QueryPlace, endValue } from './state';

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const NUMBER_MAX: u32 = 256;
/** Two quotes of a block string as they are written. */
const quotes: usize = memory.data(192);
/** `quotes` of a block string behind a backslash, and behind one and its quotes. */
const ESCAPED: u32 = 4;
const BLOCK_QUOTES: u32 = 3;

/** Starts a number, or a name that is a value, at `p`: it is held. */
export function holdToken(m: Masker, p: usize): void {
  closeSpan(p);
  clearWindow(m);
}

/** Takes a byte of a number. False when it is longer than any. */
export function takeNumberByte(m: Masker, p: usize): bool {
  if (m.unitCount == NUMBER_MAX || !appendInput(m, p, 1)) return false;
  pushUnit(m, load<u8>(p));
  return true;
}

/** Ends a number before `p`, 0 at the end. */
export function endNumber(m: Masker, s: Query, p: usize): bool {
  if (!reserveOutput(OPERATOR_BYTES)) return false;
  let strength = s.strength;
  if (m.detectorStrength > strength) {
    const found = numberStrength(detectorsOf(m), unitsOf(m), m.unitCount);
    noteFound(m);
    if (found > strength) strength = found;
  }
  if (strength == 0) emitWindow(m);
  else {
    noteMasked(m, strength);
    emitNumber(m, strength);
  }
  clearWindow(m);
  endValue(m, s);
  if (p != 0) openSpan(p);
  return !lacksRoom;
}

/** Emits what stands for a value that is neither a number nor a string, or the value itself. */
export function endWord(m: Masker, s: Query, p: usize): bool {
  if (s.isValue && s.strength != 0) {
    noteMasked(m, s.strength);
    emitNull();
  } else emitWindow(m);
  clearWindow(m);
  if (p != 0) openSpan(p);
  return true;
}

/** Begins a string whose text begins at `p`. */
export function beginString(m: Masker, s: Query, p: usize, isBlock: bool): bool {
  s.place = isBlock ? QueryPlace.Block : QueryPlace.String;
  s.quotes = 0;
  m.escape = isBlock ? Escape.Word : Escape.Json;
  return openPlainField(m, p, s.strength);
}

/** Takes a byte of a string. False when it is malformed or there is no room. */
export function takeStringByte(m: Masker, s: Query, p: usize): bool {
  const chars = scannerOf(m);
  const event = stringStep(chars, load<u8>(p));
  if (event == CharEvent.Malformed) return false;
  if (event == CharEvent.End) {
    s.place = QueryPlace.Ground;
    if (!closeField(m, p)) return false;
    endValue(m, s);
    return true;
  }
  if (!fieldByte(m, p)) return false;
  if (event == CharEvent.More || m.mode != FieldMode.Text) return true;
  return textChar(m, chars.codePoint, chars.joined);
}

/** Takes a byte of a block string: three quotes end it, unless a backslash is before them. */
export function takeBlockByte(m: Masker, s: Query, p: usize): bool {
  const byte = load<u8>(p);
  if (s.quotes >= ESCAPED) return takeEscaped(m, s, p, byte);
  if (s.needed == 0) {
    if (byte == QUOTE) {
      if (++s.quotes == BLOCK_QUOTES) return endBlock(m, s, p);
      return m.mode == FieldMode.Pass || appendInput(m, p, 1);
    }
    if (!releaseQuotes(m, s, p)) return false;
    if (byte == BACKSLASH) s.quotes = ESCAPED;
  }
  return takeTextByte(m, s, p);
}

/** Takes a byte of UTF-8. */
export function takeTextByte(m: Masker, s: Query, p: usize): bool {
  const event = utf8Step(s, load<u8>(p));
  if (event == Utf8Event.Malformed || !fieldByte(m, p)) return false;
  return event == Utf8Event.More || fieldChar(m, s.codePoint, p + 1);
}

/** A quote behind a backslash is a character, as are the two that have to follow it. */
function takeEscaped(m: Masker, s: Query, p: usize, byte: u8): bool {
  if (byte == QUOTE) s.quotes = s.quotes == ESCAPED + 2 ? 0 : s.quotes + 1;
  else {
    s.quotes = 0;
    if (byte == BACKSLASH) s.quotes = ESCAPED;
  }
  return takeTextByte(m, s, p);
}

function endBlock(m: Masker, s: Query, p: usize): bool {
  s.place = QueryPlace.Ground;
  const stays = m.mode == FieldMode.Pass;
  const from = rawStartOf(m, m.unitCount);
  const len = stays ? 0 : m.rawLen - from;
  memory.copy(quotes, rawOf(m) + from, len);
  if (!closeField(m, p)) return false;
  // The last of the three goes out with the input.
  if (!stays) {
    closeSpan(p);
    emitRaw(quotes, len);
    openSpan(p);
  }
  s.quotes = 0;
  endValue(m, s);
  return true;
}

/** One or two quotes that end nothing are a character. */
function releaseQuotes(m: Masker, s: Query, p: usize): bool {
  if (s.quotes == 0) return true;
  s.quotes = 0;
  if (m.mode != FieldMode.Skip) return fieldChar(m, QUOTE, p);
  clearWindow(m);
  return true;
}

function emitNumber(m: Masker, strength: u32): void {
  if (operatorOf(m.blob, strength) == MaskOperator.Null) {
    emitNull();
    return;
  }
  m.escape = Escape.Json;
  emitByte(QUOTE);
  if (isConstant(operatorOf(m.blob, strength))) emitConstant(m, strength);
  else {
    m.decodedLen = m.unitCount;
    memory.copy(keyOf(m), unitsOf(m), m.unitCount);
    applyOperator(m, 0, m.unitCount, strength, true);
  }
  emitByte(QUOTE);
}

function emitNull(): void {
  emitByte(0x6e);
  emitByte(0x75);
  emitByte(0x6c);
  emitByte(0x6c);
}

function noteFound(m: Masker): void {
  for (let kinds = numberKinds; kinds != 0; kinds &= kinds - 1) {
    const strength = strengthOf(detectorsOf(m), <u32>ctz(kinds));
    if (strength != 0) m.found |= load<u64>(ruleOf(m.blob, strength), MaskRule.labels);
  }
}
