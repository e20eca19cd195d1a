/**
 * AES-CMAC (RFC 4493). A prepared key, in the caller's memory:
 *   0    AES schedule
 *   176  K1, for a last block that is full
 *   192  K2, for one that is padded
 */
import { AES_SCHEDULE_BYTES, aesEncrypt, aesExpand } from './aes';

/** Bytes of a prepared key; aligned or not. */
export const CMAC_KEY_BYTES: usize = 208;

const FULL_KEY: usize = AES_SCHEDULE_BYTES;
const PADDED_KEY: usize = AES_SCHEDULE_BYTES + 16;

const lastBlock: usize = memory.data(16, 16);

/** Prepares a key of 16 bytes. */
export function cmacPrepare(prepared: usize, key: usize): void {
  aesExpand(prepared, key);
  const full = double(aesEncrypt(prepared, i8x16.splat(0)));
  v128.store(prepared, full, FULL_KEY);
  v128.store(prepared, double(full), PADDED_KEY);
}

/** The code of a span. */
export function cmacCode(prepared: usize, ptr: usize, len: u32): v128 {
  let chain = i8x16.splat(0);
  let left = <usize>len;
  for (; left > 16; left -= 16, ptr += 16) {
    chain = aesEncrypt(prepared, v128.xor(chain, v128.load(ptr)));
  }
  const subkey = v128.load(prepared + (left == 16 ? FULL_KEY : PADDED_KEY));
  return aesEncrypt(prepared, v128.xor(v128.xor(chain, subkey), padBlock(ptr, left)));
}

/** Up to 16 bytes as a block: one bit 1 and bits 0 behind fewer than 16. */
export function padBlock(ptr: usize, len: usize): v128 {
  if (len == 16) return v128.load(ptr);
  v128.store(lastBlock, i8x16.splat(0));
  for (let at: usize = 0; at < len; at++) store<u8>(lastBlock + at, load<u8>(ptr + at));
  store<u8>(lastBlock + len, 0x80);
  return v128.load(lastBlock);
}

/** A block times x in the field of RFC 4493 ("dbl" in RFC 5297), in constant time. */
export function double(block: v128): v128 {
  const head = bswap(v128.extract_lane<u64>(block, 0));
  const tail = bswap(v128.extract_lane<u64>(block, 1));
  const carry = (head >> 63) * 0x87;
  const doubled = v128.splat<u64>(bswap((head << 1) | (tail >> 63)));
  return v128.replace_lane<u64>(doubled, 1, bswap((tail << 1) ^ carry));
}
