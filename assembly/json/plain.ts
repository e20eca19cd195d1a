/** Skips over runs of bytes that need no decision, 16 at a time. */

/** First byte in `start..end` that is not JSON white space, or `end`. */
export function skipWhitespace(start: usize, end: usize): usize {
  let p = start;
  while (end - p >= 16) {
    // Most gaps between tokens are empty or one byte: look before the vector is set up.
    if (load<u8>(p) > 0x20) return p;
    const v = v128.load(p);
    const white = v128.or(
      v128.or(i8x16.eq(v, i8x16.splat(0x20)), i8x16.eq(v, i8x16.splat(0x0a))),
      v128.or(i8x16.eq(v, i8x16.splat(0x0d)), i8x16.eq(v, i8x16.splat(0x09))),
    );
    const other = ~i8x16.bitmask(white) & 0xffff;
    if (other != 0) return p + ctz(other);
    p += 16;
  }
  while (p < end) {
    const byte = load<u8>(p);
    if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) return p;
    p++;
  }
  return p;
}

/** First byte in `start..end` that is a quote, a backslash, a control or not ASCII, or `end`. */
export function skipPlain(start: usize, end: usize): usize {
  let p = start;
  while (end - p >= 16) {
    const special = i8x16.bitmask(specials(v128.load(p)));
    if (special != 0) return p + ctz(special);
    p += 16;
  }
  while (p < end && isPlain(load<u8>(p))) p++;
  return p;
}

/** As `skipPlain`, but stops at an ASCII digit too. */
export function skipPlainToDigit(start: usize, end: usize): usize {
  let p = start;
  while (end - p >= 16) {
    const v = v128.load(p);
    const digit = i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x30)), i8x16.splat(10));
    const special = i8x16.bitmask(v128.or(specials(v), digit));
    if (special != 0) return p + ctz(special);
    p += 16;
  }
  while (p < end) {
    const byte = load<u8>(p);
    if (!isPlain(byte) || <u32>byte - 0x30 < 10) return p;
    p++;
  }
  return p;
}

/** As `skipPlain`, for what mostly ends within 16 bytes. INVARIANT: as many are there. */
// @ts-ignore: decorator
@inline
export function skipShort(p: usize, end: usize): usize {
  const special = i8x16.bitmask(specials(v128.load(p)));
  return special != 0 ? p + ctz(special) : skipPlain(p + 16, end);
}

/**
 * Which bytes are a quote, a backslash, a control or not ASCII. Signed comparison: bytes from 0x80 are negative. With one
 * bit turned a quote is in the place of the space, so that one test finds all but the backslash.
 */
// @ts-ignore: decorator
@inline
function specials(v: v128): v128 {
  return v128.or(
    i8x16.lt_s(v128.xor(v, i8x16.splat(2)), i8x16.splat(0x21)),
    i8x16.eq(v, i8x16.splat(0x5c)),
  );
}

// @ts-ignore: decorator
@inline
function isPlain(byte: u8): bool {
  return byte >= 0x20 && byte < 0x80 && byte != 0x22 && byte != 0x5c;
}
