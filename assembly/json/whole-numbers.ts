/** JSON numbers that lie whole in a piece of input (RFC 8259, section 6). */

const ZERO: u8 = 0x30;
const MINUS: u8 = 0x2d;
const PLUS: u8 = 0x2b;
const POINT: u8 = 0x2e;
/** Bytes of a number that are looked at in one step. */
const STEP: u32 = 16;

/** Behind a number, 0 for one that is cut off by `end` or malformed. INVARIANT: 17 bytes are there. */
export function skipNumber(start: usize, end: usize): usize {
  const p = load<u8>(start) == MINUS ? start + 1 : start;
  const v = v128.load(p);
  // Moved so that the digits are the least of all signed bytes: one test finds them.
  const digits = i8x16.lt_s(i8x16.add(v, i8x16.splat(0x50)), i8x16.splat(-118));
  const others = i8x16.bitmask(digits) ^ 0x1ffff;
  let len = <u32>ctz(others);
  if (len == 0 || (load<u8>(p) == ZERO && len != 1)) return 0;
  if (len == STEP) return skipLongNumber(p, end);
  let next = load<u8>(p + len);
  if (next == POINT) {
    const decimals = len + 1;
    len = <u32>ctz(others & (others - 1));
    if (len == decimals) return 0;
    if (len == STEP) return skipLongNumber(p, end);
    next = load<u8>(p + len);
  }
  return (next | 0x20) == 0x65 /* e */ ? skipExponent(p + len + 1, end) : p + len;
}

/** As `skipNumber`, for any length, from the first digit on. */
function skipLongNumber(start: usize, end: usize): usize {
  let p = skipDigits(start, end);
  if (p == start || p == end) return 0;
  if (load<u8>(p) == POINT) {
    const first = p + 1;
    p = skipDigits(first, end);
    if (p == first || p == end) return 0;
  }
  return (load<u8>(p) | 0x20) == 0x65 /* e */ ? skipExponent(p + 1, end) : p;
}

/** Behind an exponent, from behind its letter on; 0 as for `skipNumber`. */
function skipExponent(start: usize, end: usize): usize {
  if (start == end) return 0;
  const sign = load<u8>(start);
  const first = sign == PLUS || sign == MINUS ? start + 1 : start;
  const p = skipDigits(first, end);
  return p == first || p == end ? 0 : p;
}

// @ts-ignore: decorator
@inline
function skipDigits(start: usize, end: usize): usize {
  let p = start;
  while (p < end && <u32>load<u8>(p) - ZERO < 10) p++;
  return p;
}
