/** Comparing, searching and hashing byte spans; no function reads or writes outside the spans it is given. */

const FNV32_OFFSET: u32 = 0x811c9dc5;
const FNV32_PRIME: u32 = 0x01000193;
const FNV64_OFFSET: u64 = 0xcbf29ce484222325;
const FNV64_PRIME: u64 = 0x00000100000001b3;

/** Whether two spans have the same length and bytes. */
export function equalBytes(a: usize, aLen: u32, b: usize, bLen: u32): bool {
  if (aLen != bLen) return false;
  let at: usize = 0;
  const len = <usize>aLen;
  for (; at + 16 <= len; at += 16) {
    if (v128.any_true(v128.xor(v128.load(a + at), v128.load(b + at)))) return false;
  }
  if (at + 8 <= len) {
    if (load<u64>(a + at) != load<u64>(b + at)) return false;
    at += 8;
  }
  for (; at < len; at++) {
    if (load<u8>(a + at) != load<u8>(b + at)) return false;
  }
  return true;
}

/** Order of two spans by unsigned bytes, a prefix first: below 0, 0, above 0. */
export function compareBytes(a: usize, aLen: u32, b: usize, bLen: u32): i32 {
  const len = min(aLen, bLen);
  for (let at: usize = 0; at < <usize>len; at++) {
    const difference = <i32>load<u8>(a + at) - <i32>load<u8>(b + at);
    if (difference != 0) return difference;
  }
  return aLen == bLen ? 0 : aLen < bLen ? -1 : 1;
}

/** Whether the span starts with the other one. */
export function startsWith(ptr: usize, len: u32, prefix: usize, prefixLen: u32): bool {
  return len >= prefixLen && equalBytes(ptr, prefixLen, prefix, prefixLen);
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
  for (; at < end; at++) {
    if (load<u8>(ptr + at) == byte) return <i32>at;
  }
  return -1;
}

/** FNV-1a with murmur3's final mix; the hash of every table in a bundle. */
export function hash32(ptr: usize, len: u32): u32 {
  let hash = FNV32_OFFSET;
  for (const end = ptr + <usize>len; ptr < end; ptr++) {
    hash = (hash ^ (<u32>load<u8>(ptr))) * FNV32_PRIME;
  }
  hash = (hash ^ (hash >> 16)) * 0x85ebca6b;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35;
  return hash ^ (hash >> 16);
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

/** 0 to 15, or -1: a sign that survives the shift and the union in parseHex. */
function hexValue(byte: u8): i32 {
  const digit = <u32>byte - 0x30;
  if (digit < 10) return <i32>digit;
  const letter = ((<u32>byte) | 0x20) - 0x61;
  return letter < 6 ? <i32>(letter + 10) : -1;
}
