/**
 * HMAC-SHA-256 (RFC 2104) over bytes that come in pieces. A key is prepared once; each value then costs the blocks it has
 * and one more. A state, in the caller's memory:
 *   0    SHA-256 state behind the inner padding
 *   104  u32[8]  hash value behind the outer padding
 * Midstates of a key: two such values, the inner one first. They are as secret as the key.
 */
import {
  SHA256_BLOCK_BYTES,
  SHA256_BYTES,
  SHA256_STATE_BYTES,
  sha256Finish,
  sha256Init,
  sha256Resume,
  sha256Update,
} from './sha256';

/** Bytes that `hmacPrepare` writes. */
export const HMAC_MIDSTATE_BYTES: usize = 64;
/** Bytes of a state; aligned or not. */
export const HMAC_STATE_BYTES: usize = 136;

const OUTER: usize = SHA256_STATE_BYTES;
const INNER_PAD: u8 = 0x36;
const OUTER_PAD: u8 = 0x5c;

const scratch: usize = memory.data(104, 16);
const padded: usize = memory.data(64, 16);

/** Prepares a key of any length; what it writes serves any number of states. */
export function hmacPrepare(midstates: usize, key: usize, keyLen: u32): void {
  memory.fill(padded, 0, SHA256_BLOCK_BYTES);
  if (<usize>keyLen > SHA256_BLOCK_BYTES) {
    sha256Init(scratch);
    sha256Update(scratch, key, keyLen);
    sha256Finish(scratch, padded);
  } else {
    memory.copy(padded, key, keyLen);
  }
  absorbPad(midstates, INNER_PAD);
  absorbPad(midstates + SHA256_BYTES, INNER_PAD ^ OUTER_PAD);
  // The key is in nobody's memory but the caller's.
  memory.fill(padded, 0, SHA256_BLOCK_BYTES);
  memory.fill(scratch, 0, SHA256_STATE_BYTES);
}

/** Starts a value in `state`; the midstates are not needed afterwards. */
export function hmacInit(state: usize, midstates: usize): void {
  sha256Resume(state, midstates, SHA256_BLOCK_BYTES);
  memory.copy(state + OUTER, midstates + SHA256_BYTES, SHA256_BYTES);
}

/** Takes `len` more bytes. */
export function hmacUpdate(state: usize, ptr: usize, len: u32): void {
  sha256Update(state, ptr, len);
}

/** Writes the 32 bytes of the code to `out`; the state has to be started again. */
export function hmacFinish(state: usize, out: usize): void {
  sha256Finish(state, out);
  sha256Resume(state, state + OUTER, SHA256_BLOCK_BYTES);
  sha256Update(state, out, SHA256_BYTES);
  sha256Finish(state, out);
}

/** Xors `pad` into every byte of the padded key and writes the hash value behind that block. */
function absorbPad(words: usize, pad: u8): void {
  const mask = i8x16.splat(pad);
  for (let at = padded; at < padded + SHA256_BLOCK_BYTES; at += 16) {
    v128.store(at, v128.xor(v128.load(at), mask));
  }
  sha256Init(scratch);
  sha256Update(scratch, padded, <u32>SHA256_BLOCK_BYTES);
  memory.copy(words, scratch, SHA256_BYTES);
}
