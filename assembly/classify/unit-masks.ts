/**
 * What the units around a position are, 64 at a time: a bit for each unit of the block that the
 * scan is in, and of the one behind it. So a unit costs little unless something could begin there,
 * and a detector can refuse a position by what stands within the next 64 units.
 *
 * A unit's classes are what the tables of its two halves have in common, once for each of two sets
 * of tables.
 */
import { DetectorSet, Need, PATTERN_KINDS, beginsPattern } from './detector-set';
import { Unit, unitClass } from './units';

/** Units of a block. */
const BLOCK: u32 = 64;

/** Units within which a word that announces a number, nine letters at most, has the first digit of it. */
export const CONTEXT_SPAN: u32 = 40;
/** Units of a label and the colon behind it. */
export const LABEL_SPAN: u32 = 17;
/** Units of a local part that count, and its `@`. */
const AT_SPAN: u32 = 65;

/** Classes of the first set: 1 digit, 2 and 4 letters, 8 @, 16 colon, 32 _, 64 + and -, 128 hyphen. */
const FIRST_LOW = memory.data<u8>([
  0x0d, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07, 0x16, 0x42, 0x02, 0xc2, 0x02, 0x22,
]);
const FIRST_HIGH = memory.data<u8>([
  0x00, 0x00, 0xc0, 0x11, 0x0a, 0x24, 0x02, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
]);
/** Classes of the second set: 1 %, 2 OTHER, 4 slash and dot, 8 =, 16 slash, 32 IGNORABLE, 64 space. */
const SECOND_LOW = memory.data<u8>([
  0x42, 0x20, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x04, 0x14,
]);
const SECOND_HIGH = memory.data<u8>([
  0x20, 0x00, 0x55, 0x08, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
]);

/** The last units of a text, with zeros behind them. */
const TAIL: usize = memory.data(64, 16);

/** First unit of the block. */
let base: u32 = 0;
let text: usize = 0;
let len: u32 = 0;
let triggers: u32 = 0;
let needs: u32 = 0;
let hasPatterns: bool = false;

/** Of the block that was read last. */
let digit: u64 = 0;
let alnum: u64 = 0;
let lead: u64 = 0;
let token: u64 = 0;
let sign: u64 = 0;
let key: u64 = 0;
let at: u64 = 0;
let colon: u64 = 0;
let dash: u64 = 0;
let number: u64 = 0;

/** Of the block that the scan is in. */
let hereDigit: u64 = 0;
let hereNumber: u64 = 0;
let hereAt: u64 = 0;
let hereColon: u64 = 0;
/** Units at which twenty units of keys and tokens begin. */
let hereRun: u64 = 0;
/** Units at which something may begin. */
let hereStart: u64 = 0;

/** Classes of the unit before the block. */
let before: u32 = 0;

/** Begins at `from`; the unit before it may be looked at. */
export function openMasks(set: DetectorSet, start: usize, from: u32, end: u32): void {
  text = start;
  len = end;
  triggers = set.triggers;
  needs = set.needs;
  hasPatterns = (set.enabled & PATTERN_KINDS) != 0;
  base = from - BLOCK;
  before = from > 0 ? unitClass(load<u8>(text + <usize>(from - 1))) : 0;
  readBlock(from);
  // Behind a match a local part may begin that has lost its beginning to it.
  enterBlock(set, (triggers & Unit.Lead) != 0 ? 1 : 0);
}

/** The first position from `pos` on, at most `end`, where something may begin. */
export function nextStart(set: DetectorSet, pos: u32, end: u32): u32 {
  while (pos < end) {
    while (pos - base >= BLOCK) enterBlock(set, 0);
    const rest = hereStart >> u64(pos - base);
    if (rest != 0) return min(pos + <u32>ctz(rest), end);
    pos = base + BLOCK;
  }
  // What waits for `end` is looked at with the masks around it.
  while (end < len && end - base >= BLOCK) enterBlock(set, 0);
  return end;
}

/**
 * Whether a digit stands in the `count` units from `pos` on, at most 64, behind the first `skipped`
 * of them.
 */
// @ts-ignore: decorator
@inline
export function hasDigitWithin(pos: u32, count: u32, skipped: u32 = 0): bool {
  return (ahead(hereDigit, digit, pos - base) << u64(64 - count)) >> u64(64 - count + skipped) != 0;
}

/** Whether a colon stands in the `count` units from `pos` on, at most 64. */
// @ts-ignore: decorator
@inline
export function hasColonWithin(pos: u32, count: u32): bool {
  return within(hereColon, colon, pos, count);
}

/** Whether an `@` stands at most 64 units behind `pos`. */
// @ts-ignore: decorator
@inline
export function hasAtAhead(pos: u32): bool {
  return hereAt >> u64(pos - base) != 0 || at << u64(63 - (pos - base)) != 0;
}

/** Whether twenty units of keys and tokens begin at `pos`. */
// @ts-ignore: decorator
@inline
export function hasRunAt(pos: u32): bool {
  return ((hereRun >> u64(pos - base)) & 1) != 0;
}

/**
 * The digits of the number in groups that begins at `pos`, as far as they stand within 64 units;
 * more may be behind these.
 */
// @ts-ignore: decorator
@inline
export function digitsAhead(pos: u32): u32 {
  const skip = pos - base;
  const units = ahead(hereNumber, number, skip);
  const digits = ahead(hereDigit, digit, skip);
  // Bits up to the lowest one that is not set; all of them when none is.
  const run = units & ~(units + 1);
  return <u32>popcnt(digits & run);
}

// @ts-ignore: decorator
@inline
function within(here: u64, next: u64, pos: u32, count: u32): bool {
  return ahead(here, next, pos - base) << u64(64 - count) != 0;
}

/** The 64 bits from bit `skip` on; two steps, as a shift by 64 would be one by 0. */
// @ts-ignore: decorator
@inline
function ahead(here: u64, next: u64, skip: u32): u64 {
  return (here >> u64(skip)) | ((next << 1) << u64(63 - skip));
}

/** Goes on to the block that was read last, and reads the one behind it. `extra` are further starts. */
function enterBlock(set: DetectorSet, extra: u64): void {
  base += BLOCK;
  hereDigit = digit;
  hereNumber = number;
  hereAt = at;
  hereColon = colon;
  const hereKey = key;
  const hereDash = dash;
  const words = startsOf(alnum, Unit.Alnum);
  const locals = startsOf(lead, Unit.Lead);
  const tokens = startsOf(token, Unit.Token);
  let starts = startsOf(digit, Unit.Digit) | signStarts() | extra;
  if (hasPatterns) starts |= patternStarts(set);
  before = unitsBefore();
  readBlock(base + BLOCK);
  hereRun = (needs & Need.Run) != 0 ? runsOf20(hereKey, key) : 0;
  starts |= tokens & hereRun;
  if (words != 0) starts |= words & wordNeeds();
  if ((triggers & Unit.Lead) != 0 && (hereAt | at) != 0) {
    // A local part may begin at the last of its units that count, too.
    starts |= (locals & spread(hereAt, at, AT_SPAN)) | (at & ~hereAt);
  }
  hereStart = hasPatterns || isAnyNeeded(hereDash) ? starts : 0;
}

/** Positions behind which stands, near enough, what each word that is looked at has. */
function wordNeeds(): u64 {
  let needed = hereRun | spread(hereDigit, digit, CONTEXT_SPAN);
  if ((needs & Need.Colon) != 0) needed |= spread(hereColon, colon, LABEL_SPAN);
  return needed;
}

/** Hyphens that are the first of two or more, colons and plus signs that none stands before, nor a letter or digit. */
function signStarts(): u64 {
  if ((triggers & Unit.Sign) == 0) return 0;
  const dashes = dash & ~(dash << 1) & ((dash >> 1) | (u64(1) << 63));
  const plus = sign & ~dash & ~colon;
  const colons = colon & ~((colon | alnum) << 1);
  // What stands before the first unit is for the detector to see: it is a start here.
  return dashes | colons | (plus & ~((plus | alnum) << 1));
}

/** A bit for each position of the block in whose `count` units from there on, at most 65, a bit is set. */
function spread(here: u64, next: u64, count: u32): u64 {
  let low = here;
  let high = next;
  for (let width: u32 = 1; width < count;) {
    const step = min(width, count - width);
    low |= (low >> u64(step)) | (high << u64(64 - step));
    high |= high >> u64(step);
    width += step;
  }
  return low;
}

/** Whether the block or the one behind it has what everything that begins in the block needs. */
function isAnyNeeded(hereDash: u64): bool {
  let needed = hereRun;
  if ((needs & Need.Digit) != 0) needed |= hereDigit | digit;
  if ((needs & Need.At) != 0) needed |= hereAt | at;
  if ((needs & Need.Colon) != 0) needed |= hereColon | colon;
  if ((needs & Need.Dashes) != 0) needed |= hereDash & ((hereDash >> 1) | (dash << 63));
  return needed != 0;
}

/** Bits that are set and not behind one that is, if a detector looks there. */
// @ts-ignore: decorator
@inline
function startsOf(mask: u64, unit: Unit): u64 {
  if ((triggers & unit) == 0) return 0;
  return mask & ~((mask << 1) | ((before & unit) != 0 ? 1 : 0));
}

/** Classes of the last unit of the block. */
// @ts-ignore: decorator
@inline
function unitsBefore(): u32 {
  const last = base + BLOCK - 1;
  return last < len ? unitClass(load<u8>(text + <usize>last)) : 0;
}

/** Units at which twenty set bits begin. */
function runsOf20(here: u64, next: u64): u64 {
  let low = here;
  let high = next;
  for (let step: u64 = 1; step <= 8; step <<= 1) {
    low &= (low >> step) | (high << (64 - step));
    high &= high >> step;
  }
  return low & ((low >> 4) | (high << 60));
}

function patternStarts(set: DetectorSet): u64 {
  let starts: u64 = 0;
  const end = min(len - base, BLOCK);
  for (let i: u32 = 0; i < end; i++) {
    if (beginsPattern(set, load<u8>(text + <usize>(base + i)))) starts |= u64(1) << u64(i);
  }
  return starts;
}

/** Reads the 64 units at `start`, of which the text may have fewer. */
function readBlock(start: u32): void {
  digit = 0;
  alnum = 0;
  lead = 0;
  token = 0;
  sign = 0;
  key = 0;
  at = 0;
  colon = 0;
  dash = 0;
  number = 0;
  if (start >= len) return;
  let from = text + <usize>start;
  if (len - start < BLOCK) {
    memory.fill(TAIL, 0, 64);
    memory.copy(TAIL, from, len - start);
    from = TAIL;
  }
  for (let shift: u64 = 0; shift < 64; shift += 16) {
    const bytes = v128.load(from);
    readVector(
      classesOf(bytes, FIRST_LOW, FIRST_HIGH),
      classesOf(bytes, SECOND_LOW, SECOND_HIGH),
      shift,
    );
    from += 16;
  }
}

function readVector(first: v128, second: v128, shift: u64): void {
  const digits = maskOf(first, 1);
  const words = maskOf(first, 7);
  const joints = maskOf(first, 0x60);
  const rest = maskOf(second, 0x23);
  const equals = maskOf(second, 0x18);
  const colons = maskOf(first, 16);
  const dashes = maskOf(first, 128);
  digit |= digits << shift;
  alnum |= words << shift;
  lead |= (words | joints | rest) << shift;
  token |= (words | joints | equals) << shift;
  key |= (words | joints | equals | maskOf(second, 4)) << shift;
  sign |= (maskOf(first, 64) | colons) << shift;
  at |= maskOf(first, 8) << shift;
  colon |= colons << shift;
  dash |= dashes << shift;
  number |= (digits | maskOf(first, 0xa0) | maskOf(second, 0x64)) << shift;
}

// @ts-ignore: decorator
@inline
function classesOf(bytes: v128, lowTable: usize, highTable: usize): v128 {
  const low = i8x16.swizzle(v128.load(lowTable), v128.and(bytes, i8x16.splat(0x0f)));
  return v128.and(low, i8x16.swizzle(v128.load(highTable), i8x16.shr_u(bytes, 4)));
}

// @ts-ignore: decorator
@inline
function maskOf(classes: v128, wanted: u8): u64 {
  const has = v128.and(classes, i8x16.splat(wanted));
  return u64(<u32>i8x16.bitmask(i8x16.ne(has, i8x16.splat(0))));
}
