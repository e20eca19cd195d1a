/**
 * AES-128 (FIPS 197), encryption only, in constant time: no address and no branch depends on key or text. SubBytes inverts
 * in GF(16)^2 with 16-byte tables that are read by SIMD shuffles (Hamburg, "Accelerating AES with Vector Permute
 * Instructions", CHES 2009). test/kernels/aes-tables.ts derives the tables and explains them.
 *
 * A schedule, in the caller's memory: 11 round keys of 16 bytes. All but the last are in the basis of the pairs, and those
 * behind the first have the constant of SubBytes in them: MixColumns leaves a column of equal bytes alone.
 */

/** Bytes of a schedule; aligned or not. */
export const AES_SCHEDULE_BYTES: usize = 176;

/** Bytes of the tables. */
export const AES_TABLE_BYTES: u32 = 160;

/**
 * For tests of where they come from.
 *   0    into the basis: of low nibbles, of high nibbles
 *   32   1 / x, a / x (0x80 is infinity: shuffles answer 0 for it)
 *   64   SubBytes in the basis: of io, of jo
 *   96   the same times 2
 *   128  SubBytes out of the basis: of io, of jo
 */
// prettier-ignore
export const AES_TABLES: usize = memory.data<u8>([
  0x00, 0x10, 0x22, 0x32, 0x24, 0x34, 0x06, 0x16, 0x84, 0x94, 0xa6, 0xb6, 0xa0, 0xb0, 0x82, 0x92,
  0x00, 0xf3, 0x8d, 0x7e, 0x73, 0x80, 0xfe, 0x0d, 0xbe, 0x4d, 0x33, 0xc0, 0xcd, 0x3e, 0x40, 0xb3,
  0x80, 0x01, 0x09, 0x0e, 0x0d, 0x0b, 0x07, 0x06, 0x0f, 0x02, 0x0c, 0x05, 0x0a, 0x04, 0x03, 0x08,
  0x80, 0x0f, 0x0e, 0x05, 0x07, 0x03, 0x0b, 0x04, 0x0a, 0x0d, 0x08, 0x06, 0x0c, 0x09, 0x02, 0x01,
  0x00, 0xbb, 0xc0, 0xce, 0xe8, 0x5d, 0x0e, 0xb5, 0x75, 0x9d, 0x53, 0x93, 0xe6, 0x28, 0x26, 0x7b,
  0x00, 0xda, 0xd9, 0xd1, 0x74, 0xa6, 0x08, 0xd2, 0x0b, 0x7f, 0xae, 0x77, 0x7c, 0xad, 0xa5, 0x03,
  0x00, 0xb5, 0xbb, 0xab, 0x4f, 0xea, 0x10, 0xa5, 0x1e, 0x51, 0xfa, 0x41, 0x5f, 0xf4, 0xe4, 0x0e,
  0x00, 0x49, 0x19, 0xa9, 0x2e, 0xd7, 0xb0, 0xf9, 0xe0, 0xce, 0x67, 0x7e, 0x9e, 0x37, 0x87, 0x50,
  0x00, 0x7b, 0xb0, 0x3d, 0x67, 0x91, 0x8d, 0xf6, 0x46, 0x21, 0x1c, 0xac, 0xea, 0xd7, 0x5a, 0xcb,
  0x00, 0x64, 0x99, 0x12, 0xe5, 0x0a, 0x8b, 0xef, 0x76, 0x93, 0x81, 0x18, 0x6e, 0x7c, 0xf7, 0xfd,
], 16);

const INTO_LOW: usize = AES_TABLES;
const INTO_HIGH: usize = AES_TABLES + 16;
const INVERSE: usize = AES_TABLES + 32;
const SCALED_INVERSE: usize = AES_TABLES + 48;
const OUT: usize = AES_TABLES + 64;
const OUT_TWICE: usize = AES_TABLES + 96;
const OUT_PLAIN: usize = AES_TABLES + 128;

const LAST_ROUND: usize = 160;
const SUB_CONSTANT: u8 = 0x63;

/** Makes the schedule of a key of 16 bytes. */
export function aesExpand(schedule: usize, key: usize): void {
  const constant = i8x16.splat(SUB_CONSTANT);
  const zero = i8x16.splat(0);
  let roundKey = v128.load(key);
  v128.store(schedule, intoBasis(roundKey));
  let roundConstant: u32 = 1;
  for (let at: usize = 16; at <= LAST_ROUND; at += 16) {
    const substituted = v128.xor(substitute(intoBasis(roundKey)), constant);
    // prettier-ignore
    const turned = i8x16.shuffle(substituted, zero, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12);
    // Each column is the sum of all columns up to it, and the turned last one.
    // prettier-ignore
    roundKey = v128.xor(roundKey, i8x16.shuffle(roundKey, zero, 16, 16, 16, 16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
    // prettier-ignore
    roundKey = v128.xor(roundKey, i8x16.shuffle(roundKey, zero, 16, 16, 16, 16, 16, 16, 16, 16, 0, 1, 2, 3, 4, 5, 6, 7));
    roundKey = v128.xor(v128.xor(roundKey, turned), i32x4.splat(roundConstant));
    const stored = v128.xor(roundKey, constant);
    v128.store(schedule + at, at == LAST_ROUND ? stored : intoBasis(stored));
    roundConstant = (roundConstant << 1) ^ (roundConstant & 0x80 ? 0x11b : 0);
  }
}

/** Encrypts a block. */
export function aesEncrypt(schedule: usize, block: v128): v128 {
  let state = v128.xor(intoBasis(block), v128.load(schedule));
  for (let at = schedule + 16; at < schedule + LAST_ROUND; at += 16) {
    state = shiftRows(state);
    const i = highNibbles(state);
    const k = lowNibbles(state);
    const j = v128.xor(i, k);
    const scaled = lookUp(SCALED_INVERSE, k);
    const io = solve(i, j, scaled);
    const jo = solve(j, i, scaled);
    const once = combine(OUT, io, jo);
    // 2a + 3b + c + d, where b, c and d are the bytes below in a column: 2a + b, the same one below, and d.
    const partial = v128.xor(combine(OUT_TWICE, io, jo), bytesBelow(once));
    const sum = v128.xor(v128.xor(partial, bytesAbove(once)), bytesBelow(partial));
    state = v128.xor(sum, v128.load(at));
  }
  return v128.xor(substitute(shiftRows(state)), v128.load(schedule, LAST_ROUND));
}

/** SubBytes of bytes in the basis, answered as plain bytes and without the constant. */
function substitute(state: v128): v128 {
  const i = highNibbles(state);
  const k = lowNibbles(state);
  const j = v128.xor(i, k);
  const scaled = lookUp(SCALED_INVERSE, k);
  return combine(OUT_PLAIN, solve(i, j, scaled), solve(j, i, scaled));
}

// @ts-ignore: decorator
@inline
function intoBasis(plain: v128): v128 {
  return v128.xor(lookUp(INTO_LOW, lowNibbles(plain)), lookUp(INTO_HIGH, highNibbles(plain)));
}

/** io of i, j, a/k, or jo of j, i, a/k. */
// @ts-ignore: decorator
@inline
function solve(one: v128, other: v128, scaled: v128): v128 {
  return v128.xor(lookUp(INVERSE, v128.xor(lookUp(INVERSE, one), scaled)), other);
}

// @ts-ignore: decorator
@inline
function combine(tables: usize, io: v128, jo: v128): v128 {
  return v128.xor(lookUp(tables, io), lookUp(tables + 16, jo));
}

// @ts-ignore: decorator
@inline
function lookUp(table: usize, index: v128): v128 {
  return i8x16.swizzle(v128.load(table), index);
}

// @ts-ignore: decorator
@inline
function lowNibbles(bytes: v128): v128 {
  return v128.and(bytes, i8x16.splat(15));
}

// @ts-ignore: decorator
@inline
function highNibbles(bytes: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, 4), i8x16.splat(15));
}

// @ts-ignore: decorator
@inline
function shiftRows(state: v128): v128 {
  // prettier-ignore
  return i8x16.shuffle(state, state, 0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11);
}

// @ts-ignore: decorator
@inline
function bytesBelow(state: v128): v128 {
  // prettier-ignore
  return i8x16.shuffle(state, state, 1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12);
}

// @ts-ignore: decorator
@inline
function bytesAbove(state: v128): v128 {
  // prettier-ignore
  return i8x16.shuffle(state, state, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
}
