/** Characters as UTF-8 (RFC 3629). */

/** Writes a code point, a surrogate half as three bytes; how many bytes, 4 at most. */
export function appendUtf8(at: usize, codePoint: u32): u32 {
  if (codePoint < 0x80) {
    store<u8>(at, <u8>codePoint);
    return 1;
  }
  if (codePoint < 0x800) {
    store<u8>(at, <u8>(0xc0 | (codePoint >> 6)));
    store<u8>(at, <u8>(0x80 | (codePoint & 0x3f)), 1);
    return 2;
  }
  if (codePoint < 0x10000) {
    store<u8>(at, <u8>(0xe0 | (codePoint >> 12)));
    store<u8>(at, <u8>(0x80 | ((codePoint >> 6) & 0x3f)), 1);
    store<u8>(at, <u8>(0x80 | (codePoint & 0x3f)), 2);
    return 3;
  }
  store<u8>(at, <u8>(0xf0 | (codePoint >> 18)));
  store<u8>(at, <u8>(0x80 | ((codePoint >> 12) & 0x3f)), 1);
  store<u8>(at, <u8>(0x80 | ((codePoint >> 6) & 0x3f)), 2);
  store<u8>(at, <u8>(0x80 | (codePoint & 0x3f)), 3);
  return 4;
}

/** Bytes of the character at `p`. INVARIANT for both: `appendUtf8` wrote it. */
export function readUtf8Len(p: usize): u32 {
  const first = load<u8>(p);
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** Code point of the character at `p`. */
export function readUtf8(p: usize): u32 {
  const len = readUtf8Len(p);
  const first = <u32>load<u8>(p);
  if (len == 1) return first;
  let codePoint = first & (0x7f >> len);
  for (let i: u32 = 1; i < len; i++) codePoint = (codePoint << 6) | ((<u32>load<u8>(p + i)) & 0x3f);
  return codePoint;
}
