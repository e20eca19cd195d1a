/** Names of charsets. */
import { Charset } from '../mask/body';
import { equalBytes } from '../memory/bytes';
import { Text, text } from '../memory/text';

const UTF8 = text('utf-8');
const UTF8_SHORT = text('utf8');
const ASCII = text('us-ascii');
const UTF16 = text('utf-16');
const UTF16_LE = text('utf-16le');
const UTF16_BE = text('utf-16be');
const UTF32 = text('utf-32');
const UTF32_LE = text('utf-32le');
const UTF32_BE = text('utf-32be');

/** No charset that can be read. */
export const NO_CHARSET: i32 = -1;

/** Charset of a name in lower case, or NO_CHARSET. */
export function charsetNamed(ptr: usize, len: u32): i32 {
  if (is(UTF8, ptr, len) || is(UTF8_SHORT, ptr, len) || is(ASCII, ptr, len)) return Charset.Utf8;
  if (is(UTF16, ptr, len)) return Charset.Utf16;
  if (is(UTF16_LE, ptr, len)) return Charset.Utf16Le;
  if (is(UTF16_BE, ptr, len)) return Charset.Utf16Be;
  if (is(UTF32, ptr, len)) return Charset.Utf32;
  if (is(UTF32_LE, ptr, len)) return Charset.Utf32Le;
  return is(UTF32_BE, ptr, len) ? Charset.Utf32Be : NO_CHARSET;
}

function is(name: Text, ptr: usize, len: u32): bool {
  return equalBytes(ptr, len, name.ptr, name.len);
}
