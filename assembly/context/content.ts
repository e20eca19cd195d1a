/** What a content type and a content encoding say about a body. */
import { lowerAscii, startsWith } from '../memory/bytes';
import { text } from '../memory/text';

const JSON_TYPE = text('application/json');
const TEXT_JSON = text('text/json');
const JSON_SUFFIX = text('+json');
const UTF8 = text('utf-8');
const UTF8_QUOTED = text('"utf-8"');
const CHARSET = text('charset=');
const IDENTITY = text('identity');

/** Longest content type that is read. */
const TYPE_MAX: u32 = 256;
const lowered: usize = memory.data(256);

/**
 * True for `application/json`, `text/json` and `*+json`, in any case, with a charset of UTF-8 or none (RFC 8259, section
 * 8.1). Any other charset would make our reading of the bytes wrong.
 */
export function isJsonType(ptr: usize, len: u32): bool {
  if (len > TYPE_MAX) return false;
  lowerAscii(lowered, ptr, len);
  let end: u32 = 0;
  while (end < len && load<u8>(lowered + end) != 0x3b) end += 1;
  const essence = trimmedEnd(end);
  const isJson =
    JSON_TYPE.equals(lowered, essence) ||
    TEXT_JSON.equals(lowered, essence) ||
    (essence > JSON_SUFFIX.len &&
      JSON_SUFFIX.equals(lowered + essence - JSON_SUFFIX.len, JSON_SUFFIX.len));
  if (!isJson) return false;
  while (end < len) {
    const start = end + 1;
    end = start;
    while (end < len && load<u8>(lowered + end) != 0x3b) end += 1;
    if (!isKnownParameter(start, end)) return false;
  }
  return true;
}

/** True for `identity`, which changes nothing, and for an empty value. */
export function isIdentityEncoding(ptr: usize, len: u32): bool {
  if (len == 0) return true;
  if (len != IDENTITY.len) return false;
  lowerAscii(lowered, ptr, len);
  return IDENTITY.equals(lowered, len);
}

/** Parameters other than a charset do not change how the bytes are read. */
function isKnownParameter(start: u32, end: u32): bool {
  while (start < end && load<u8>(lowered + start) <= 0x20) start += 1;
  while (end > start && load<u8>(lowered + end - 1) <= 0x20) end -= 1;
  if (end - start < CHARSET.len || !CHARSET.equals(lowered + start, CHARSET.len)) {
    // Neither `charset =` nor `charset*=` is read as something that says nothing of the charset.
    return !startsWith(lowered + start, end - start, CHARSET.ptr, CHARSET.len - 1);
  }
  const value = lowered + start + CHARSET.len;
  const valueLen = end - start - CHARSET.len;
  return UTF8.equals(value, valueLen) || UTF8_QUOTED.equals(value, valueLen);
}

function trimmedEnd(end: u32): u32 {
  while (end > 0 && load<u8>(lowered + end - 1) <= 0x20) end -= 1;
  return end;
}
