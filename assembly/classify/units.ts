/**
 * The units that detectors read: one byte per code point, in the normal form of `normal.ts`, and
 * what each may be part of.
 */

/** A character that is not there inside of a number or word: zero width. */
export const IGNORABLE: u8 = 0x01;

/** A character that is no ASCII letter, digit or separator. */
export const OTHER: u8 = 0x80;

/** Most ignorable units between two characters of a number. */
export const IGNORABLE_MAX: u32 = 3;

/** What a unit may be part of, as bits. */
export const enum Unit {
  Digit = 1,
  /** letter or digit */
  Alnum = 2,
  Hex = 4,
  /** may begin the local part of a mail address */
  Lead = 8,
  /** letter, digit or + / _ = - */
  Token = 16,
  /** + - : begin things of their own */
  Sign = 32,
  /** may stand in the local part of a mail address */
  Local = 64,
  /** letter, digit, _ or -: the alphabet of base64url (RFC 4648, section 5) */
  Base64Url = 128,
}

const CLASSES: usize = memory.data(256);
buildClasses(CLASSES);

/** The `Unit` bits of a unit. */
// @ts-ignore: decorator
@inline
export function unitClass(unit: u8): u32 {
  return <u32>load<u8>(CLASSES + <usize>unit);
}

/** The unit at an index, 0 behind the end. */
// @ts-ignore: decorator
@inline
export function unitAt(text: usize, index: u32, len: u32): u8 {
  return index < len ? load<u8>(text + <usize>index) : 0;
}

/** Whether the unit is 0 to 9. */
// @ts-ignore: decorator
@inline
export function isDigit(unit: u8): bool {
  return <u32>unit - 0x30 < 10;
}

/** Whether the unit is an ASCII letter. */
// @ts-ignore: decorator
@inline
export function isLetter(unit: u8): bool {
  return ((<u32>unit) | 0x20) - 0x61 < 26;
}

/** Whether the unit is an ASCII letter or digit. */
// @ts-ignore: decorator
@inline
export function isAlnum(unit: u8): bool {
  return (unitClass(unit) & Unit.Alnum) != 0;
}

/** Whether the class of all units in `start..end` has a bit; bounded by the caller. */
export function allOfClass(text: usize, start: u32, end: u32, bit: u32): bool {
  for (let p = start; p < end; p++) {
    if ((unitClass(load<u8>(text + <usize>p)) & bit) == 0) return false;
  }
  return true;
}

/** The end of the run of units of a class that begins at `start`, at most `end`. */
export function runEnd(text: usize, start: u32, end: u32, bit: u32): u32 {
  let p = start;
  while (p < end && (unitClass(load<u8>(text + <usize>p)) & bit) != 0) p++;
  return p;
}

function buildClasses(table: usize): void {
  for (let unit: u32 = 0; unit < 256; unit++) store<u8>(table + <usize>unit, <u8>classOf(unit));
}

function classOf(unit: u32): u32 {
  const letter = (unit | 0x20) - 0x61;
  if (unit - 0x30 < 10) return 0xdf;
  if (unit < 0x80 && letter < 26) return letter < 6 ? 0xde : 0xda;
  switch (unit) {
    case 0x01:
    case 0x80:
    case 0x25 /* % */:
      return Unit.Lead | Unit.Local;
    case 0x27 /* ' */:
    case 0x2e /* . */:
      return Unit.Local;
    case 0x2b /* + */:
      return Unit.Lead | Unit.Local | Unit.Token | Unit.Sign;
    case 0x2d /* - */:
      return Unit.Lead | Unit.Local | Unit.Token | Unit.Sign | Unit.Base64Url;
    case 0x5f /* _ */:
      return Unit.Lead | Unit.Local | Unit.Token | Unit.Base64Url;
    case 0x2f /* / */:
    case 0x3d /* = */:
      return Unit.Token;
    case 0x3a /* : */:
      return Unit.Sign;
    default:
      return 0;
  }
}
