/**
 * AES-SIV (RFC 5297) with two AES-128 keys, encryption only: the same text, key and associated string give the same
 * bytes, which nobody reads or changes without the key.
 *
 * The keys are expanded once: as long as the same 32 bytes come, their schedules are kept.
 */
import { aesEncrypt, aesExpand } from './aes';
import { cmacCode, cmacPrepare, double, padBlock } from './cmac';

/** What is written in front of the ciphertext. */
export const SIV_BYTES: u32 = 16;
/** Bytes that a text may have. */
export const SIV_TEXT_LIMIT: u32 = 1024;

let isPrepared: bool = false;
const preparedKey: usize = memory.data(32, 16);
const codeKey: usize = memory.data(208, 16);
const textSchedule: usize = memory.data(176, 16);
/** The code of a block of zeros, which S2V starts with. */
const startBlock: usize = memory.data(16, 16);
const scratch: usize = memory.data(1024, 16);

/**
 * Writes the synthetic IV and the ciphertext, 16 + `len` bytes, to `out`, which must not overlap the text; the bytes
 * written, 0 when the text is over SIV_TEXT_LIMIT. There is always one associated string; it may be empty.
 */
export function sivEncrypt(
  key32: usize,
  ad: usize,
  adLen: u32,
  text: usize,
  len: u32,
  out: usize,
): u32 {
  return sivSeal(sivAssociate(sivStart(key32), ad, adLen), text, len, out);
}

/** Takes a key; the start of S2V (RFC 5297, 2.4). */
export function sivStart(key32: usize): v128 {
  const first = v128.load(key32);
  const second = v128.load(key32, 16);
  const changed = v128.or(
    v128.xor(first, v128.load(preparedKey)),
    v128.xor(second, v128.load(preparedKey, 16)),
  );
  if (!isPrepared || v128.any_true(changed)) {
    cmacPrepare(codeKey, key32);
    aesExpand(textSchedule, key32 + 16);
    v128.store(preparedKey, first);
    v128.store(preparedKey, second, 16);
    v128.store(scratch, i8x16.splat(0));
    v128.store(startBlock, cmacCode(codeKey, scratch, 16));
    isPrepared = true;
  }
  return v128.load(startBlock);
}

/** Takes one more associated string, of at most 126 in all. */
export function sivAssociate(state: v128, ad: usize, adLen: u32): v128 {
  return v128.xor(double(state), cmacCode(codeKey, ad, adLen));
}

/** Takes the text, and writes as `sivEncrypt` does. */
export function sivSeal(state: v128, text: usize, len: u32, out: usize): u32 {
  if (len > SIV_TEXT_LIMIT) return 0;
  const code = codeOf(state, text, len);
  v128.store(out, code);
  encryptCounted(code, text, len, out + <usize>SIV_BYTES);
  return SIV_BYTES + len;
}

/** The last step of S2V. */
function codeOf(state: v128, text: usize, len: u32): v128 {
  if (len < 16) {
    v128.store(scratch, v128.xor(double(state), padBlock(text, <usize>len)));
    return cmacCode(codeKey, scratch, 16);
  }
  memory.copy(scratch, text, len);
  const last = scratch + <usize>len - 16;
  v128.store(last, v128.xor(v128.load(last), state));
  return cmacCode(codeKey, scratch, len);
}

/** Counter mode. Two bits of the first counter are cleared, so that 64 blocks change its last four bytes only. */
function encryptCounted(code: v128, text: usize, len: u32, out: usize): void {
  // prettier-ignore
  const start = v128.and(code, i8x16(-1, -1, -1, -1, -1, -1, -1, -1, 0x7f, -1, -1, -1, 0x7f, -1, -1, -1));
  let count = bswap(v128.extract_lane<u32>(start, 3));
  const end = text + <usize>len;
  for (; end - text >= 16; text += 16, out += 16) {
    const pad = aesEncrypt(textSchedule, v128.replace_lane<u32>(start, 3, bswap(count++)));
    v128.store(out, v128.xor(pad, v128.load(text)));
  }
  if (text == end) return;
  v128.store(scratch, aesEncrypt(textSchedule, v128.replace_lane<u32>(start, 3, bswap(count))));
  for (let at: usize = 0; at < end - text; at++) {
    store<u8>(out + at, load<u8>(text + at) ^ load<u8>(scratch + at));
  }
}
