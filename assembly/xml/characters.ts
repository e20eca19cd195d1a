/** Characters of XML (XML 1.0, section 2.2 and 2.3) and references to them. */

/** Whether a code point may stand in a document. */
export function isXmlChar(codePoint: u32): bool {
  if (codePoint >= 0x20) return codePoint != 0xfffe && codePoint != 0xffff && codePoint <= 0x10ffff;
  return codePoint == 0x09 || codePoint == 0x0a || codePoint == 0x0d;
}

/** Whether a byte is white space. */
export function isXmlSpace(byte: u8): bool {
  return byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d;
}

/** Whether a byte may begin a name; of what is not ASCII all may. */
export function isNameStart(byte: u8): bool {
  return <u32>(byte | 0x20) - 0x61 < 26 || byte == 0x5f || byte == 0x3a || byte >= 0x80;
}

/** Whether a byte may go on with a name. */
export function isNameByte(byte: u8): bool {
  return isNameStart(byte) || <u32>byte - 0x30 < 10 || byte == 0x2d || byte == 0x2e;
}

/**
 * First byte in `start..end` that may be more than an ASCII character of a text, a value, a comment or an instruction, or
 * `end`.
 */
export function skipXmlPlain(start: usize, end: usize): usize {
  let p = start;
  while (p < end && isPlain(load<u8>(p))) p++;
  return p;
}

function isPlain(byte: u8): bool {
  return (
    <u32>(byte | 0x20) - 0x61 < 26 || (byte >= 0x28 && byte < 0x3c && byte != 0x2d) || byte == 0x20
  );
}

/** State of a reference; zeroed memory is the state behind its `&`. */
// @ts-ignore: decorator
@unmanaged
export class Reference {
  /** the number, or up to four letters of the name */
  value: u32;
  /** bytes read */
  len: u8;
  /** 10 or 16 for a number, 0 for a name */
  base: u8;
  /** a digit was read */
  hasDigit: bool;
}

/** Most bytes of a reference. */
const LEN_MAX: u8 = 32;

/** What `referenceStep` answers while the reference is not whole, and for one that is malformed. */
export const REFERENCE_MORE: u32 = 0xffff_fffe;
export const REFERENCE_MALFORMED: u32 = 0xffff_ffff;

/** Takes a byte; the code point when it was the last one. Only the five names of XML itself are known. */
export function referenceStep(s: Reference, byte: u8): u32 {
  if (byte == 0x3b /* ; */) return endReference(s);
  if (++s.len > LEN_MAX) return REFERENCE_MALFORMED;
  if (s.len == 1 && byte == 0x23 /* # */) {
    s.base = 10;
    return REFERENCE_MORE;
  }
  if (s.len == 2 && s.base == 10 && byte == 0x78 /* x */) {
    s.base = 16;
    return REFERENCE_MORE;
  }
  if (s.base == 0) {
    if (s.len > 4) return REFERENCE_MALFORMED;
    s.value = (s.value << 8) | (<u32>byte);
    return REFERENCE_MORE;
  }
  const digit = digitOf(byte);
  if (digit >= <u32>s.base) return REFERENCE_MALFORMED;
  s.hasDigit = true;
  s.value = s.value * <u32>s.base + digit;
  return s.value > 0x10ffff ? REFERENCE_MALFORMED : REFERENCE_MORE;
}

function endReference(s: Reference): u32 {
  if (s.base != 0) {
    const isHalf = (s.value & 0xfffff800) == 0xd800;
    return s.hasDigit && !isHalf && isXmlChar(s.value) ? s.value : REFERENCE_MALFORMED;
  }
  switch (s.value) {
    case 0x6c74 /* lt */:
      return 0x3c;
    case 0x6774 /* gt */:
      return 0x3e;
    case 0x616d70 /* amp */:
      return 0x26;
    case 0x61706f73 /* apos */:
      return 0x27;
    case 0x71756f74 /* quot */:
      return 0x22;
    default:
      return REFERENCE_MALFORMED;
  }
}

function digitOf(byte: u8): u32 {
  const digit = <u32>byte - 0x30;
  if (digit < 10) return digit;
  const letter = ((<u32>byte) | 0x20) - 0x61;
  return letter < 6 ? letter + 10 : 255;
}
