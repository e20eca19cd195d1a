/** JSON strings that lie whole in a piece of input (RFC 8259, section 7; UTF-8 as RFC 3629, section 4). */
import { skipPlain } from './plain';

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

/**
 * The closing quote of a string, from a byte inside of it where a character begins. 0 when the string is cut off by
 * `end` or malformed.
 */
export function skipString(start: usize, end: usize): usize {
  let p = start;
  while (p < end) {
    const byte = load<u8>(p);
    if (byte == QUOTE) return p;
    if (byte == BACKSLASH) {
      p = skipEscape(p, end);
      if (p == 0) return 0;
    } else if (byte >= 0x80) {
      p = skipUtf8(p, end);
      if (p == 0) return 0;
    } else if (byte < 0x20) {
      return 0;
    } else {
      p = skipPlain(p, end);
    }
  }
  return 0;
}

function skipEscape(p: usize, end: usize): usize {
  if (end - p < 2) return 0;
  const byte = load<u8>(p, 1);
  if (byte == 0x75 /* u */) {
    if (end - p < 6) return 0;
    for (let i: usize = 2; i < 6; i++) if (!isHex(load<u8>(p + i))) return 0;
    return p + 6;
  }
  const isKnown =
    byte == 0x22 ||
    byte == 0x5c ||
    byte == 0x2f ||
    byte == 0x62 ||
    byte == 0x66 ||
    byte == 0x6e ||
    byte == 0x72 ||
    byte == 0x74;
  return isKnown ? p + 2 : 0;
}

function skipUtf8(p: usize, end: usize): usize {
  const byte = load<u8>(p);
  if (byte < 0xc2 || byte > 0xf4) return 0;
  const needed: usize = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  if (end - p <= needed) return 0;
  const lowest: u8 = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
  const greatest: u8 = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
  const second = load<u8>(p, 1);
  if (second < lowest || second > greatest) return 0;
  if (needed > 1 && (load<u8>(p, 2) & 0xc0) != 0x80) return 0;
  if (needed > 2 && (load<u8>(p, 3) & 0xc0) != 0x80) return 0;
  return p + needed + 1;
}

function isHex(byte: u8): bool {
  return <u32>byte - 0x30 < 10 || <u32>(byte | 0x20) - 0x61 < 6;
}
