/** base64url without padding (RFC 4648, section 5): every character may stand in a header, a URL or a JSON string. */

/** Bytes that `len` bytes become. */
export function base64urlLength(len: u32): u32 {
  const rest = len % 3;
  return (len / 3) * 4 + (rest == 0 ? 0 : rest + 1);
}

/** Writes a span to `target`, which must not overlap it; the bytes written. `len` is below 2^31. */
export function base64urlWrite(target: usize, source: usize, len: u32): u32 {
  const start = target;
  const end = source + <usize>len;
  for (; end - source >= 3; source += 3, target += 4) {
    writeDigits(target, (pair(source) << 8) | (<u32>load<u8>(source, 2)), 4);
  }
  const rest = <u32>(end - source);
  if (rest == 2) writeDigits(target, pair(source) << 8, 3);
  if (rest == 1) writeDigits(target, (<u32>load<u8>(source)) << 16, 2);
  return <u32>(target - start) + (rest == 0 ? 0 : rest + 1);
}

// @ts-ignore: decorator
@inline
function pair(source: usize): u32 {
  return ((<u32>load<u8>(source)) << 8) | (<u32>load<u8>(source, 1));
}

/** The first `count` of the four digits of 24 bits. */
function writeDigits(target: usize, bits: u32, count: u32): void {
  for (let digit: u32 = 0; digit < count; digit++) {
    store<u8>(target + <usize>digit, load<u8>(DIGITS + <usize>((bits >> (18 - 6 * digit)) & 63)));
  }
}

// 'A'-'Z', 'a'-'z', '0'-'9', '-', '_'.
// prettier-ignore
const DIGITS: usize = memory.data<u8>([
  65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90,
  97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122,
  48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 45, 95,
]);
