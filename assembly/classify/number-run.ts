/**
 * Digits in groups: what card numbers and national ids are read from. One separator may stand
 * between two groups, and up to three ignorable units between two digits. Digits are read once,
 * into a ring, and asked for by their index.
 *
 *   VALUES   u8[64]      value of the digit
 *   PLACES   u32[64]     its position in the text
 *   EVEN     u8[128]     Luhn sum of the digits before it modulo 10, those of odd index doubled; twice, so that the ring
 *                        can be read over its end
 *   ODD      u8[128]     the same with those of even index doubled
 *
 * Bit `index & 63` of `breaks` says that a separator stands before the digit, of `weakBreaks` that
 * it is . / or _.
 */
import { IGNORABLE, IGNORABLE_MAX, isDigit } from './units';

/** More digits than anything that is looked for has. */
export const RUN_DIGITS: u32 = 20;

const RING: u32 = 64;
const VALUES: usize = memory.data(64, 8);
const PLACES: usize = memory.data(256, 8);
const EVEN: usize = memory.data(128, 8);
const ODD: usize = memory.data(128, 8);

/** Digits that were read. */
let count: u32 = 0;
/** Where the next digit stands. */
let frontier: u32 = 0;
/** Index of the digit that was asked for last. */
let cursor: u32 = 0;
let evenSum: u32 = 0;
let oddSum: u32 = 0;
let breaks: u64 = 0;
let weakBreaks: u64 = 0;
/** The run is over: no digit follows. */
let isClosed: bool = true;
/** The text ends before the run does. */
let isBlocked: bool = false;

/** Forgets what is known of a text. */
export function clearRun(): void {
  count = 0;
  frontier = 0;
  cursor = 0;
  isClosed = true;
  isBlocked = false;
}

/**
 * Takes the digit at `pos` as the first one; positions only rise. False when the text ends before
 * RUN_DIGITS digits or the end of the run are seen.
 */
export function openRun(text: usize, pos: u32, len: u32, isEnd: bool): bool {
  if (count == 0 || pos > placeOf(count - 1)) beginRun(pos);
  while (cursor + 1 < count && placeOf(cursor) != pos) cursor++;
  const wanted = cursor + RUN_DIGITS;
  while (count < wanted && !isClosed && !isBlocked) readGap(text, len, isEnd, takeDigit(text));
  return count >= wanted || isClosed;
}

/**
 * Bit n is set when a group ends in front of the digit n behind the first one; n is at most
 * RUN_DIGITS - 1.
 */
// @ts-ignore: decorator
@inline
export function groupEnds(): u32 {
  const known = min(count - cursor, RUN_DIGITS);
  let ends = (<u32>rotr(breaks, u64(cursor & (RING - 1)))) & ((1 << known) - 1);
  if (isClosed && count - cursor == known) ends |= 1 << known;
  return ends & ~1;
}

/** Bit n is set when . / or _ stands before the digit n. */
// @ts-ignore: decorator
@inline
export function weakEnds(): u32 {
  const known = min(count - cursor, RUN_DIGITS);
  return (<u32>rotr(weakBreaks, u64(cursor & (RING - 1)))) & ((1 << known) - 1) & ~1;
}

/**
 * Bit n is set when the first 12 + n digits end in their right Luhn digit, for n to 7; of digits
 * that were not read it says nothing. They do when the sum that leaves the last of them as it is
 * has come back to where it was.
 */
export function luhnLengths(): u32 {
  const slot = <usize>(cursor & (RING - 1));
  const even = sameAs(EVEN + slot);
  const odd = sameAs(ODD + slot);
  return (cursor & 1) != 0 ? (even & 0x55) | (odd & 0xaa) : (even & 0xaa) | (odd & 0x55);
}

/** A bit for each of the eight sums from the twelfth on that is the same as the first one. */
// @ts-ignore: decorator
@inline
function sameAs(sums: usize): u32 {
  const later = v128.load64_zero(sums + 12);
  return (<u32>i8x16.bitmask(i8x16.eq(later, i8x16.splat(load<u8>(sums))))) & 0xff;
}

/** Behind the n-th digit. */
// @ts-ignore: decorator
@inline
export function endOfDigits(n: u32): u32 {
  return placeOf(cursor + n - 1) + 1;
}

/** Value of the digit n, counted from 0. */
// @ts-ignore: decorator
@inline
export function runDigit(n: u32): u32 {
  return <u32>load<u8>(VALUES + <usize>((cursor + n) & (RING - 1)));
}

// @ts-ignore: decorator
@inline
function placeOf(index: u32): u32 {
  return load<u32>(PLACES + ((<usize>(index & (RING - 1))) << 2));
}

function beginRun(pos: u32): void {
  count = 0;
  cursor = 0;
  frontier = pos;
  evenSum = 0;
  oddSum = 0;
  breaks = 0;
  weakBreaks = 0;
  isClosed = false;
  isBlocked = false;
  store<u32>(PLACES, pos);
  storeSums();
}

/** Reads the digit at the frontier; the position behind it. */
// @ts-ignore: decorator
@inline
function takeDigit(text: usize): u32 {
  const value = <u32>load<u8>(text + <usize>frontier) - 0x30;
  const slot = <usize>(count & (RING - 1));
  const doubled = value < 5 ? value << 1 : (value << 1) - 9;
  store<u8>(VALUES + slot, <u8>value);
  store<u32>(PLACES + (slot << 2), frontier);
  const isOdd = (count & 1) != 0;
  evenSum = addModulo(evenSum, isOdd ? doubled : value);
  oddSum = addModulo(oddSum, isOdd ? value : doubled);
  count++;
  storeSums();
  return frontier + 1;
}

/** Sums of what is before the digit `count`. */
// @ts-ignore: decorator
@inline
function storeSums(): void {
  const slot = <usize>(count & (RING - 1));
  store<u8>(EVEN + slot, <u8>evenSum);
  store<u8>(EVEN + slot, <u8>evenSum, 64);
  store<u8>(ODD + slot, <u8>oddSum);
  store<u8>(ODD + slot, <u8>oddSum, 64);
}

// @ts-ignore: decorator
@inline
function addModulo(sum: u32, term: u32): u32 {
  const total = sum + term;
  return total < 10 ? total : total - 10;
}

/** Looks for the digit behind position `start`. */
function readGap(text: usize, len: u32, isEnd: bool, start: u32): void {
  const bit = u64(1) << u64(count & (RING - 1));
  breaks &= ~bit;
  weakBreaks &= ~bit;
  let ignored: u32 = 0;
  let separator: u8 = 0;
  let p = start;
  for (; p < len; p++) {
    const unit = load<u8>(text + <usize>p);
    if (isDigit(unit)) break;
    if (unit == IGNORABLE && ignored < IGNORABLE_MAX) {
      ignored++;
    } else if (separator == 0 && isSeparator(unit)) {
      separator = unit;
    } else {
      isClosed = true;
      return;
    }
  }
  if (p == len) {
    isClosed = isEnd;
    isBlocked = !isEnd;
    return;
  }
  frontier = p;
  if (separator == 0) return;
  breaks |= bit;
  if (separator != 0x20 && separator != 0x2d) weakBreaks |= bit;
}

// @ts-ignore: decorator
@inline
function isSeparator(unit: u8): bool {
  return unit == 0x20 || (unit >= 0x2d && unit <= 0x2f) || unit == 0x5f;
}
