/**
 * Finds the delimiters of a multipart body (RFC 2046, section 5.1.1), one byte at a time: carriage return, line feed, two
 * hyphens and the boundary. A boundary behind a lone line end, or at the very start of the content, is one for some parsers
 * and none for others: that is malformed.
 */

/** What a byte of the content brought. */
export const enum DelimiterEvent {
  /** it is content */
  Content = 0,
  /** it may belong to a delimiter: `matched` bytes of one are held */
  Held = 1,
  /** a delimiter is whole */
  Delimiter = 2,
  /** the `released` bytes that were held are content, and so is this one */
  Released = 3,
  /** the `released` bytes that were held are content, and this one is held */
  ReleasedHeld = 4,
  Malformed = 5,
}

/** Most bytes of a boundary. */
export const BOUNDARY_MAX: u32 = 70;

const PREFIX_LEN: u32 = 4;
const CR: u8 = 0x0d;
const LF: u8 = 0x0a;
const HYPHEN: u8 = 0x2d;
const NOWHERE: u32 = 0xffff;

/** How many held bytes the last `delimiterStep` released: the first ones of the delimiter. */
export let released: u32 = 0;

/** State of the content of a part. */
// @ts-ignore: decorator
@unmanaged
export class Delimiter {
  /** bytes of the delimiter, at `pattern` */
  len: u32;
  /** how many of them were met */
  matched: u32;
  /** how many behind the line end were met behind a lone one, or NOWHERE */
  loose: u32;
  pattern: usize;
}

/** Makes the delimiter of a boundary; `pattern` has room for it. False when it is none that RFC 2046 allows. */
export function openDelimiter(s: Delimiter, pattern: usize, boundary: usize, len: u32): bool {
  if (len == 0 || len > BOUNDARY_MAX) return false;
  for (let i: u32 = 0; i < len; i++) if (!isBoundaryByte(load<u8>(boundary + i))) return false;
  if (load<u8>(boundary + len - 1) == 0x20) return false;
  store<u8>(pattern, CR);
  store<u8>(pattern, LF, 1);
  store<u8>(pattern, HYPHEN, 2);
  store<u8>(pattern, HYPHEN, 3);
  memory.copy(pattern + PREFIX_LEN, boundary, len);
  s.pattern = pattern;
  s.len = PREFIX_LEN + len;
  beginContent(s);
  return true;
}

/** Starts the content of a part. */
export function beginContent(s: Delimiter): void {
  s.matched = 0;
  s.loose = 0;
}

/** Takes a byte of content. */
export function delimiterStep(s: Delimiter, byte: u8): DelimiterEvent {
  released = 0;
  if (s.matched != 0) {
    if (byte == load<u8>(s.pattern + s.matched)) {
      s.matched++;
      return s.matched == s.len ? DelimiterEvent.Delimiter : DelimiterEvent.Held;
    }
    released = s.matched;
    s.matched = 0;
    s.loose = released == 1 ? 0 : NOWHERE;
  }
  if (byte == CR) {
    s.matched = 1;
    s.loose = NOWHERE;
    return released == 0 ? DelimiterEvent.Held : DelimiterEvent.ReleasedHeld;
  }
  if (byte == LF) s.loose = 0;
  else if (s.loose != NOWHERE) {
    if (byte != load<u8>(s.pattern + 2 + s.loose)) s.loose = NOWHERE;
    else if (++s.loose == s.len - 2) return DelimiterEvent.Malformed;
  }
  return released == 0 ? DelimiterEvent.Content : DelimiterEvent.Released;
}

/** Whether plain bytes, none of them a line end, may be taken as content without a look at them. */
export function isInLine(s: Delimiter): bool {
  return s.matched == 0 && s.loose == NOWHERE;
}

function isBoundaryByte(byte: u8): bool {
  if (<u32>(byte | 0x20) - 0x61 < 26 || <u32>byte - 0x30 < 10) return true;
  // ' ( ) + , - . / : = ? _ and space
  if (byte == 0x20 || byte == 0x27 || byte == 0x28 || byte == 0x29) return true;
  return (
    (byte >= 0x2b && byte <= 0x2f) || byte == 0x3a || byte == 0x3d || byte == 0x3f || byte == 0x5f
  );
}
