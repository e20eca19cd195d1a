/** UTF-16 and UTF-32 (Unicode 3.10), one byte at a time. */

/** What `wideStep` answers while a character is not whole, and for one that is malformed. */
export const WIDE_MORE: u32 = 0xffff_fffe;
export const WIDE_MALFORMED: u32 = 0xffff_ffff;

/** The byte order mark. */
const MARK: u32 = 0xfeff;

/** State of a text; zeroed memory, but for `unitBytes`, is the state before the first byte. */
// @ts-ignore: decorator
@unmanaged
export class Wide {
  /** 2 or 4 */
  unitBytes: u8;
  /** the least byte of a unit comes first */
  isLittle: bool;
  /** a mark in the other order would turn it */
  isOpen: bool;
  /** bytes read of the unit */
  len: u8;
  /** the bytes, the first one lowest */
  unit: u32;
  /** the high surrogate that was the last unit, or 0 */
  high: u32;
}

/** Takes a byte; the code point when it was the last one. Lone surrogates are malformed. */
export function wideStep(s: Wide, byte: u8): u32 {
  s.unit |= (<u32>byte) << (8 * s.len);
  if (++s.len < s.unitBytes) return WIDE_MORE;
  if (s.isOpen && s.unit == MARK) s.isLittle = true;
  s.isOpen = false;
  const unit = unitOf(s);
  s.unit = 0;
  s.len = 0;
  if (s.unitBytes == 4) return isScalar(unit) ? unit : WIDE_MALFORMED;
  const high = s.high;
  s.high = 0;
  if ((unit & 0xfc00) == 0xdc00) {
    return high == 0 ? WIDE_MALFORMED : 0x10000 + ((high & 0x3ff) << 10) + (unit & 0x3ff);
  }
  if (high != 0) return WIDE_MALFORMED;
  if ((unit & 0xfc00) != 0xd800) return unit;
  s.high = unit;
  return WIDE_MORE;
}

/** Whether the text may end here. */
export function isWideWhole(s: Wide): bool {
  return s.len == 0 && s.high == 0;
}

/** Writes a code point; how many bytes, 4 at most. */
export function writeWide(s: Wide, at: usize, codePoint: u32): u32 {
  if (s.unitBytes == 4) {
    store<u32>(at, s.isLittle ? codePoint : bswap<u32>(codePoint));
    return 4;
  }
  if (codePoint < 0x10000) {
    writePair(s, at, codePoint);
    return 2;
  }
  writePair(s, at, 0xd800 | ((codePoint - 0x10000) >> 10));
  writePair(s, at + 2, 0xdc00 | (codePoint & 0x3ff));
  return 4;
}

function writePair(s: Wide, at: usize, unit: u32): void {
  store<u16>(at, s.isLittle ? <u16>unit : bswap<u16>(<u16>unit));
}

function unitOf(s: Wide): u32 {
  if (s.isLittle) return s.unit;
  return s.unitBytes == 4 ? bswap<u32>(s.unit) : <u32>bswap<u16>(<u16>s.unit);
}

function isScalar(codePoint: u32): bool {
  return codePoint <= 0x10ffff && (codePoint & 0xfffff800) != 0xd800;
}
