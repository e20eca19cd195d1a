/**
 * DateShift: a date moves by a number of days that the key of the mesh decides, the same for every value, so that the
 * days between two dates stay. Dates are `2026-11-27` with or without a time behind it, and `20261127`; others are
 * redacted, as are those that would leave the years 1 to 9999.
 */
import { MaskKey, MaskRule } from '../../layout';
import { emitText } from '../emit-text';
import { keysOf, ruleOf } from '../rules';
import { Masker, unitsOf } from '../state';
import { emitUnits } from '../window';
import {
  civilOfDays,
  day,
  daysOfCivil,
  month,
  parseDate,
  dateLen,
  isCompact,
  year,
} from './civil-date';
import { emitConstant } from './constant';

const written: usize = memory.data(10);
const HYPHEN: u8 = 0x2d;

/** Masks units `from` to `to` of the window. */
export function shiftUnits(m: Masker, from: u32, to: u32, strength: u32): void {
  if (!parseDate(unitsOf(m) + from, to - from)) {
    emitConstant(m, 0);
    return;
  }
  const range = load<u32>(ruleOf(m.blob, strength), MaskRule.param);
  const len = dateLen;
  civilOfDays(daysOfCivil(year, month, day) + shiftOf(m, range));
  if (year < 1 || year > 9999) {
    emitConstant(m, 0);
    return;
  }
  let at = writeNumber(written, <u32>year, 4);
  if (!isCompact) store<u8>(at++, HYPHEN);
  at = writeNumber(at, month, 2);
  if (!isCompact) store<u8>(at++, HYPHEN);
  at = writeNumber(at, day, 2);
  emitText(m, written, <u32>(at - written));
  emitUnits(m, from + len, to);
}

/** From -range to range, never 0. */
function shiftOf(m: Masker, range: u32): i32 {
  const drawn = <i32>(load<u64>(keysOf(m.blob), MaskKey.dateShift) % (2 * <u64>range));
  const shift = drawn - <i32>range;
  return shift < 0 ? shift : shift + 1;
}

function writeNumber(target: usize, value: u32, digits: u32): usize {
  let rest = value;
  for (let at = <usize>digits; at-- != 0; rest /= 10) {
    store<u8>(target + at, <u8>(0x30 + (rest % 10)));
  }
  return target + digits;
}
