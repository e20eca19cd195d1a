/** Bytes of GraphQL documents (GraphQL, October 2021, section 2.1). */

/** Whether a byte may begin a name. */
export function isNameStart(byte: u8): bool {
  return <u32>(byte | 0x20) - 0x61 < 26 || byte == 0x5f;
}

/** Whether a byte may go on with a name. */
export function isNameByte(byte: u8): bool {
  return isNameStart(byte) || <u32>byte - 0x30 < 10;
}

/** Whether a byte may begin a number. */
export function isNumberStart(byte: u8): bool {
  return byte == 0x2d || <u32>byte - 0x30 < 10;
}

/** Whether a byte may go on with a number. */
export function isNumberByte(byte: u8): bool {
  return isNumberStart(byte) || byte == 0x2e || byte == 0x2b || (byte | 0x20) == 0x65;
}

/** White space, line ends and commas. */
export function isIgnored(byte: u8): bool {
  return byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d || byte == 0x2c;
}

/** Punctuators that neither open nor close anything, nor lead to a value: ! & . @ | */
export function isPlainPunctuator(byte: u8): bool {
  return byte == 0x21 || byte == 0x26 || byte == 0x2e || byte == 0x40 || byte == 0x7c;
}
