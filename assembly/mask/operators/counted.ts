/**
 * Which characters KeepLast and KeepFirst count and hide: letters and digits. Every character that is not ASCII counts
 * as a letter, and so does `*`, so that masking what is masked changes nothing.
 */

/** Whether a unit counts. */
export function isCounted(unit: u8): bool {
  if (unit >= 0x80 || unit == 0x2a /* * */) return true;
  return <u32>unit - 0x30 < 10 || <u32>(unit | 0x20) - 0x61 < 26;
}

/** How many units of `ptr..ptr+len` count. */
export function countUnits(ptr: usize, len: u32): u32 {
  let counted: u32 = 0;
  let at: u32 = 0;
  for (; at + 16 <= len; at += 16) counted += popcnt(countedIn(v128.load(ptr + at)));
  if (len >= 16) {
    const left = len - at;
    // The last ones together with units that were counted before, which are shifted out.
    return counted + popcnt(countedIn(v128.load(ptr + len - 16)) >> (16 - left));
  }
  for (; at < len; at++) if (isCounted(load<u8>(ptr + at))) counted++;
  return counted;
}

/** Which of 16 units count, a bit for each. Letters and digits are moved to where they are the least of signed bytes. */
// @ts-ignore: decorator
@inline
function countedIn(v: v128): u32 {
  const letters = i8x16.add(v128.or(v, i8x16.splat(0x20)), i8x16.splat(0x1f));
  const digits = i8x16.add(v, i8x16.splat(0x50));
  const isText = v128.or(
    i8x16.lt_s(letters, i8x16.splat(-102)),
    i8x16.lt_s(digits, i8x16.splat(-118)),
  );
  return i8x16.bitmask(v128.or(v128.or(isText, i8x16.eq(v, i8x16.splat(0x2a))), v));
}
