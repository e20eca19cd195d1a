/** Runs of ASCII in text. */

/** First byte in `start..end` that is not ASCII, or `end`. */
export function skipAscii(start: usize, end: usize): usize {
  let p = start;
  while (end - p >= 16) {
    const bits = i8x16.bitmask(v128.load(p));
    if (bits != 0) return p + ctz(bits);
    p += 16;
  }
  while (p < end && load<u8>(p) < 0x80) p++;
  return p;
}

/** First byte in `start..end` that is a carriage return, a line feed or not ASCII, or `end`. */
export function skipLine(start: usize, end: usize): usize {
  let p = start;
  while (end - p >= 16) {
    const v = v128.load(p);
    const eol = v128.or(i8x16.eq(v, i8x16.splat(0x0a)), i8x16.eq(v, i8x16.splat(0x0d)));
    const bits = i8x16.bitmask(v128.or(v, eol));
    if (bits != 0) return p + ctz(bits);
    p += 16;
  }
  while (p < end) {
    const byte = load<u8>(p);
    if (byte >= 0x80 || byte == 0x0a || byte == 0x0d) return p;
    p++;
  }
  return p;
}
