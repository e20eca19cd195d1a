/**
 * FF1 (NIST SP 800-38G rev. 1) with AES-128, encryption only: a string of numerals becomes another one of the same length
 * and radix. Limits: radix 2 to 62, at least 1,000,000 possible strings, at most 56 numerals, a tweak of at most 16 bytes.
 *
 * Small domains stay small: whoever may have values encrypted under one key and tweak finds the clear value of a string of
 * six digits by trying all of them. What is done with numerals takes time that depends on them: divisions do.
 *
 * The key is expanded once: as long as the same 16 bytes come, its schedule is kept.
 */
import { aesEncrypt, aesExpand } from './aes';
import { addNumber, numberBytes, writeNumber } from './numerals';

/** Numerals that a string may have. */
export const FF1_LENGTH_LIMIT: u32 = 56;
/** Bytes that a tweak may have. */
export const FF1_TWEAK_LIMIT: u32 = 16;

const RADIX_LIMIT: u32 = 62;
const SMALLEST_DOMAIN: u64 = 1_000_000;
const ROUNDS: u32 = 10;

let isPrepared: bool = false;
const preparedKey: usize = memory.data(16, 16);
const schedule: usize = memory.data(176, 16);
/** The block P of SP 800-38G, with what does not change. */
const fixedBlock: usize = memory.data<u8>([1, 2, 1, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0], 16);
/** The string Q: tweak, zeros, round, number. 16 + 1 + 21 bytes and padding at most. */
const variable: usize = memory.data(48, 16);
/** The string S: 28 bytes at most. */
const stream: usize = memory.data(32, 16);

/** Whether strings of `len` numerals are encrypted. */
export function ff1Accepts(radix: u32, len: u32, tweakLen: u32): bool {
  if (radix < 2 || radix > RADIX_LIMIT) return false;
  if (len < 2 || len > FF1_LENGTH_LIMIT || tweakLen > FF1_TWEAK_LIMIT) return false;
  let domain: u64 = 1;
  for (let at: u32 = 0; at < len && domain < SMALLEST_DOMAIN; at++) domain *= radix;
  return domain >= SMALLEST_DOMAIN;
}

/** Encrypts `len` numerals, one value a byte, in place; false when a limit or a numeral refuses that, with nothing changed. */
export function ff1Encrypt(
  key16: usize,
  tweak: usize,
  tweakLen: u32,
  radix: u32,
  digits: usize,
  len: u32,
): bool {
  if (!ff1Accepts(radix, len, tweakLen)) return false;
  for (let at: usize = 0; at < <usize>len; at++) {
    if (<u32>load<u8>(digits + at) >= radix) return false;
  }
  prepare(key16);
  const headLen = len >> 1;
  const tailLen = len - headLen;
  const size = numberBytes(tailLen, radix);
  const streamLen = ((size + 3) & ~3) + 4;
  const variableLen = (tweakLen + size + 1 + 15) & ~15;
  const roundAt = variable + <usize>(variableLen - size - 1);
  memory.fill(variable, 0, variableLen);
  memory.copy(variable, tweak, tweakLen);
  // Blocks in front of the round's number are the same in all rounds.
  const changing = variable + <usize>((variableLen - size - 1) & ~15);
  let start = aesEncrypt(schedule, fixed(radix, headLen, len, tweakLen));
  start = chain(start, variable, changing);
  const end = variable + <usize>variableLen;
  const tail = digits + <usize>headLen;
  for (let round: u32 = 0; round < ROUNDS; round++) {
    // Instead of changing places, the halves take turns.
    const isEven = (round & 1) == 0;
    const read = isEven ? tail : digits;
    const readLen = isEven ? tailLen : headLen;
    store<u8>(roundAt, <u8>round);
    writeNumber(read, readLen, radix, roundAt + 1, size);
    writeStream(chain(start, changing, end), streamLen);
    if (isEven) addNumber(digits, headLen, radix, stream, streamLen);
    else addNumber(tail, tailLen, radix, stream, streamLen);
  }
  return true;
}

function prepare(key: usize): void {
  const bytes = v128.load(key);
  if (isPrepared && !v128.any_true(v128.xor(bytes, v128.load(preparedKey)))) return;
  aesExpand(schedule, key);
  v128.store(preparedKey, bytes);
  isPrepared = true;
}

function fixed(radix: u32, headLen: u32, len: u32, tweakLen: u32): v128 {
  store<u8>(fixedBlock, <u8>radix, 5);
  store<u8>(fixedBlock, <u8>headLen, 7);
  store<u8>(fixedBlock, <u8>len, 11);
  store<u8>(fixedBlock, <u8>tweakLen, 15);
  return v128.load(fixedBlock);
}

/** Cipher block chaining from `value` over whole blocks. */
function chain(value: v128, ptr: usize, end: usize): v128 {
  for (; ptr < end; ptr += 16) value = aesEncrypt(schedule, v128.xor(value, v128.load(ptr)));
  return value;
}

/** Step 6.iii: R, and R xor 1 encrypted where that is not enough. */
function writeStream(value: v128, len: u32): void {
  v128.store(stream, value);
  if (len <= 16) return;
  const next = v128.xor(value, i8x16(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1));
  v128.store(stream, aesEncrypt(schedule, next), 16);
}
