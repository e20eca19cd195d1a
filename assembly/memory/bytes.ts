/** Comparing, searching and hashing byte spans; no function reads or writes outside the spans it is given. */

const FNV32_PRIME: u32 = 0x01000193;
const FNV64_OFFSET: u64 = 0xcbf29ce484222325;
const FNV64_PRIME: u64 = 0x00000100000001b3;

/** Whether two spans have the same length and bytes. */
export function equalBytes(a: usize, aLen: u32, b: usize, bLen: u32): bool {
  if (aLen != bLen) return false;
  const len = <usize>aLen;
  // What is left behind the last whole step is compared together with bytes that were compared before.
  if (len >= 16) {
    const last = len - 16;
    for (let at: usize = 0; at < last; at += 16) {
      if (v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) return false;
    }
    return !v128.any_true(v128.xor(v128.load(a + last), v128.load(b + last)));
  }
  if (len >= 8) {
    const last = len - 8;
    const differs = load<u64>(a) ^ load<u64>(b);
    return (differs | (load<u64>(a + last) ^ load<u64>(b + last))) == 0;
  }
  if (len >= 4) {
    const last = len - 4;
    const differs = load<u32>(a) ^ load<u32>(b);
    return (differs | (load<u32>(a + last) ^ load<u32>(b + last))) == 0;
  }
  for (let at: usize = 0; at < len; at++) {
    if (load<u8>(a + at) != load<u8>(b + at)) return false;
  }
  return true;
}

/** Order of two spans by unsigned bytes, a prefix first: below 0, 0, above 0. */
export function compareBytes(a: usize, aLen: u32, b: usize, bLen: u32): i32 {
  const len = <usize>min(aLen, bLen);
  let at: usize = 0;
  for (; at + 8 <= len; at += 8) {
    const left = load<u64>(a + at);
    const right = load<u64>(b + at);
    if (left != right) return bswap(left) < bswap(right) ? -1 : 1;
  }
  if (at + 4 <= len) {
    const left = load<u32>(a + at);
    const right = load<u32>(b + at);
    if (left != right) return bswap(left) < bswap(right) ? -1 : 1;
    at += 4;
  }
  for (; at < len; at++) {
    const difference = <i32>load<u8>(a + at) - <i32>load<u8>(b + at);
    if (difference != 0) return difference;
  }
  return aLen == bLen ? 0 : aLen < bLen ? -1 : 1;
}

/** Order of two spans by their length, those of the same length by unsigned bytes: below 0, 0, above 0. */
// @ts-ignore: decorator
@inline
export function compareLengthFirst(a: usize, aLen: u32, b: usize, bLen: u32): i32 {
  if (aLen != bLen) return aLen < bLen ? -1 : 1;
  return compareBytes(a, aLen, b, bLen);
}

/** Whether the span starts with the other one. */
export function startsWith(ptr: usize, len: u32, prefix: usize, prefixLen: u32): bool {
  return len >= prefixLen && equalBytes(ptr, prefixLen, prefix, prefixLen);
}

/** Whether the span ends with the other one. */
export function endsWith(ptr: usize, len: u32, suffix: usize, suffixLen: u32): bool {
  return len >= suffixLen && equalBytes(ptr + (len - suffixLen), suffixLen, suffix, suffixLen);
}

/** Index of the first `byte`, -1 when it is not there. Spans are shorter than 2 GiB. */
export function findByte(ptr: usize, len: u32, byte: u8): i32 {
  let at: usize = 0;
  const end = <usize>len;
  const wanted = i8x16.splat(byte);
  for (; at + 16 <= end; at += 16) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(ptr + at), wanted));
    if (mask != 0) return <i32>at + ctz(mask);
  }
  if (at + 8 <= end) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load64_zero(ptr + at), wanted)) & 0xff;
    if (mask != 0) return <i32>at + ctz(mask);
    at += 8;
  }
  for (; at < end; at++) {
    if (load<u8>(ptr + at) == byte) return <i32>at;
  }
  return -1;
}

/**
 * Copies a span. For short ones: a host's bulk copy is a call, which costs more than the bytes. The spans must not overlap.
 */
export function copyShort(target: usize, source: usize, len: u32): void {
  const size = <usize>len;
  if (size >= 16) {
    const last = size - 16;
    for (let at: usize = 0; at < last; at += 16) v128.store(target + at, v128.load(source + at));
    v128.store(target + last, v128.load(source + last));
  } else if (size >= 8) {
    const last = size - 8;
    store<u64>(target, load<u64>(source));
    store<u64>(target + last, load<u64>(source + last));
  } else if (size >= 4) {
    const last = size - 4;
    store<u32>(target, load<u32>(source));
    store<u32>(target + last, load<u32>(source + last));
  } else {
    for (let at: usize = 0; at < size; at++) store<u8>(target + at, load<u8>(source + at));
  }
}

/** FNV-1a with murmur3's final mix; the hash of every table in a bundle. */
export function hash32(ptr: usize, len: u32): u32 {
  return hash32End(hash32Add(HASH32_START, ptr, len));
}

/** State of `hash32` in front of the first byte. */
export const HASH32_START: u32 = 0x811c9dc5;

/** State of `hash32` behind `len` more bytes. */
export function hash32Add(state: u32, ptr: usize, len: u32): u32 {
  for (const end = ptr + <usize>len; ptr < end; ptr++) {
    state = (state ^ (<u32>load<u8>(ptr))) * FNV32_PRIME;
  }
  return state;
}

/** The `hash32` of the bytes that led to a state. */
export function hash32End(state: u32): u32 {
  state = (state ^ (state >> 16)) * 0x85ebca6b;
  state = (state ^ (state >> 13)) * 0xc2b2ae35;
  return state ^ (state >> 16);
}

/** A hash for caches of the module's own, 8 bytes a step. Whoever knows it can only make entries of a cache evict others. */
export function cacheHash(ptr: usize, len: u32): u32 {
  let hash: u64 = <u64>len * 0x9e3779b97f4a7c15;
  let left = <usize>len;
  for (; left >= 8; left -= 8, ptr += 8) hash = mix(hash, load<u64>(ptr));
  if (left >= 4) {
    hash = mix(hash, ((<u64>load<u32>(ptr)) << 32) | load<u32>(ptr + left - 4));
  } else if (left != 0) {
    const ends = ((<u32>load<u8>(ptr)) << 8) | load<u8>(ptr + left - 1);
    hash = mix(hash, <u64>((ends << 8) | load<u8>(ptr + (left >> 1))));
  }
  return <u32>(hash >> 32);
}

// @ts-ignore: decorator
@inline
function mix(hash: u64, word: u64): u64 {
  hash = (hash ^ word) * 0xff51afd7ed558ccd;
  return hash ^ (hash >> 32);
}

/** FNV-1a of 64 bits with murmur3's final mix; for tables of the module's own. */
export function hash64(ptr: usize, len: u32): u64 {
  let hash = FNV64_OFFSET;
  for (const end = ptr + <usize>len; ptr < end; ptr++) {
    hash = (hash ^ (<u64>load<u8>(ptr))) * FNV64_PRIME;
  }
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53;
  return hash ^ (hash >> 33);
}

/** Copies a span with `A` to `Z` in lower case; source and target may be the same. */
export function lowerAscii(target: usize, source: usize, len: u32): void {
  for (let at: usize = 0; at < <usize>len; at++) {
    const byte = <u32>load<u8>(source + at);
    store<u8>(target + at, byte - 0x41 < 26 ? byte | 0x20 : byte);
  }
}

/** Writes `len` bytes as 2 * `len` lower-case hexadecimal digits. */
export function writeHex(target: usize, source: usize, len: u32): void {
  for (let at: usize = 0; at < <usize>len; at++) {
    const byte = <u32>load<u8>(source + at);
    store<u8>(target + (at << 1), hexDigit(byte >> 4));
    store<u8>(target + (at << 1), hexDigit(byte & 15), 1);
  }
}

/** Reads `digits` hexadecimal digits of either case into digits / 2 bytes; false when odd or another character. */
export function parseHex(target: usize, source: usize, digits: u32): bool {
  if (digits & 1) return false;
  for (let at: usize = 0; at < <usize>digits; at += 2) {
    const value = (hexValue(load<u8>(source + at)) << 4) | hexValue(load<u8>(source + at, 1));
    if (value < 0) return false;
    store<u8>(target + (at >> 1), <u8>value);
  }
  return true;
}

/** Writes a number in decimal, at most 20 bytes; the bytes written. */
export function writeDecimal(target: usize, value: u64): u32 {
  let len: u32 = 1;
  for (let rest = value / 10; rest != 0; rest /= 10) len++;
  for (let at = <usize>len; at-- != 0; value /= 10) {
    store<u8>(target + at, <u8>(0x30 + (value % 10)));
  }
  return len;
}

// @ts-ignore: decorator
@inline
function hexDigit(value: u32): u8 {
  return <u8>(value < 10 ? 0x30 + value : 0x57 + value);
}

/** Value of a hexadecimal digit of either case; -1 for another character, which survives a shift and a union. */
export function hexValue(byte: u8): i32 {
  const digit = <u32>byte - 0x30;
  if (digit < 10) return <i32>digit;
  const letter = ((<u32>byte) | 0x20) - 0x61;
  return letter < 6 ? <i32>(letter + 10) : -1;
}
