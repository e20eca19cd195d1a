/**
 * The text window: the characters of a value that are not decided yet, each as one unit (a byte, see
 * classify/normal.ts) with the bytes it was written as. Units only enter at the end and leave at the front.
 */
import { emitRaw, isUnmapped, writtenAt } from './output';
import { Masker, RAW_MAX, UNITS_MAX, rawEndsOf, rawOf, unitsOf } from './state';

/** A character that is written in more bytes than this could be without room in the window. */
const CHARACTER_BYTES_MAX: u32 = 96;

/** Empties the window for a new value. */
export function clearWindow(m: Masker): void {
  m.unitCount = 0;
  m.unitsDone = 0;
  m.rawLen = 0;
  m.seen = 0;
  m.grows = 0;
  m.decodedLen = 0;
  m.counted = false;
}

/** Adds `len` input bytes to the character that is being read. False when there is no room. */
export function appendInput(m: Masker, p: usize, len: u32): bool {
  const from = writtenAt(p);
  return appendWritten(m, from, <u32>(writtenAt(p + len) - from));
}

/** As `appendInput`, for bytes that stand for themselves wherever they are. */
export function appendWritten(m: Masker, from: usize, len: u32): bool {
  if (len > RAW_MAX - m.rawLen) return false;
  // Most come byte by byte: a call of the host's bulk copy costs more than one.
  if (len == 1) store<u8>(rawOf(m) + m.rawLen, load<u8>(from));
  else memory.copy(rawOf(m) + m.rawLen, from, len);
  m.rawLen += len;
  return true;
}

/** Makes the bytes behind the last unit a unit. INVARIANT: `isFull` was false. */
// @ts-ignore: decorator
@inline
export function pushUnit(m: Masker, unit: u8): void {
  const index = m.unitCount++;
  store<u8>(unitsOf(m) + index, unit);
  store<u16>(rawEndsOf(m) + ((<usize>index) << 1), <u16>m.rawLen);
}

/** Gives the bytes behind the last unit to it. */
export function extendUnit(m: Masker): void {
  if (m.unitCount == 0) return;
  store<u16>(rawEndsOf(m) + ((<usize>(m.unitCount - 1)) << 1), <u16>m.rawLen);
}

/** Makes the last unit another one. */
export function replaceUnit(m: Masker, unit: u8): void {
  if (m.unitCount != 0) store<u8>(unitsOf(m) + (m.unitCount - 1), unit);
}

/** Whether a character more may be without room. */
// @ts-ignore: decorator
@inline
export function isFull(m: Masker): bool {
  return m.unitCount == UNITS_MAX || RAW_MAX - m.rawLen < CHARACTER_BYTES_MAX;
}

/**
 * Pushes as many as fit of `len` input bytes that are ASCII and stand for themselves; how many. INVARIANT: no
 * character is half read.
 */
export function pushPlain(m: Masker, p: usize, len: u32): u32 {
  let fits = min(len, UNITS_MAX - m.unitCount);
  if (!isUnmapped()) return pushMapped(m, p, fits);
  fits = min(fits, RAW_MAX - m.rawLen);
  memory.copy(unitsOf(m) + m.unitCount, p, fits);
  memory.copy(rawOf(m) + m.rawLen, p, fits);
  const ends = rawEndsOf(m) + ((<usize>m.unitCount) << 1);
  let i: u32 = 0;
  // Four ends at a time: none is so great that one carries into the next.
  let four = <u64>m.rawLen * 0x0001000100010001 + 0x0004000300020001;
  for (; i + 4 <= fits; i += 4, four += 0x0004000400040004) {
    store<u64>(ends + ((<usize>i) << 1), four);
  }
  for (; i < fits; i++) store<u16>(ends + ((<usize>i) << 1), <u16>(m.rawLen + i + 1));
  m.unitCount += fits;
  m.rawLen += fits;
  return fits;
}

function pushMapped(m: Masker, p: usize, len: u32): u32 {
  for (let i: u32 = 0; i < len; i++) {
    if (isFull(m) || !appendInput(m, p + i, 1)) return i;
    pushUnit(m, load<u8>(p + i));
  }
  return len;
}

/** Unit at `index`. */
// @ts-ignore: decorator
@inline
export function unitAt(m: Masker, index: u32): u8 {
  return load<u8>(unitsOf(m) + index);
}

/** Emits units `from` to `to` (not included) as they were written. */
export function emitUnits(m: Masker, from: u32, to: u32): void {
  if (from >= to) return;
  const start = rawStartOf(m, from);
  emitRaw(rawOf(m) + start, <usize>(rawStartOf(m, to) - start));
}

/** Removes `count` units from the front. */
export function dropUnits(m: Masker, count: u32): void {
  if (count == 0) return;
  const raw = rawStartOf(m, count);
  const left = m.unitCount - count;
  memory.copy(unitsOf(m), unitsOf(m) + count, left);
  memory.copy(rawOf(m), rawOf(m) + raw, m.rawLen - raw);
  const ends = rawEndsOf(m);
  for (let i: u32 = 0; i < left; i++) {
    const end = load<u16>(ends + ((<usize>(i + count)) << 1));
    store<u16>(ends + ((<usize>i) << 1), <u16>(end - raw));
  }
  m.unitCount = left;
  m.rawLen -= raw;
}

/** Emits all bytes of the window that did not go out, a half read character included. */
export function emitWindow(m: Masker): void {
  const start = rawStartOf(m, m.unitsDone);
  emitRaw(rawOf(m) + start, <usize>(m.rawLen - start));
}

/** Where the bytes of a unit begin. */
// @ts-ignore: decorator
@inline
export function rawStartOf(m: Masker, index: u32): u32 {
  return index == 0 ? 0 : load<u16>(rawEndsOf(m) + ((<usize>(index - 1)) << 1));
}
