/** Field names that are masked wherever they stand. */
import { MaskHeader, MaskName } from '../layout';
import { compareLengthFirst, equalBytes } from '../memory/bytes';

/** In place of the code of a byte that is no ASCII letter or digit. */
const OTHER: u32 = 0x80;
/** Code of each byte in the filter: its last five bits, the same for both cases of a letter. */
const CODES: usize = memory.data(256);

/** Index of the first name that does not stand before the key in their order, or the number of names. */
export function findName(blob: usize, key: usize, keyLen: u32): u32 {
  const names = blob + load<u32>(blob, MaskHeader.nameOff);
  const strings = blob + load<u32>(blob, MaskHeader.stringOff);
  let low: u32 = 0;
  let high = load<u32>(blob, MaskHeader.nameCount);
  while (low < high) {
    const mid = (low + high) >> 1;
    const name = names + <usize>mid * MaskName.SIZE;
    const text = strings + load<u32>(name, MaskName.key);
    const isBefore = compareLengthFirst(text, load<u32>(name, MaskName.keyLen), key, keyLen) < 0;
    if (isBefore) low = mid + 1;
    else high = mid;
  }
  return low;
}

/** Whether there is a name `index`, and it has the bytes of the key; its NameMode is another matter. */
export function isNameAt(blob: usize, index: u32, key: usize, keyLen: u32): bool {
  if (index >= load<u32>(blob, MaskHeader.nameCount)) return false;
  const name = blob + load<u32>(blob, MaskHeader.nameOff) + <usize>index * MaskName.SIZE;
  const text = blob + load<u32>(blob, MaskHeader.stringOff) + load<u32>(name, MaskName.key);
  return equalBytes(text, load<u32>(name, MaskName.keyLen), key, keyLen);
}

/**
 * False when no name of the blob, nor a member name of its paths, can equal the key: their first and last letters are in
 * a filter.
 */
// @ts-ignore: decorator
@inline
export function mayBeNamed(blob: usize, key: usize, keyLen: u32): bool {
  return passesFilter(blob + load<u32>(blob, MaskHeader.nameFilter), key, keyLen);
}

/** As `mayBeNamed`, with the filter of a blob. */
export function passesFilter(filter: usize, key: usize, keyLen: u32): bool {
  if (keyLen == 0) return true;
  const first = <u32>load<u8>(CODES + load<u8>(key));
  const last = <u32>load<u8>(CODES + load<u8>(key + keyLen - 1));
  // What stands behind a separator, or folds to a letter, is looked at in full.
  if (((first | last) & OTHER) != 0) return true;
  const bit = (first << 5) | last;
  return ((load<u8>(filter + (bit >> 3)) >> (<u8>(bit & 7))) & 1) != 0;
}

/** Removes `_`, `-`, `.` and spaces from a name in place; its new length. */
export function stripName(ptr: usize, len: u32): u32 {
  let to: u32 = 0;
  for (let from: u32 = 0; from < len; from++) {
    const byte = load<u8>(ptr + from);
    if (!isNameSeparator(byte)) store<u8>(ptr + to++, byte);
  }
  return to;
}

/** Whether a byte separates words of a name. */
export function isNameSeparator(byte: u8): bool {
  return byte == 0x5f || byte == 0x2d || byte == 0x2e || byte == 0x20;
}

/**
 * Folds a name in place and returns its new length: ASCII letters become lower case, and so do the
 * two others whose simple case folding is an ASCII letter, U+017F (to `s`) and U+212A (to `k`).
 */
export function foldName(ptr: usize, len: u32): u32 {
  const end = ptr + len;
  let to = ptr;
  let from = ptr;
  while (from < end) {
    const byte = load<u8>(from);
    if (byte < 0x80) {
      store<u8>(to++, <u32>byte - 0x41 < 26 ? byte | 0x20 : byte);
      from++;
    } else if (byte == 0xc5 && end - from >= 2 && load<u8>(from, 1) == 0xbf) {
      store<u8>(to++, 0x73 /* s */);
      from += 2;
    } else if (byte == 0xe2 && end - from >= 3 && load<u16>(from, 1) == 0xaa84) {
      store<u8>(to++, 0x6b /* k */);
      from += 3;
    } else {
      store<u8>(to++, byte);
      from++;
    }
  }
  return <u32>(to - ptr);
}

/** Whether `foldName` would leave the name as it is. */
export function isFolded(ptr: usize, len: u32): bool {
  for (let i: u32 = 0; i < len; i++) {
    const byte = load<u8>(ptr + i);
    if (<u32>byte - 0x41 < 26) return false;
    if (byte == 0xc5 && len - i >= 2 && load<u8>(ptr + i, 1) == 0xbf) return false;
    if (byte == 0xe2 && len - i >= 3 && load<u16>(ptr + i, 1) == 0xaa84) return false;
  }
  return true;
}

/** Whether `foldName` and `stripName` both leave the name as it is, because it has but lower-case letters and digits. */
export function isPlainName(ptr: usize, len: u32): bool {
  for (let i: u32 = 0; i < len; i++) {
    const byte = <u32>load<u8>(ptr + i);
    if (byte - 0x61 >= 26 && byte - 0x30 >= 10) return false;
  }
  return true;
}

function fillCodes(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    const isKnown = byte - 0x30 < 10 || (byte | 0x20) - 0x61 < 26;
    store<u8>(CODES + byte, <u8>(isKnown ? byte & 31 : OTHER));
  }
}

fillCodes();
