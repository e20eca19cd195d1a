/**
 * The characters of JSON strings (RFC 8259, section 7), one byte at a time, with strict UTF-8 (RFC
 * 3629).
 */
import { Scanner } from './scanner';

/** What a byte of a string brought. */
export const enum CharEvent {
  /** the character is not whole yet */
  More = 0,
  /** a character is whole: `codePoint`; a low surrogate that follows its high half sets `joined` */
  Char = 1,
  /** the closing quote */
  End = 2,
  Malformed = 3,
}

/** Where in a character a string stands. Only in Ground may plain bytes be skipped. */
export const enum StringState {
  Ground = 0,
  Escape = 1,
  Hex = 2,
  Utf8 = 3,
}

/**
 * Takes one byte of a string behind its opening quote.
 *
 * An escaped surrogate pair comes as two characters: the high half alone, then, with `joined` set,
 * the whole code point. So no byte has to be looked at twice, and a lone half is a character of its
 * own.
 */
export function stringStep(s: Scanner, byte: u8): CharEvent {
  switch (s.stringState) {
    case StringState.Ground:
      return groundStep(s, byte);
    case StringState.Escape:
      return escapeStep(s, byte);
    case StringState.Hex:
      return hexStep(s, byte);
    default:
      return utf8Step(s, byte);
  }
}

/**
 * Forgets the high surrogate: the caller has skipped plain characters itself. Needed only where
 * `joined` is looked at.
 */
// @ts-ignore: decorator
@inline
export function plainSkipped(s: Scanner): void {
  s.high = 0;
}

/** Value of a hexadecimal digit, or a number above 15. */
// @ts-ignore: decorator
@inline
export function hexValue(byte: u8): u32 {
  const digit = <u32>byte - 0x30;
  if (digit < 10) return digit;
  const letter = ((<u32>byte) | 0x20) - 0x61;
  return letter < 6 ? letter + 10 : 255;
}

function groundStep(s: Scanner, byte: u8): CharEvent {
  if (byte == 0x22 /* " */) {
    s.high = 0;
    return CharEvent.End;
  }
  if (byte == 0x5c /* \ */) {
    s.stringState = StringState.Escape;
    return CharEvent.More;
  }
  if (byte < 0x20) return CharEvent.Malformed;
  if (byte < 0x80) return whole(s, byte);
  return openUtf8(s, byte);
}

function escapeStep(s: Scanner, byte: u8): CharEvent {
  let codePoint: u32;
  switch (byte) {
    case 0x75 /* u */:
      s.stringState = StringState.Hex;
      s.needed = 4;
      s.gathered = 0;
      return CharEvent.More;
    case 0x22 /* " */:
    case 0x5c /* \ */:
    case 0x2f /* / */:
      codePoint = byte;
      break;
    case 0x62 /* b */:
      codePoint = 0x08;
      break;
    case 0x66 /* f */:
      codePoint = 0x0c;
      break;
    case 0x6e /* n */:
      codePoint = 0x0a;
      break;
    case 0x72 /* r */:
      codePoint = 0x0d;
      break;
    case 0x74 /* t */:
      codePoint = 0x09;
      break;
    default:
      return CharEvent.Malformed;
  }
  return whole(s, codePoint);
}

function hexStep(s: Scanner, byte: u8): CharEvent {
  const value = hexValue(byte);
  if (value > 15) return CharEvent.Malformed;
  s.gathered = (s.gathered << 4) | value;
  s.needed--;
  if (s.needed != 0) return CharEvent.More;
  const unit = s.gathered;
  const high = s.high;
  whole(s, unit);
  if ((unit & 0xfc00) == 0xdc00 && high != 0) {
    s.joined = true;
    s.codePoint = 0x10000 + ((high & 0x3ff) << 10) + (unit & 0x3ff);
  } else if ((unit & 0xfc00) == 0xd800) {
    s.high = unit;
  }
  return CharEvent.Char;
}

/** The first byte decides the length and, per RFC 3629 section 4, the range of the second. */
function openUtf8(s: Scanner, byte: u8): CharEvent {
  if (byte < 0xc2 || byte > 0xf4) return CharEvent.Malformed;
  s.lowest = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
  s.greatest = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
  s.needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  s.gathered = byte & (0x3f >> s.needed);
  s.stringState = StringState.Utf8;
  return CharEvent.More;
}

function utf8Step(s: Scanner, byte: u8): CharEvent {
  if (byte < s.lowest || byte > s.greatest) return CharEvent.Malformed;
  s.lowest = 0x80;
  s.greatest = 0xbf;
  s.gathered = (s.gathered << 6) | (byte & 0x3f);
  s.needed--;
  if (s.needed != 0) return CharEvent.More;
  return whole(s, s.gathered);
}

function whole(s: Scanner, codePoint: u32): CharEvent {
  s.codePoint = codePoint;
  s.high = 0;
  s.joined = false;
  s.stringState = StringState.Ground;
  return CharEvent.Char;
}
