/** Numbers of JSON on their way through the masker. A number that is masked becomes a string, unless a number is left. */
import { strengthOf } from '../../classify/detector-set';
import { numberKinds, numberStrength } from '../../classify/scan';
import { NumberState, isWholeNumber, numberStep } from '../../json/numbers';
import { Scanner, valueDone } from '../../json/scanner';
import { DateUnit, DetectorKind, MaskOperator, MaskRule } from '../../layout';
import { applyOperator } from '../apply';
import { emitText } from '../emit-text';
import { bucketLen, bucketOf, bucketPtr } from '../operators/bucket';
import { emitConstant } from '../operators/constant';
import { preserveNumber } from '../operators/format-preserving';
import {
  OPERATOR_BYTES,
  closeSpan,
  emitByte,
  isSpanOpen,
  openSpan,
  reserveOutput,
} from '../output';
import { isConstant, operatorOf, ruleOf } from '../rules';
import { Masker, Mode, detectorsOf, keyOf, unitsOf } from '../state';
import { noteMasked } from '../text';
import { appendInput, clearWindow, emitUnits, pushUnit } from '../window';
import { emitJsonConstant } from './constants';

/**
 * Most bytes of a number that is taken whole. A longer one could still be made a card by its exponent, so that it goes
 * wherever cards do.
 */
const NUMBER_HELD_MAX: u32 = 256;
/** A number with fewer bytes is nothing that a detector looks for. */
const DETECTED_MIN: u32 = 7;
const QUOTE: u8 = 0x22;

/** Starts a number, at its first byte. */
export function openNumber(m: Masker, start: usize, end: usize): void {
  const strength = m.nextStrength;
  m.mode = Mode.SkimNumber;
  if (strength == 0) {
    if (m.detectorStrength == 0 || isShortInteger(start, end)) return;
  } else if (isConstant(operatorOf(m.blob, strength))) {
    noteMasked(m, strength);
    closeSpan(start);
    emitJsonConstant(m, strength);
    return;
  }
  closeSpan(start);
  clearWindow(m);
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
    if (m.mode == Mode.HeldNumber && !holdNumber(m, p - 1)) return 0;
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
    if (p - start >= <usize>DETECTED_MIN - 1) return false;
  }
  return false;
}

function holdNumber(m: Masker, p: usize): bool {
  if (!appendInput(m, p, 1)) return false;
  pushUnit(m, load<u8>(p));
  if (m.unitCount <= NUMBER_HELD_MAX) return true;
  // What follows are digits without end.
  if (decideNumber(m, false)) m.mode = Mode.SkimNumber;
  else {
    m.mode = Mode.SkimNumber;
    openSpan(p + 1);
  }
  return true;
}

function finishNumber(m: Masker, s: Scanner): void {
  if (m.mode == Mode.HeldNumber) decideNumber(m, true);
  m.mode = Mode.Structure;
  valueDone(s);
}

/** Emits the held number, masked or as it was. True when it was masked. */
function decideNumber(m: Masker, isWhole: bool): bool {
  let strength = m.nextStrength;
  if (m.detectorStrength > strength) {
    const found = isWhole ? foundStrength(m) : strengthOf(detectorsOf(m), DetectorKind.Card);
    if (found > strength) strength = found;
  }
  if (strength == 0) {
    emitUnits(m, 0, m.unitCount);
    clearWindow(m);
    return false;
  }
  noteMasked(m, strength);
  if (!reserveOutput(OPERATOR_BYTES)) return true;
  if (!isWhole || isConstant(operatorOf(m.blob, strength))) emitWithout(m, strength);
  else if (!emitNumber(m, strength)) emitAsString(m, strength);
  clearWindow(m);
  return true;
}

/** A number too long to be taken whole leaves nothing. */
function emitWithout(m: Masker, strength: u32): void {
  if (isConstant(operatorOf(m.blob, strength))) {
    emitJsonConstant(m, strength);
    return;
  }
  emitByte(QUOTE);
  emitConstant(m, 0);
  emitByte(QUOTE);
}

function emitAsString(m: Masker, strength: u32): void {
  m.decodedLen = m.unitCount;
  memory.copy(keyOf(m), unitsOf(m), m.unitCount);
  emitByte(QUOTE);
  applyOperator(m, 0, m.unitCount, strength, true);
  emitByte(QUOTE);
}

/** Operators that leave a number. False when the operator or the value is none of these. */
function emitNumber(m: Masker, strength: u32): bool {
  const units = unitsOf(m);
  const operator = operatorOf(m.blob, strength);
  if (operator == MaskOperator.Bucket) {
    // A date that is written as a number leaves a text.
    if (load<u32>(ruleOf(m.blob, strength), MaskRule.param) >= <u32>DateUnit.Month) return false;
    if (!bucketOf(m, units, m.unitCount, strength)) return false;
    emitText(m, bucketPtr, bucketLen);
    return true;
  }
  if (operator != MaskOperator.FormatPreserving) return false;
  if (load<u32>(ruleOf(m.blob, strength), MaskRule.param) != 10) return false;
  const sign: u32 = load<u8>(units) == 0x2d ? 1 : 0;
  const len = m.unitCount - sign;
  for (let i: u32 = 0; i < len; i++) {
    if (<u32>load<u8>(units + sign + i) - 0x30 >= 10) return false;
  }
  if (!preserveNumber(m, units + sign, len)) return false;
  emitText(m, units, m.unitCount);
  return true;
}

/** The strength of what the number is. */
function foundStrength(m: Masker): u32 {
  const found = numberStrength(detectorsOf(m), unitsOf(m), m.unitCount);
  for (let kinds = numberKinds; kinds != 0; kinds &= kinds - 1) {
    const strength = strengthOf(detectorsOf(m), <u32>ctz(kinds));
    if (strength != 0) m.found |= load<u64>(ruleOf(m.blob, strength), MaskRule.labels);
  }
  return found;
}
