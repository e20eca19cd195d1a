/**
 * SHA-256 (FIPS 180-4) over bytes that come in pieces. The state lives in the caller's memory:
 *   0   u32[8]  hash value, as words
 *   32  u64     bytes so far
 *   40  u8[64]  bytes of the block that is not full
 */

/** Bytes of a state; 8-byte aligned or not. */
export const SHA256_STATE_BYTES: usize = 104;
/** Bytes of a hash. */
export const SHA256_BYTES: u32 = 32;
/** Bytes of a block. */
export const SHA256_BLOCK_BYTES: usize = 64;

const TOTAL: usize = 32;
const BLOCK: usize = 40;

const START: usize = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

// prettier-ignore
const K: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

/** The message schedule of the block that is being taken: 64 words. */
const SCHEDULE: usize = memory.data(256, 16);

/** Starts a hash in `state`. */
export function sha256Init(state: usize): void {
  sha256Resume(state, START, 0);
}

/** Starts a hash behind `total` bytes, whole blocks, that led to the eight words at `words`. */
export function sha256Resume(state: usize, words: usize, total: u64): void {
  v128.store(state, v128.load(words));
  v128.store(state, v128.load(words, 16), 16);
  store<u64>(state, total, TOTAL);
}

/** Takes `len` more bytes, all together below 2^61. */
export function sha256Update(state: usize, ptr: usize, len: u32): void {
  let left = <usize>len;
  const total = load<u64>(state, TOTAL);
  const used = (<usize>total) & (SHA256_BLOCK_BYTES - 1);
  store<u64>(state, total + <u64>len, TOTAL);
  if (used != 0) {
    const taken = min(left, SHA256_BLOCK_BYTES - used);
    memory.copy(state + BLOCK + used, ptr, taken);
    if (used + taken < SHA256_BLOCK_BYTES) return;
    compress(state, state + BLOCK);
    ptr += taken;
    left -= taken;
  }
  for (; left >= SHA256_BLOCK_BYTES; left -= SHA256_BLOCK_BYTES, ptr += SHA256_BLOCK_BYTES) {
    compress(state, ptr);
  }
  memory.copy(state + BLOCK, ptr, left);
}

/** Writes the 32 bytes of the hash to `out`, which may be in `state`; the state has to be started again. */
export function sha256Finish(state: usize, out: usize): void {
  const total = load<u64>(state, TOTAL);
  let used = (<usize>total) & (SHA256_BLOCK_BYTES - 1);
  store<u8>(state + BLOCK + used, 0x80);
  used++;
  if (used > SHA256_BLOCK_BYTES - 8) {
    memory.fill(state + BLOCK + used, 0, SHA256_BLOCK_BYTES - used);
    compress(state, state + BLOCK);
    used = 0;
  }
  memory.fill(state + BLOCK + used, 0, SHA256_BLOCK_BYTES - 8 - used);
  store<u64>(state, bswap(total << 3), BLOCK + SHA256_BLOCK_BYTES - 8);
  compress(state, state + BLOCK);
  for (let at: usize = 0; at < <usize>SHA256_BYTES; at += 4) {
    store<u32>(out + at, bswap(load<u32>(state + at)));
  }
}

/** FIPS 180-4, 6.2.2. Eight rounds at a time, so that no variable has to move. */
function compress(state: usize, block: usize): void {
  expand(block);
  let a = load<u32>(state);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  let e = load<u32>(state, 16);
  let f = load<u32>(state, 20);
  let g = load<u32>(state, 24);
  let h = load<u32>(state, 28);
  for (let at: usize = 0; at < 256; at += 32) {
    h += mixed(e, f, g, at);
    d += h;
    h += majority(a, b, c);
    g += mixed(d, e, f, at + 4);
    c += g;
    g += majority(h, a, b);
    f += mixed(c, d, e, at + 8);
    b += f;
    f += majority(g, h, a);
    e += mixed(b, c, d, at + 12);
    a += e;
    e += majority(f, g, h);
    d += mixed(a, b, c, at + 16);
    h += d;
    d += majority(e, f, g);
    c += mixed(h, a, b, at + 20);
    g += c;
    c += majority(d, e, f);
    b += mixed(g, h, a, at + 24);
    f += b;
    b += majority(c, d, e);
    a += mixed(f, g, h, at + 28);
    e += a;
    a += majority(b, c, d);
  }
  add(state, a);
  add(state + 4, b);
  add(state + 8, c);
  add(state + 12, d);
  add(state + 16, e);
  add(state + 20, f);
  add(state + 24, g);
  add(state + 28, h);
}

/** Fills SCHEDULE: FIPS 180-4, 6.2.2 step 1. */
function expand(block: usize): void {
  for (let at: usize = 0; at < 64; at += 4) {
    store<u32>(SCHEDULE + at, bswap(load<u32>(block + at)));
  }
  for (let at = SCHEDULE + 64; at < SCHEDULE + 256; at += 4) {
    const far = load<u32>(at - 60);
    const near = load<u32>(at - 8);
    const small0 = rotr<u32>(far, 7) ^ rotr<u32>(far, 18) ^ (far >> 3);
    const small1 = rotr<u32>(near, 17) ^ rotr<u32>(near, 19) ^ (near >> 10);
    store<u32>(at, load<u32>(at - 64) + small0 + load<u32>(at - 28) + small1);
  }
}

// @ts-ignore: decorator
@inline
function mixed(e: u32, f: u32, g: u32, at: usize): u32 {
  const sum = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
  return sum + (g ^ (e & (f ^ g))) + load<u32>(K + at) + load<u32>(SCHEDULE + at);
}

// @ts-ignore: decorator
@inline
function majority(a: u32, b: u32, c: u32): u32 {
  const sum = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
  return sum + ((a & b) | (c & (a | b)));
}

// @ts-ignore: decorator
@inline
function add(word: usize, value: u32): void {
  store<u32>(word, load<u32>(word) + value);
}
