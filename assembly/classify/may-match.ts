/**
 * The fast refusal: most texts hold nothing that a detector could begin with, and sixteen bytes at
 * a time say so.
 *
 * A byte's classes are what the tables of its two halves have in common:
 *
 *   1 digit   2, 4 letter or _   8 @   16 :   32 =   64 + - . /   128 -
 */
import { DetectorSet, Need } from './detector-set';

const LOW_HALF = memory.data<u8>([
  0x0d, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x16, 0x42, 0x02, 0xe2, 0x42, 0x46,
]);
const HIGH_HALF = memory.data<u8>([
  0x00, 0x00, 0xc0, 0x31, 0x0a, 0x04, 0x02, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
]);
/** Classes of the characters that keys and tokens consist of. */
const TOKEN: u8 = 0x67;
const DASH: u8 = 0x80;

/** The last bytes of a text, with zeros behind them. */
const TAIL: usize = memory.data(32, 16);

/**
 * Whether a detector of the set could find something in ASCII text: false is certain, true is not.
 * A byte that is not ASCII counts as nothing, so texts that have one must be scanned.
 */
export function mayMatch(set: DetectorSet, ptr: usize, len: u32): bool {
  const needs = set.needs;
  if (needs == 0) return false;
  if ((needs & Need.Nothing) != 0) return len != 0;
  let single: u8 = 0;
  if ((needs & Need.Digit) != 0) single |= 1;
  if ((needs & Need.At) != 0) single |= 8;
  if ((needs & Need.Colon) != 0) single |= 16;
  const singles = i8x16.splat(single);
  const hasRuns = (needs & (Need.Run | Need.Dashes)) != 0;
  let tokens: u64 = 0;
  let dashes: u64 = 0;
  let p = ptr;
  for (let left = len; left != 0;) {
    if (left < 32) {
      v128.store(TAIL, i8x16.splat(0));
      v128.store(TAIL, i8x16.splat(0), 16);
      memory.copy(TAIL, p, left);
      p = TAIL;
      left = 32;
    }
    const first = classesOf(v128.load(p));
    const second = classesOf(v128.load(p, 16));
    if (v128.any_true(v128.and(v128.or(first, second), singles))) return true;
    if (hasRuns) {
      tokens = (tokens >> 32) | (maskOf(first, second, TOKEN) << 32);
      dashes = (dashes >> 32) | (maskOf(first, second, DASH) << 32);
      if ((needs & Need.Run) != 0 && hasRunOf20(tokens)) return true;
      if ((needs & Need.Dashes) != 0 && hasRunOf5(dashes)) return true;
    }
    p += 32;
    left -= 32;
  }
  return false;
}

// @ts-ignore: decorator
@inline
function classesOf(bytes: v128): v128 {
  const low = i8x16.swizzle(v128.load(LOW_HALF), v128.and(bytes, i8x16.splat(0x0f)));
  return v128.and(low, i8x16.swizzle(v128.load(HIGH_HALF), i8x16.shr_u(bytes, 4)));
}

/** A bit for each of 32 bytes that has one of the classes. */
// @ts-ignore: decorator
@inline
function maskOf(first: v128, second: v128, classes: u8): u64 {
  const wanted = i8x16.splat(classes);
  const none = i8x16.splat(0);
  const low = i8x16.bitmask(i8x16.ne(v128.and(first, wanted), none));
  const high = i8x16.bitmask(i8x16.ne(v128.and(second, wanted), none));
  return <u64>((<u32>low) | ((<u32>high) << 16));
}

/** Whether 20 neighbouring bits are set. */
// @ts-ignore: decorator
@inline
function hasRunOf20(mask: u64): bool {
  let run = mask & (mask >> 1);
  run &= run >> 2;
  run &= run >> 4;
  run &= run >> 8;
  return (run & (run >> 4)) != 0;
}

// @ts-ignore: decorator
@inline
function hasRunOf5(mask: u64): bool {
  const run = mask & (mask >> 1);
  return (run & (run >> 2) & (mask >> 4)) != 0;
}
