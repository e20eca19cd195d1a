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
  for (let i: u32 = 0; i < len; i++) if (isCounted(load<u8>(ptr + i))) counted++;
  return counted;
}
