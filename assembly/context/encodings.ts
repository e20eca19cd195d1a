/** What content codings say: of a body, and of what a caller takes (RFC 9110, sections 8.4 and 12.5.3). */
import { findByte, lowerAscii } from '../memory/bytes';
import { Text, text } from '../memory/text';

const IDENTITY = text('identity');
const GZIP = text('gzip');
const BROTLI = text('br');
const ZSTD = text('zstd');
const COMMA_BLANK = text(', ');
const ANY = text('*');

/** Longest list that is read. */
const LIST_MAX: u32 = 256;
const lowered: usize = memory.data(256);
const CODINGS: StaticArray<u32> = [
  <u32>changetype<usize>(GZIP),
  <u32>changetype<usize>(BROTLI),
  <u32>changetype<usize>(ZSTD),
];

/** True for `identity`, which changes nothing, and for an empty value. */
export function isIdentityEncoding(ptr: usize, len: u32): bool {
  if (len == 0) return true;
  if (len != IDENTITY.len) return false;
  lowerAscii(lowered, ptr, len);
  return IDENTITY.equals(lowered, len);
}

/**
 * Writes those codings of an Accept-Encoding line that Envoy can decode for us, without weights, to `target`, which has room
 * for ENCODINGS_MAX bytes. Its length: 0 when it takes none of them.
 */
export function writeDecodable(target: usize, ptr: usize, len: u32): u32 {
  if (len > LIST_MAX) return 0;
  lowerAscii(lowered, ptr, len);
  let at = target;
  for (let i = 0; i < CODINGS.length; i++) {
    const coding = changetype<Text>(<usize>unchecked(CODINGS[i]));
    if (!takesCoding(len, coding)) continue;
    if (at != target) at = COMMA_BLANK.writeTo(at);
    at = coding.writeTo(at);
  }
  return <u32>(at - target);
}

/** Room for all of them. */
export const ENCODINGS_MAX: u32 = 16;

function takesCoding(len: u32, coding: Text): bool {
  let start: u32 = 0;
  while (start < len) {
    const comma = findByte(lowered + start, len - start, 0x2c);
    const end = comma < 0 ? len : start + <u32>comma;
    const semicolon = findByte(lowered + start, end - start, 0x3b);
    const nameEnd = semicolon < 0 ? end : start + <u32>semicolon;
    const isNamed = isTrimmed(start, nameEnd, coding) || isTrimmed(start, nameEnd, ANY);
    if (isNamed && !isRefused(nameEnd, end)) return true;
    start = end + 1;
  }
  return false;
}

/** A weight of zero (section 12.4.2): no digit but 0 in it. */
function isRefused(start: u32, end: u32): bool {
  if (start == end) return false;
  for (let i = start; i < end; i++) {
    const byte = load<u8>(lowered + i);
    if (<u32>byte - 0x31 < 9) return false;
  }
  return true;
}

function isTrimmed(from: u32, to: u32, name: Text): bool {
  let start = from;
  let end = to;
  while (start < end && load<u8>(lowered + start) <= 0x20) start += 1;
  while (end > start && load<u8>(lowered + end - 1) <= 0x20) end -= 1;
  return name.equals(lowered + start, end - start);
}
