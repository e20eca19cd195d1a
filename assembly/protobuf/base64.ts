/** base64 (RFC 4648, section 4) of gRPC-Web: texts with padding may follow one another. */

/** What a character brought. */
export const enum Base64Event {
  More = 0,
  /** four characters are whole: `quantumLen` bytes of them are in `quantum` */
  Quantum = 1,
  Malformed = 2,
}

/** The bytes of the last four characters. */
export const quantum: usize = memory.data(4);
export let quantumLen: u32 = 0;

/** State of a decoder; zeroed memory is the state before the first character. */
// @ts-ignore: decorator
@unmanaged
export class Base64 {
  bits: u32;
  /** characters of the quantum that were read */
  count: u8;
  /** how many of them are padding */
  padding: u8;
}

const PAD: u8 = 0x3d;

/** Takes a character; bits that the padding cuts off have to be zero. */
export function base64Step(s: Base64, byte: u8): Base64Event {
  const isPad = byte == PAD;
  if (isPad ? s.count < 2 : s.padding != 0) return Base64Event.Malformed;
  const value = isPad ? 0 : valueOf(byte);
  if (value > 63) return Base64Event.Malformed;
  if (isPad) s.padding++;
  s.bits = (s.bits << 6) | value;
  s.count++;
  if (s.count < 4) return Base64Event.More;
  return endQuantum(s);
}

/** Writes `len` bytes, 3 at most, as four characters. */
export function writeQuantum(target: usize, from: usize, len: u32): void {
  const second = len > 1 ? <u32>load<u8>(from, 1) : 0;
  const third = len > 2 ? <u32>load<u8>(from, 2) : 0;
  const bits = ((<u32>load<u8>(from)) << 16) | (second << 8) | third;
  store<u8>(target, characterOf(bits >> 18));
  store<u8>(target, characterOf((bits >> 12) & 63), 1);
  store<u8>(target, len > 1 ? characterOf((bits >> 6) & 63) : PAD, 2);
  store<u8>(target, len > 2 ? characterOf(bits & 63) : PAD, 3);
}

function endQuantum(s: Base64): Base64Event {
  const bits = s.bits;
  const padding = s.padding;
  s.bits = 0;
  s.count = 0;
  s.padding = 0;
  const rest: u32 = padding == 0 ? 0 : padding == 1 ? 0xff : 0xffff;
  if ((bits & rest) != 0) return Base64Event.Malformed;
  store<u8>(quantum, <u8>(bits >> 16));
  store<u8>(quantum, <u8>(bits >> 8), 1);
  store<u8>(quantum, <u8>bits, 2);
  quantumLen = 3 - <u32>padding;
  return Base64Event.Quantum;
}

function valueOf(byte: u8): u32 {
  const upper = <u32>byte - 0x41;
  if (upper < 26) return upper;
  const lower = <u32>byte - 0x61;
  if (lower < 26) return 26 + lower;
  const digit = <u32>byte - 0x30;
  if (digit < 10) return 52 + digit;
  return byte == 0x2b /* + */ ? 62 : byte == 0x2f /* / */ ? 63 : 255;
}

function characterOf(value: u32): u8 {
  if (value < 26) return <u8>(0x41 + value);
  if (value < 52) return <u8>(0x47 + value);
  if (value < 62) return <u8>(value - 4);
  return value == 62 ? 0x2b : 0x2f;
}
