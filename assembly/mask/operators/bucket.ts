/**
 * Bucket: a number becomes the least one of its bucket (37 of width 10: 30; -1: -10), a date its month, year or
 * decade. What is neither is redacted.
 */
import { DateUnit, MaskRule } from '../../layout';
import { writeDecimal } from '../../memory/bytes';
import { emitText } from '../emit-text';
import { ruleOf } from '../rules';
import { Masker, unitsOf } from '../state';
import { month, parseDate, year } from './civil-date';
import { emitConstant } from './constant';

/** Most integer digits of a number. */
const DIGITS_MAX: u32 = 15;

/** What the last `bucketOf` came to. */
export const bucketPtr: usize = memory.data(32);
export let bucketLen: u32 = 0;

/** Masks units `from` to `to` of the window. */
export function bucketUnits(m: Masker, from: u32, to: u32, strength: u32): void {
  if (bucketOf(m, unitsOf(m) + from, to - from, strength)) emitText(m, bucketPtr, bucketLen);
  else emitConstant(m, 0);
}

/** Leaves the bucket of a text in `bucketPtr`. False when it has none. */
export function bucketOf(m: Masker, ptr: usize, len: u32, strength: u32): bool {
  const param = load<u32>(ruleOf(m.blob, strength), MaskRule.param);
  return param >= <u32>DateUnit.Month ? bucketDate(ptr, len, param) : bucketNumber(ptr, len, param);
}

function bucketDate(ptr: usize, len: u32, unit: u32): bool {
  if (!parseDate(ptr, len)) return false;
  const shown = unit == <u32>DateUnit.Decade ? year - (year % 10) : year;
  writeFour(<u32>shown);
  bucketLen = 4;
  if (unit != <u32>DateUnit.Month) return true;
  store<u8>(bucketPtr, 0x2d, 4);
  store<u8>(bucketPtr, <u8>(0x30 + month / 10), 5);
  store<u8>(bucketPtr, <u8>(0x30 + (month % 10)), 6);
  bucketLen = 7;
  return true;
}

/** An integer, or one with a fraction, without exponent. */
function bucketNumber(ptr: usize, len: u32, width: u32): bool {
  const isNegative = len != 0 && load<u8>(ptr) == 0x2d;
  let at: u32 = isNegative ? 1 : 0;
  const first = at;
  let value: u64 = 0;
  for (; at < len && isDigit(ptr, at); at++) {
    if (at - first == DIGITS_MAX) return false;
    value = value * 10 + <u64>(load<u8>(ptr + at) - 0x30);
  }
  if (at == first) return false;
  let hasFraction = false;
  if (at < len) {
    if (load<u8>(ptr + at) != 0x2e || at + 1 == len) return false;
    for (at++; at < len; at++) {
      if (!isDigit(ptr, at)) return false;
      if (load<u8>(ptr + at) != 0x30) hasFraction = true;
    }
  }
  writeFloor(value, isNegative, hasFraction, <u64>width);
  return true;
}

function writeFloor(value: u64, isNegative: bool, hasFraction: bool, width: u64): void {
  if (!isNegative) {
    bucketLen = writeDecimal(bucketPtr, value - (value % width));
    return;
  }
  const over = hasFraction ? value + 1 : value;
  const floor = ((over + width - 1) / width) * width;
  if (floor == 0) {
    bucketLen = writeDecimal(bucketPtr, 0);
    return;
  }
  store<u8>(bucketPtr, 0x2d);
  bucketLen = 1 + writeDecimal(bucketPtr + 1, floor);
}

function isDigit(ptr: usize, at: u32): bool {
  return <u32>load<u8>(ptr + at) - 0x30 < 10;
}

function writeFour(value: u32): void {
  let rest = value;
  for (let at: usize = 4; at-- != 0; rest /= 10) {
    store<u8>(bucketPtr + at, <u8>(0x30 + (rest % 10)));
  }
}
