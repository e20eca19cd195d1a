/** The normal form in which detectors read text: one byte for each code point. */
import { IGNORABLE, OTHER } from './units';

/** The zeros of all decimal digits (category Nd of Unicode 17, which has all of Unicode 16) behind ASCII. */
const ZEROS = memory.data<u32>([
  0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50,
  0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0,
  0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30,
  0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x116d0,
  0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0, 0x11c50, 0x11d50, 0x11da0, 0x11de0, 0x11f50, 0x16130,
  0x16a60, 0x16ac0, 0x16b50, 0x16d70, 0x1ccf0, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140,
  0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
]);
const ZEROS_COUNT: u32 = 76;

/**
 * The unit of a code point: ASCII stays, other decimal digits become 0 to 9, the fullwidth and small
 * forms of ASCII, spaces and hyphens what they are forms of, invisible characters IGNORABLE, and
 * everything else OTHER.
 */
export function normalUnit(codePoint: u32): u8 {
  if (codePoint < 0x80) return <u8>codePoint;
  if (codePoint < 0x660) {
    if (codePoint == 0xa0) return 0x20;
    return codePoint == 0xad || codePoint == 0x34f || codePoint == 0x61c ? IGNORABLE : OTHER;
  }
  if (codePoint - 0x2000 < 0x300) return punctuationUnit(codePoint);
  if (codePoint >= 0xfe00 && codePoint <= 0xff5e) return formUnit(codePoint);
  if (codePoint == 0x3000 || codePoint == 0x1680) return 0x20;
  if (codePoint == 0xfeff || codePoint == 0x180e) return IGNORABLE;
  return digitUnit(codePoint);
}

/** U+2000 to U+22FF. */
function punctuationUnit(codePoint: u32): u8 {
  if (codePoint <= 0x200a || codePoint == 0x202f || codePoint == 0x205f) return 0x20;
  if (codePoint <= 0x200f) return IGNORABLE;
  if (codePoint <= 0x2015 || codePoint == 0x2212) return 0x2d;
  // Directions (U+202A to U+202E, U+2066 to U+2069), joiners and invisible operators.
  if (codePoint >= 0x202a && codePoint <= 0x202e) return IGNORABLE;
  if (codePoint >= 0x2060 && codePoint <= 0x2069) return IGNORABLE;
  return OTHER;
}

/** U+FE00 to U+FF5E: variation selectors, small forms, fullwidth forms. */
function formUnit(codePoint: u32): u8 {
  if (codePoint >= 0xff01) return <u8>(codePoint - 0xfee0);
  if (codePoint <= 0xfe0f || codePoint == 0xfeff) return IGNORABLE;
  switch (codePoint) {
    case 0xfe52:
      return 0x2e;
    case 0xfe55:
      return 0x3a;
    case 0xfe58:
    case 0xfe63:
      return 0x2d;
    case 0xfe62:
      return 0x2b;
    case 0xfe6b:
      return 0x40;
    default:
      return OTHER;
  }
}

function digitUnit(codePoint: u32): u8 {
  let low: u32 = 0;
  let high = ZEROS_COUNT;
  // The last zero at or before the code point.
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(ZEROS + ((<usize>middle) << 2)) <= codePoint) low = middle + 1;
    else high = middle;
  }
  if (low == 0) return OTHER;
  const digit = codePoint - load<u32>(ZEROS + ((<usize>(low - 1)) << 2));
  return digit < 10 ? <u8>(0x30 + digit) : OTHER;
}
