/** Encodings of characters. */
export const enum Charset {
  Utf8 = 0,
  /** by byte order mark, else big-endian */
  Utf16 = 1,
  Utf16Le = 2,
  Utf16Be = 3,
  Utf32 = 4,
  Utf32Le = 5,
  Utf32Be = 6,
}
