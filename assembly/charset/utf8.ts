/** UTF-8 (RFC 3629), one byte at a time: no overlong forms, no surrogate halves, nothing above U+10FFFF. */

/** What a byte brought. */
export const enum Utf8Event {
  /** the character is not whole yet */
  More = 0,
  /** a character is whole: `codePoint` */
  Char = 1,
  Malformed = 2,
}

/** Bytes of a Utf8. */
export const UTF8_BYTES: usize = 16;

/** State of a text that is read piece by piece. Zeroed memory is the state before the first byte. */
// @ts-ignore: decorator
@unmanaged
export class Utf8 {
  /** the last whole character */
  codePoint: u32;
  gathered: u32;
  /** bytes that the character still needs */
  needed: u8;
  /** least value of the next byte */
  lowest: u8;
  /** greatest value of the next byte */
  greatest: u8;
}

/** Takes one byte. After Malformed the state is the one before a character. */
export function utf8Step(s: Utf8, byte: u8): Utf8Event {
  if (s.needed != 0) return continueStep(s, byte);
  if (byte < 0x80) {
    s.codePoint = byte;
    return Utf8Event.Char;
  }
  if (byte < 0xc2 || byte > 0xf4) return Utf8Event.Malformed;
  // The first byte decides the length and, per RFC 3629 section 4, the range of the second.
  s.lowest = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
  s.greatest = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
  s.needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  s.gathered = byte & (0x3f >> s.needed);
  return Utf8Event.More;
}

function continueStep(s: Utf8, byte: u8): Utf8Event {
  if (byte < s.lowest || byte > s.greatest) {
    s.needed = 0;
    return Utf8Event.Malformed;
  }
  s.lowest = 0x80;
  s.greatest = 0xbf;
  s.gathered = (s.gathered << 6) | (byte & 0x3f);
  s.needed--;
  if (s.needed != 0) return Utf8Event.More;
  s.codePoint = s.gathered;
  return Utf8Event.Char;
}

// INVARIANT: the fields fit.
assert(offsetof<Utf8>() <= UTF8_BYTES);
