/**
 * What a content type says about a body (RFC 9110, section 8.3). What can be read in two ways is not read at all: a receiver
 * might take the other one.
 */
import { BodyFormat, Charset } from '../mask/body';
import { findByte, lowerAscii } from '../memory/bytes';
import { text } from '../memory/text';
import { NO_CHARSET, charsetNamed } from './charsets';
import { NO_FORMAT, formatOfType, isGraphQl } from './content-types';

const CHARSET = text('charset');
const BOUNDARY = text('boundary');
const HEADER = text('header');
const ABSENT = text('absent');

/** BodyFormat of the type that was read last. */
export let contentFormat: u32 = 0;
/** Its Charset. */
export let contentCharset: u32 = 0;
/** Boundary of a multipart type: lies in the header, or in a buffer of this file until the next type is read. */
export let contentArg: usize = 0;
/** Its length; 1 for GraphQL, and for CSV without a header line. */
export let contentArgLen: u32 = 0;

/** Longest content type that is read. */
const TYPE_MAX: u32 = 512;
/** RFC 2046, section 5.1.1. */
const BOUNDARY_MAX: u32 = 70;
const SEMICOLON: u8 = 0x3b;
const EQUALS: u8 = 0x3d;
const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const STAR: u8 = 0x2a;

const original: usize = memory.data(512);
const lowered: usize = memory.data(512);
/** Value of a parameter, without quotes. */
const value: usize = memory.data(512);
const loweredValue: usize = memory.data(512);
const name: usize = memory.data(512);
let typeLen: u32 = 0;
let valueLen: u32 = 0;
let hasCharset: bool = false;
let hasBoundary: bool = false;

/** Reads a content type. False when the body cannot be read by it. */
export function readContentType(ptr: usize, len: u32): bool {
  contentCharset = Charset.Utf8;
  contentArg = 0;
  contentArgLen = 0;
  hasCharset = false;
  hasBoundary = false;
  if (len == 0 || len > TYPE_MAX) return false;
  typeLen = len;
  memory.copy(original, ptr, len);
  lowerAscii(lowered, ptr, len);
  let end = skipTo(0, SEMICOLON);
  const essence = trimmedEnd(end);
  if (!isType(essence)) return false;
  const format = formatOfType(lowered, essence);
  if (format == NO_FORMAT) return false;
  contentFormat = <u32>format;
  if (isGraphQl(lowered, essence)) contentArgLen = 1;
  while (end < len) {
    end = readParameter(end + 1);
    if (end == 0) return false;
  }
  if (format == BodyFormat.Multipart && !hasBoundary) return false;
  return contentCharset == Charset.Utf8 || takesWideCharset();
}

/** Formats that are text as a whole; others are bytes, or UTF-8 whatever is said. */
function takesWideCharset(): bool {
  switch (contentFormat) {
    case BodyFormat.Json:
    case BodyFormat.JsonLines:
    case BodyFormat.JsonSequence:
    case BodyFormat.Xml:
    case BodyFormat.Text:
    case BodyFormat.Csv:
      return true;
  }
  return false;
}

/** Reads the parameter behind a semicolon; where the next semicolon or the end is, 0 when it is odd. */
function readParameter(start: u32): u32 {
  let at = skipBlanks(start);
  // `application/json;` is common, and says nothing.
  if (at == typeLen || load<u8>(lowered + at) == SEMICOLON) return at;
  const nameStart = at;
  while (at < typeLen && isTokenByte(load<u8>(lowered + at))) at += 1;
  const nameLen = at - nameStart;
  if (nameLen == 0 || at == typeLen || load<u8>(lowered + at) != EQUALS) return 0;
  memory.copy(name, lowered + nameStart, nameLen);
  at += 1;
  const isQuoted = at < typeLen && load<u8>(original + at) == QUOTE;
  at = isQuoted ? readQuoted(at + 1) : readToken(at);
  if (at == 0) return 0;
  at = skipBlanks(at);
  if (at < typeLen && load<u8>(lowered + at) != SEMICOLON) return 0;
  return takeParameter(nameLen) ? at : 0;
}

function readToken(start: u32): u32 {
  let at = start;
  while (at < typeLen && isTokenByte(load<u8>(original + at))) at += 1;
  valueLen = at - start;
  memory.copy(value, original + start, valueLen);
  return valueLen == 0 ? 0 : at;
}

/** Behind the closing quote, or 0 when there is none. */
function readQuoted(start: u32): u32 {
  valueLen = 0;
  for (let at = start; at < typeLen; at++) {
    let byte = load<u8>(original + at);
    if (byte == QUOTE) return at + 1;
    if (byte == BACKSLASH) {
      at += 1;
      if (at == typeLen) return 0;
      byte = load<u8>(original + at);
    }
    store<u8>(value + valueLen++, byte);
  }
  return 0;
}

function takeParameter(nameLen: u32): bool {
  if (CHARSET.equals(name, nameLen)) return takeCharset();
  if (contentFormat == BodyFormat.Multipart && BOUNDARY.equals(name, nameLen))
    return takeBoundary();
  // `charset*` is another way to write it (RFC 8187), and so are `boundary*` and its parts, `boundary*0` (RFC 2231).
  if (findByte(name, nameLen, STAR) >= 0) return false;
  if (contentFormat == BodyFormat.Csv && HEADER.equals(name, nameLen)) {
    lowerAscii(loweredValue, value, valueLen);
    if (ABSENT.equals(loweredValue, valueLen)) contentArgLen = 1;
  }
  return true;
}

function takeCharset(): bool {
  if (hasCharset) return false;
  hasCharset = true;
  lowerAscii(loweredValue, value, valueLen);
  const charset = charsetNamed(loweredValue, valueLen);
  if (charset == NO_CHARSET) return false;
  contentCharset = <u32>charset;
  return true;
}

function takeBoundary(): bool {
  if (hasBoundary || valueLen == 0 || valueLen > BOUNDARY_MAX) return false;
  hasBoundary = true;
  for (let i: u32 = 0; i < valueLen; i++) {
    if (!isBoundaryByte(load<u8>(value + i))) return false;
  }
  if (load<u8>(value + valueLen - 1) == 0x20) return false;
  memory.copy(boundary, value, valueLen);
  contentArg = boundary;
  contentArgLen = valueLen;
  return true;
}

const boundary: usize = memory.data(72);

/** `type/subtype`, two tokens. */
function isType(len: u32): bool {
  let slashes: u32 = 0;
  for (let i: u32 = 0; i < len; i++) {
    const byte = load<u8>(lowered + i);
    if (byte == 0x2f) slashes += 1;
    else if (!isTokenByte(byte)) return false;
  }
  return slashes == 1 && load<u8>(lowered + len - 1) != 0x2f && load<u8>(lowered) != 0x2f;
}

function skipTo(start: u32, byte: u8): u32 {
  let at = start;
  while (at < typeLen && load<u8>(lowered + at) != byte) at += 1;
  return at;
}

function skipBlanks(start: u32): u32 {
  let at = start;
  while (at < typeLen && isBlank(load<u8>(lowered + at))) at += 1;
  return at;
}

function trimmedEnd(end: u32): u32 {
  let at = end;
  while (at > 0 && isBlank(load<u8>(lowered + at - 1))) at -= 1;
  return at;
}

function isBlank(byte: u8): bool {
  return byte == 0x20 || byte == 0x09;
}

/** RFC 9110, section 5.6.2. */
function isTokenByte(byte: u8): bool {
  if (<u32>(byte | 0x20) - 0x61 < 26 || <u32>byte - 0x30 < 10) return true;
  switch (byte) {
    case 0x21: // !
    case 0x23: // #
    case 0x24: // $
    case 0x25: // %
    case 0x26: // &
    case 0x27: // '
    case 0x2a: // *
    case 0x2b: // +
    case 0x2d: // -
    case 0x2e: // .
    case 0x5e: // ^
    case 0x5f: // _
    case 0x60: // `
    case 0x7c: // |
    case 0x7e: // ~
      return true;
  }
  return false;
}

/** RFC 2046, section 5.1.1. */
function isBoundaryByte(byte: u8): bool {
  if (<u32>(byte | 0x20) - 0x61 < 26 || <u32>byte - 0x30 < 10) return true;
  switch (byte) {
    case 0x20: // blank
    case 0x27: // '
    case 0x28: // (
    case 0x29: // )
    case 0x2b: // +
    case 0x2c: // ,
    case 0x2d: // -
    case 0x2e: // .
    case 0x2f: // /
    case 0x3a: // :
    case 0x3d: // =
    case 0x3f: // ?
    case 0x5f: // _
      return true;
  }
  return false;
}
