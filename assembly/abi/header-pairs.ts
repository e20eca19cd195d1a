/**
 * A cursor over encoded header pairs, read in place:
 *   u32 count, count * (u32 name length, u32 value length), then per pair: name, NUL, value, NUL.
 */

/** Name of the current pair. */
export let pairNamePtr: usize = 0;
/** Bytes of the name. */
export let pairNameLen: u32 = 0;
/** Value of the current pair. */
export let pairValuePtr: usize = 0;
/** Bytes of the value. */
export let pairValueLen: u32 = 0;
/** Whether the bytes given to pairsOpen() are not header pairs; stays until the next pairsOpen(). */
export let pairsMalformed: bool = false;

let lengths: usize = 0;
let lengthsEnd: usize = 0;
let at: usize = 0;
let end: usize = 0;

/** Starts over on `len` bytes; false when they are malformed. No bytes at all are no pairs. One cursor exists. */
export function pairsOpen(ptr: usize, len: u32): bool {
  pairsMalformed = false;
  lengths = 0;
  lengthsEnd = 0;
  if (len == 0) return true;
  if (len < 4 || ptr == 0) return refuse();
  const count = load<u32>(ptr);
  if (count > (len - 4) / 10) return refuse();
  lengths = ptr + 4;
  lengthsEnd = lengths + ((<usize>count) << 3);
  at = lengthsEnd;
  end = ptr + <usize>len;
  return true;
}

/** Moves to the next pair; false at the end, and when what follows is malformed (pairsMalformed tells). */
export function pairsNext(): bool {
  if (lengths == lengthsEnd) return false;
  const nameLen = load<u32>(lengths);
  const valueLen = load<u32>(lengths, 4);
  // In 64 bits, because two lengths of the host could wrap around in 32.
  if (<u64>nameLen + <u64>valueLen + 2 > <u64>(end - at)) return refuse();
  pairNamePtr = at;
  pairNameLen = nameLen;
  pairValuePtr = at + <usize>nameLen + 1;
  pairValueLen = valueLen;
  at = pairValuePtr + <usize>valueLen + 1;
  lengths += 8;
  if (load<u8>(pairValuePtr - 1) != 0 || load<u8>(at - 1) != 0) return refuse();
  return true;
}

function refuse(): bool {
  pairsMalformed = true;
  lengths = lengthsEnd;
  pairNameLen = 0;
  pairValueLen = 0;
  return false;
}
