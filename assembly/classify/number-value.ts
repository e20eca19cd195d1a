/**
 * Values that are written as JSON numbers. Cards are looked for in the digits and in the value
 * (`4.111111111111111e15`); national numbers and patterns without context as they are. What needs a
 * word, a plus sign or groups (telephone numbers, social security numbers) is found by the name of
 * the field, never by a number alone.
 */
import { patternsAt } from './candidates';
import { isCardNumber } from './card-number';
import { DetectorSet, ID_DIGIT_KINDS, PATTERN_KINDS, isEnabled, strengthOf } from './detector-set';
import { clearFound, matchKinds, matchStrength } from './found';
import { idDigitsAt } from './id-digits';
import { DetectorKind } from '../layout';
import { kindBit } from './kinds';
import { clearRun, groupEnds, openRun } from './number-run';
import { isDigit } from './units';

/** Fewest digits of a national number. */
const ID_DIGITS_MIN: u32 = 9;

/** Bits of the kinds that `numberStrength` found. */
export let numberKinds: u64 = 0;

/**
 * The greatest strength of what a JSON number is, 0 when it is nothing. National numbers are its
 * integer digits, without a fraction other than zeros and without an exponent; patterns look at all
 * of it as it is written.
 */
export function numberStrength(set: DetectorSet, ptr: usize, len: u32): u32 {
  numberKinds = 0;
  if (len == 0) return 0;
  let strength: u32 = 0;
  if (isEnabled(set, DetectorKind.Card) && isCardNumber(ptr, len)) {
    numberKinds = kindBit(DetectorKind.Card);
    strength = strengthOf(set, DetectorKind.Card);
  }
  if ((set.enabled & ID_DIGIT_KINDS) != 0) strength = max(strength, idStrength(set, ptr, len));
  if ((set.enabled & PATTERN_KINDS) == 0) return strength;
  clearFound();
  for (let pos: u32 = 0; pos < len; pos++) patternsAt(set, ptr, pos, len, true);
  numberKinds |= matchKinds;
  return max(strength, matchStrength);
}

function idStrength(set: DetectorSet, ptr: usize, len: u32): u32 {
  const start: u32 = load<u8>(ptr) == 0x2d /* - */ ? 1 : 0;
  let end = start;
  while (end < len && isDigit(load<u8>(ptr + <usize>end))) end++;
  if (end - start < ID_DIGITS_MIN || !isWhole(ptr, end, len)) return 0;
  const digits = ptr + <usize>start;
  const count = end - start;
  clearFound();
  clearRun();
  openRun(digits, 0, count, true);
  idDigitsAt(set, digits, 0, count, true, groupEnds());
  numberKinds |= matchKinds;
  return matchStrength;
}

/** Whether nothing but zeros stands behind the integer digits. */
function isWhole(ptr: usize, end: u32, len: u32): bool {
  if (end == len) return true;
  if (load<u8>(ptr + <usize>end) != 0x2e /* . */) return false;
  let p = end + 1;
  while (p < len && load<u8>(ptr + <usize>p) == 0x30) p++;
  return p == len;
}
