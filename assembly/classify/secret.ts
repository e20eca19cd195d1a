/**
 * Secrets without a form of their own: runs of 20 units or more that look random. Their letters are
 * of both cases, they have digits, as many bits to the character as random ones, and change between
 * kinds of character as often. So hex digests, UUIDs, words and paths are none. Of a longer run the
 * first 256 units decide.
 */
import { LOOKAHEAD_MAX, NOTHING, UNDECIDED } from './answers';
import { RunSlot, endOfRun } from './token-run';
import { Unit, isDigit, unitAt, unitClass } from './units';

const SECRET_MIN: u32 = 20;
/** From here on more bits to the character are asked for. */
const LONG_MIN: u32 = 32;
/** Bits to the character, in 256ths: 3.5 and 4. */
const SHORT_ENTROPY: u32 = 896;
const LONG_ENTROPY: u32 = 1024;

/** u32 by count: count * log2(count), in 256ths. */
const COUNT_BITS: usize = buildCountBits(memory.data(1028, 8));
/** u16 by unit: how often it was there. */
const COUNTS: usize = memory.data(256, 16);

/** Set by `secretAt`: the secret may go on behind its end. */
export let isSecretOpen: bool = false;

/** The end of the secret that begins at `pos`, or LOOKAHEAD_MAX units behind it. */
export function secretAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  isSecretOpen = false;
  if (!isTokenUnit(unitAt(text, pos + SECRET_MIN - 1, len))) return NOTHING;
  if (!isTokenUnit(unitAt(text, pos + SECRET_MIN / 2, len))) return NOTHING;
  const run = endOfRun(RunSlot.Token, text, pos, len, Unit.Token);
  const limit = pos + LOOKAHEAD_MAX;
  if (run == len && run < limit && !isEnd) return UNDECIDED;
  if (run - pos < SECRET_MIN) return NOTHING;
  const end = min(run, limit);
  if (!looksRandom(text, pos, end)) return NOTHING;
  isSecretOpen = run >= limit;
  return end;
}

// @ts-ignore: decorator
@inline
function isTokenUnit(unit: u8): bool {
  return (unitClass(unit) & Unit.Token) != 0;
}

function looksRandom(text: usize, start: u32, end: u32): bool {
  for (let at: usize = 0; at < 256; at += 16) v128.store(COUNTS + at, i8x16.splat(0));
  let kinds: u32 = 0;
  let before: u32 = 0;
  let changes: u32 = 0;
  let bits: u32 = 0;
  for (let p = start; p < end; p++) {
    const unit = load<u8>(text + <usize>p);
    const kind: u32 = isDigit(unit) ? 1 : unit >= 0x61 ? 2 : unit - 0x41 < 26 ? 4 : 8;
    kinds |= kind;
    if (kind != before) changes++;
    before = kind;
    const slot = COUNTS + ((<usize>(unit & 0x7f)) << 1);
    const count = load<u16>(slot) + 1;
    store<u16>(slot, count);
    bits += countBits(count) - countBits(count - 1);
  }
  const len = end - start;
  if ((kinds & 7) != 7 || changes * 5 < len * 2) return false;
  // len * entropy = len * log2(len) - sum of count * log2(count).
  return countBits(len) - bits >= len * (len < LONG_MIN ? SHORT_ENTROPY : LONG_ENTROPY);
}

// @ts-ignore: decorator
@inline
function countBits(count: u32): u32 {
  return load<u32>(COUNT_BITS + ((<usize>count) << 2));
}

/** By integers alone, so that every engine has the same table: log2 to 16 bits by squaring. */
function buildCountBits(table: usize): usize {
  store<u32>(table, 0);
  for (let count: u32 = 1; count <= 256; count++) {
    let whole: u32 = 0;
    while (count >> (whole + 1) != 0) whole++;
    let fraction: u32 = 0;
    let mantissa = u64(count) << u64(31 - whole);
    for (let bit = 0; bit < 16; bit++) {
      mantissa = (mantissa * mantissa) >> 31;
      fraction <<= 1;
      if (mantissa >> 32 != 0) {
        mantissa >>= 1;
        fraction |= 1;
      }
    }
    const log = (u64(whole) << 16) | u64(fraction);
    store<u32>(table + ((<usize>count) << 2), <u32>((log * u64(count) + 128) >> 8));
  }
  return table;
}
