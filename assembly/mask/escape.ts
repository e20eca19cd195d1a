/** How a byte that the masker writes itself is written in each format, so that output stays well-formed. */
import { writeHex } from '../memory/bytes';

/** Ways to write text. */
export const enum Escape {
  None = 0,
  /** JSON strings (RFC 8259, section 7) */
  Json = 1,
  /** XML text and attribute values (XML 1.0, section 2.4) */
  Xml = 2,
  /** application/x-www-form-urlencoded (WHATWG URL, section 5) */
  Form = 3,
  /** a quoted field of CSV (RFC 4180) */
  Csv = 4,
  /** a line, of an event stream or a part of a multipart body: controls become spaces */
  Line = 5,
  /** a word between separators, a field of CSV without quotes or a parameter: so do separators, quotes and backslashes */
  Word = 6,
  /** what detectors find in XML text, of which sections without markup may be a part: markup becomes spaces */
  XmlText = 7,
  /** what they find in comments and instructions of XML: hyphens become `_`, two of them would end a comment */
  XmlAside = 8,
}

/** Most bytes that one byte becomes. */
export const ESCAPED_MAX: u32 = 6;

const SPACE: u8 = 0x20;
const HYPHEN: u8 = 0x2d;
const LOW_LINE: u8 = 0x5f;
const one: usize = memory.data(1);

/** Writes one byte of UTF-8 text at `target`; how many bytes it became. */
export function writeEscaped(target: usize, escape: u32, byte: u8): u32 {
  switch (escape) {
    case Escape.Json:
      return writeJson(target, byte);
    case Escape.Xml:
      return writeXml(target, byte);
    case Escape.Form:
      return writeForm(target, byte);
    case Escape.Line:
      store<u8>(target, byte < SPACE ? SPACE : byte);
      return 1;
    case Escape.XmlAside:
      store<u8>(target, isMarkup(byte) ? SPACE : byte == HYPHEN ? LOW_LINE : byte);
      return 1;
    case Escape.XmlText:
      store<u8>(target, isMarkup(byte) ? SPACE : byte);
      return 1;
    case Escape.Word:
      store<u8>(target, isWordByte(byte) ? byte : SPACE);
      return 1;
    default:
      store<u8>(target, byte);
      if (escape != Escape.Csv || byte != 0x22 /* " */) return 1;
      store<u8>(target, byte, 1);
      return 2;
  }
}

/** Whether a byte can stand in a field of CSV without quotes. */
export function isWordByte(byte: u8): bool {
  if (byte < SPACE || byte == 0x22 || byte == 0x5c) return false;
  return byte != 0x2c && byte != 0x3b; /* , ; */
}

function writeJson(target: usize, byte: u8): u32 {
  if (byte < 0x20) {
    store<u32>(target, 0x3030755c /* \u00 */);
    writePair(target + 4, byte);
    return 6;
  }
  if (byte != 0x22 && byte != 0x5c) {
    store<u8>(target, byte);
    return 1;
  }
  store<u8>(target, 0x5c /* \ */);
  store<u8>(target, byte, 1);
  return 2;
}

/** A reference by number is right in text and in attribute values. */
function writeXml(target: usize, byte: u8): u32 {
  if (!isMarkup(byte)) {
    store<u8>(target, byte);
    return 1;
  }
  store<u16>(target, 0x2326 /* &# */);
  store<u8>(target, 0x30 + byte / 10, 2);
  store<u8>(target, 0x30 + (byte % 10), 3);
  store<u8>(target, 0x3b /* ; */, 4);
  return 5;
}

/** &<>"' */
function isMarkup(byte: u8): bool {
  return byte == 0x26 || byte == 0x3c || byte == 0x3e || byte == 0x22 || byte == 0x27;
}

/** `*` stays: it belongs to the bytes that the form encoding leaves as they are. */
function writeForm(target: usize, byte: u8): u32 {
  const isLetter = <u32>(byte | 0x20) - 0x61 < 26;
  const isMark = byte == 0x2a || byte == 0x2d || byte == 0x2e || byte == 0x5f; /* *-._ */
  if (isLetter || isMark || <u32>byte - 0x30 < 10) {
    store<u8>(target, byte);
    return 1;
  }
  store<u8>(target, 0x25 /* % */);
  writePair(target + 1, byte);
  return 3;
}

function writePair(target: usize, byte: u8): void {
  store<u8>(one, byte);
  writeHex(target, one, 1);
}
