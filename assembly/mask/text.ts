/**
 * The text of one value on its way through the masker, whatever format it stands in: characters come in with the bytes
 * they are written as, and go out as they were, or masked. A format calls
 *
 *   openText(m, strength)    and, when that says Skip, emitConstant where the value has to stand
 *   appendInput, textChar    for each character, or textPlain for a run of ASCII that stands for itself
 *   closeText(m)
 *
 * What comes out does not depend on how the value was cut into calls.
 */
import { normalUnit } from '../classify/normal';
import {
  findMatch,
  growStep,
  matchEnd,
  matchGrows,
  matchKinds,
  matchStart,
  matchStrength,
  scanSafe,
} from '../classify/scan';
import { strengthOf } from '../classify/detector-set';
import { MaskOperator, MaskRule } from '../layout';
import { appendUtf8 } from '../memory/utf8';
import { applyOperator } from './apply';
import { Escape } from './escape';
import { emitConstant } from './operators/constant';
import { closeHash, feedHash, openHash } from './operators/hash';
import { drainKeepFirst } from './operators/keep-first';
import { drainKeepLast } from './operators/keep-last';
import { drainTruncate } from './operators/truncate';
import { OPERATOR_BYTES, emitFill, lacksRoom, reserveOutput } from './output';
import { isConstant, operatorOf, ruleOf } from './rules';
import { KEY_MAX, Masker, UNITS_MAX, detectorsOf, keyOf, unitsOf } from './state';
import {
  clearWindow,
  dropUnits,
  emitUnits,
  extendUnit,
  isFull,
  pushPlain,
  pushUnit,
  rawStartOf,
  replaceUnit,
} from './window';
import { emitMarkers } from './xml-markers';

/** What happens to the characters of a value. */
export const enum TextMode {
  /** they go out as they are: the format passes them itself */
  Pass = 0,
  /** they do not go out: the format writes what stands for them with `emitConstant` */
  Skip = 1,
  /** values are looked for in them */
  Detect = 2,
  KeepLast = 3,
  KeepFirst = 4,
  Truncate = 5,
  Hash = 6,
  /** they are held until the value is whole */
  Whole = 7,
}

/** Most bytes of decoded text that a value may have to be taken whole; a longer one is redacted. */
const WHOLE_MAX: u32 = 1_024;
const STAR: u8 = 0x2a;
const HALF_BYTES: u32 = 3;

/** Starts a value under a rule (0: none). */
export function openText(m: Masker, strength: u32): TextMode {
  clearWindow(m);
  m.textStrength = strength;
  m.textMode = modeOf(m, strength);
  if (strength != 0) noteMasked(m, strength);
  if (m.textMode == TextMode.Hash) openHash(m);
  return <TextMode>m.textMode;
}

/** Counts a value that is masked, and notes its labels. What lies in a member that is dropped went with it. */
export function noteMasked(m: Masker, strength: u32): void {
  if (!m.isMuted) m.count++;
  m.found |= load<u64>(ruleOf(m.blob, strength), MaskRule.labels);
}

/**
 * Takes a character whose bytes were appended. `joined`: the low half of a surrogate pair, which belongs to the character
 * before. False when the value cannot be held.
 */
export function textChar(m: Masker, codePoint: u32, joined: bool): bool {
  const mode = m.textMode;
  if (mode <= TextMode.Skip) {
    m.rawLen = 0;
    return true;
  }
  if (mode == TextMode.Hash) {
    m.rawLen = 0;
    return feedHash(m, codePoint, joined);
  }
  if (joined) return joinHalf(m, codePoint);
  if (mode == TextMode.Whole) {
    if (isFull(m) || !holdDecoded(m, codePoint)) return giveUpWhole(m);
  } else if (isFull(m) && !drain(m)) return false;
  if (mode == TextMode.Detect || mode == TextMode.Whole) pushUnit(m, normalUnit(codePoint));
  else pushUnit(m, codePoint < 0x80 ? <u8>codePoint : 0x80);
  return true;
}

/** Takes `len` input bytes that are ASCII and stand for themselves. False when the value cannot be held. */
export function textPlain(m: Masker, p: usize, len: u32): bool {
  const mode = m.textMode;
  if (mode <= TextMode.Skip) return true;
  if (mode == TextMode.Hash || mode == TextMode.Whole) return plainByChar(m, p, len);
  for (let at: u32 = 0; at < len;) {
    const taken = pushPlain(m, p + at, len - at);
    at += taken;
    if (at < len && !drain(m)) return false;
  }
  return true;
}

/** Lets go what is decided at the end of a chunk. False when there is no room. */
export function settleText(m: Masker): bool {
  const mode = m.textMode;
  if (mode <= TextMode.Skip || mode >= TextMode.Hash || m.unitCount == 0) return true;
  drain(m);
  return !lacksRoom;
}

/** Ends the value: what was held goes out. False when there is no room. */
export function closeText(m: Masker): bool {
  if (!reserveOutput(OPERATOR_BYTES)) return false;
  switch (m.textMode) {
    case TextMode.Detect:
      drainDetect(m, true);
      break;
    case TextMode.KeepLast:
      drainKeepLast(m, keepOf(m), true);
      break;
    case TextMode.KeepFirst:
      drainKeepFirst(m, keepOf(m), true);
      break;
    case TextMode.Truncate:
      drainTruncate(m, keepOf(m), true);
      break;
    case TextMode.Hash:
      closeHash(m);
      break;
    case TextMode.Whole:
      applyOperator(m, 0, m.unitCount, strongestOf(m), true);
      break;
  }
  clearWindow(m);
  m.textMode = TextMode.Pass;
  return true;
}

function modeOf(m: Masker, strength: u32): TextMode {
  if (strength == 0) return m.detectorStrength == 0 ? TextMode.Pass : TextMode.Detect;
  const operator = operatorOf(m.blob, strength);
  if (isConstant(operator)) return TextMode.Skip;
  // What a weaker rule leaves could hold what a detector looks for: the stronger of the two has to be known first.
  if (m.detectorStrength > strength || m.keepsLength) return TextMode.Whole;
  switch (operator) {
    case MaskOperator.KeepLast:
      return TextMode.KeepLast;
    case MaskOperator.KeepFirst:
      return TextMode.KeepFirst;
    case MaskOperator.Truncate:
      return TextMode.Truncate;
    case MaskOperator.Hash:
      return TextMode.Hash;
    default:
      return TextMode.Whole;
  }
}

function keepOf(m: Masker): u32 {
  return load<u8>(ruleOf(m.blob, m.textStrength), MaskRule.keep);
}

function plainByChar(m: Masker, p: usize, len: u32): bool {
  for (let i: u32 = 0; i < len; i++) {
    // In front of the character: `giveUpWhole` may have ended the holding.
    if (m.textMode == TextMode.Skip) return true;
    if (m.textMode == TextMode.Whole && pushPlain(m, p + i, 1) == 0) return giveUpWhole(m);
    if (m.textMode == TextMode.Whole) {
      if (!holdDecoded(m, load<u8>(p + i))) return giveUpWhole(m);
    } else if (!feedHash(m, load<u8>(p + i), false)) return false;
  }
  return true;
}

/** Makes room in a full window. False when nothing of it can be decided. */
function drain(m: Masker): bool {
  if (!reserveOutput(OPERATOR_BYTES)) return false;
  switch (m.textMode) {
    case TextMode.Detect:
      drainDetect(m, false);
      break;
    case TextMode.KeepLast:
      drainKeepLast(m, keepOf(m), false);
      break;
    case TextMode.KeepFirst:
      drainKeepFirst(m, keepOf(m), false);
      break;
    case TextMode.Truncate:
      drainTruncate(m, keepOf(m), false);
      break;
    default:
      return giveUpWhole(m);
  }
  return !isFull(m);
}

/** A value that is too long to be taken whole is redacted; the rest of it is skipped. */
function giveUpWhole(m: Masker): bool {
  if (!reserveOutput(OPERATOR_BYTES)) return false;
  emitConstant(m, 0);
  clearWindow(m);
  m.textMode = TextMode.Skip;
  return true;
}

/** False when the text has become too long. INVARIANT: it was not before, and the region of names is longer. */
function holdDecoded(m: Masker, codePoint: u32): bool {
  m.decodedLen += appendUtf8(keyOf(m) + m.decodedLen, codePoint);
  return m.decodedLen <= WHOLE_MAX;
}

/** Gives the low half of a surrogate pair to the unit of the high half, which was held as three bytes of its own. */
function joinHalf(m: Masker, codePoint: u32): bool {
  const isWhole = m.textMode == TextMode.Whole;
  if (isWhole) {
    m.decodedLen -= HALF_BYTES;
    if (!holdDecoded(m, codePoint)) return giveUpWhole(m);
  }
  extendUnit(m);
  // The half alone said nothing of what the character is: a digit, perhaps.
  if (isWhole || m.textMode == TextMode.Detect) replaceUnit(m, normalUnit(codePoint));
  return true;
}

/** Rule on a value that is whole: its own, or that of something stronger that is found in it. */
function strongestOf(m: Masker): u32 {
  let strength = m.textStrength;
  if (m.detectorStrength <= strength) return strength;
  let from: u32 = 0;
  while (findMatch(detectorsOf(m), unitsOf(m), from, m.unitCount, true)) {
    noteKinds(m);
    if (matchStrength > strength) strength = matchStrength;
    from = matchEnd;
  }
  return strength;
}

/** Lets go what is decided of a value in which others are looked for, and masks what is found. */
function drainDetect(m: Masker, isEnd: bool): void {
  const set = detectorsOf(m);
  const units = unitsOf(m);
  // The low half of a surrogate pair may still join the last unit.
  const count = isEnd ? m.unitCount : m.unitCount - 1;
  let at = m.unitsDone;
  while (at < count) {
    if (m.grows != 0) {
      at = growMatch(m, at, count);
      continue;
    }
    if (!findMatch(set, units, at, count, isEnd)) {
      const safe = min(max(scanSafe, at), count);
      emitUnits(m, at, safe);
      at = safe;
      break;
    }
    emitUnits(m, at, matchStart);
    takeMatch(m);
    at = matchEnd;
  }
  const context = at == 0 ? 0 : at - 1;
  dropUnits(m, context);
  m.unitsDone = at - context;
}

function takeMatch(m: Masker): void {
  if (!m.counted) m.count++;
  m.counted = true;
  noteKinds(m);
  if (matchGrows == 0) {
    applyOperator(m, matchStart, matchEnd, matchStrength, false);
    return;
  }
  // Longer than the window: there is nothing whole that an operator could work on.
  m.grows = matchGrows;
  m.growState = 1;
  if (m.keepsLength) {
    coverUnits(m, matchStart, matchEnd);
    return;
  }
  emitConstant(m, isConstant(operatorOf(m.blob, matchStrength)) ? matchStrength : 0);
  if (m.escape == Escape.XmlText) emitMarkers(m, matchStart, matchEnd);
}

function growMatch(m: Masker, from: u32, count: u32): u32 {
  let at = from;
  for (; at < count; at++) {
    m.growState = growStep(m.grows, m.growState, load<u8>(unitsOf(m) + at));
    if (m.growState == 0) {
      m.grows = 0;
      break;
    }
  }
  if (m.keepsLength) coverUnits(m, from, at);
  if (m.escape == Escape.XmlText) emitMarkers(m, from, at);
  return at;
}

/** Emits a star for each byte of units. */
function coverUnits(m: Masker, from: u32, to: u32): void {
  emitFill(STAR, rawStartOf(m, to) - rawStartOf(m, from));
}

function noteKinds(m: Masker): void {
  for (let kinds = matchKinds; kinds != 0; kinds &= kinds - 1) {
    const strength = strengthOf(detectorsOf(m), <u32>ctz(kinds));
    if (strength != 0) m.found |= load<u64>(ruleOf(m.blob, strength), MaskRule.labels);
  }
}

// INVARIANT: what is taken whole fits into the window.
assert(WHOLE_MAX <= UNITS_MAX && WHOLE_MAX + 4 <= KEY_MAX);
