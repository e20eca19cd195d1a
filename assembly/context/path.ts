/**
 * Whether a path has exactly one reading (policy-model, "Meaning" 6; RFC 3986, section 6.2.2).
 *
 * Envoy normalises before us; what it leaves in doubt is denied: encoded slashes, backslashes, dots and NULs, dot segments
 * also when parameters follow them (`/..;/`), empty segments in the middle, bad escapes, bytes that are not UTF-8.
 */

/** Length of the path in front of the query, as `readPath` found it. */
export let pathLen: u32 = 0;

/** Splits off the query and judges the path. False when it is not in normal form or can be read in two ways. */
export function readPath(ptr: usize, len: u32): bool {
  pathLen = 0;
  if (len == 0 || load<u8>(ptr) != 0x2f) return false;
  let segment: u32 = 1;
  let i: u32 = 1;
  for (; i < len; i++) {
    const byte = load<u8>(ptr + i);
    if (byte == 0x3f) break;
    if (byte == 0x2f) {
      if (!isPlainSegment(ptr, segment, i) || i == segment) return false;
      segment = i + 1;
    } else if (byte == 0x25) {
      if (len - i < 3 || !isHarmlessEscape(load<u8>(ptr + i, 1), load<u8>(ptr + i, 2))) return false;
    } else if (byte <= 0x20 || byte == 0x7f || byte == 0x5c || byte == 0x23) {
      return false;
    } else if (byte >= 0x80) {
      const width = utf8Width(ptr + i, len - i);
      if (width == 0) return false;
      i += width - 1;
    }
  }
  pathLen = i;
  return isPlainSegment(ptr, segment, i);
}

/** False for `.` and `..`, also with path parameters behind them. An empty segment is for the caller to judge. */
function isPlainSegment(ptr: usize, start: u32, end: u32): bool {
  let dots: u32 = 0;
  while (start + dots < end && load<u8>(ptr + start + dots) == 0x2e) dots += 1;
  if (dots == 0 || dots > 2) return true;
  const next = start + dots;
  return next != end && load<u8>(ptr + next) != 0x3b;
}

/** False for malformed escapes, escapes of bytes with a meaning of their own, and of bytes that need none. */
function isHarmlessEscape(high: u8, low: u8): bool {
  const a = hexDigit(high);
  const b = hexDigit(low);
  if (a < 0 || b < 0) return false;
  const byte = <u32>((a << 4) | b);
  if (byte < 0x20 || byte == 0x7f || byte == 0x2f || byte == 0x5c || byte == 0x25 || byte == 0x3b) {
    return false;
  }
  return !isUnreserved(byte);
}

/** RFC 3986, section 2.3: a normal form never escapes these. */
function isUnreserved(byte: u32): bool {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte == 0x2d ||
    byte == 0x2e ||
    byte == 0x5f ||
    byte == 0x7e
  );
}

function hexDigit(byte: u8): i32 {
  if (byte >= 0x30 && byte <= 0x39) return <i32>byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? <i32>lower - 0x57 : -1;
}

/** Bytes of the well-formed UTF-8 sequence (RFC 3629) at `ptr`, or 0. */
function utf8Width(ptr: usize, left: u32): u32 {
  const first = load<u8>(ptr);
  const width: u32 = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || left < width) return 0;
  const second = load<u8>(ptr, 1);
  if (first == 0xe0 && second < 0xa0) return 0;
  if (first == 0xed && second > 0x9f) return 0;
  if (first == 0xf0 && second < 0x90) return 0;
  if (first == 0xf4 && second > 0x8f) return 0;
  for (let i: u32 = 1; i < width; i++) if ((load<u8>(ptr + i) & 0xc0) != 0x80) return 0;
  return width;
}
