/** Field names that are masked wherever they stand. */
import { MaskHeader, MaskName, NONE } from '../layout';
import { equalBytes } from '../memory/bytes';

/**
 * First name from index `from` on that equals the key, or NONE. With `folded` only the names
 * without case are compared, and the key must have gone through `foldName`; else only the exact
 * ones.
 */
export function findName(blob: usize, from: u32, key: usize, keyLen: u32, folded: bool): u32 {
  const names = blob + load<u32>(blob, MaskHeader.nameOff);
  const strings = blob + load<u32>(blob, MaskHeader.stringOff);
  const count = load<u32>(blob, MaskHeader.nameCount);
  for (let i = from; i < count; i++) {
    const name = names + <usize>i * MaskName.SIZE;
    if (load<u32>(name, MaskName.keyLen) != keyLen) continue;
    if ((load<u32>(name, MaskName.ignoreCase) != 0) != folded) continue;
    if (equalBytes(strings + load<u32>(name, MaskName.key), keyLen, key, keyLen)) return i;
  }
  return NONE;
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
