/**
 * The headers of a part of a multipart body (RFC 2046, section 5.1; RFC 7578, section 4). What parsers read in different
 * ways is not read at all: folded lines, lone line ends, parameters twice or in the way of RFC 2231, encodings.
 */
import { text } from '../memory/text';
import {
  beginParameters,
  beginsWith,
  isQuoted,
  isText,
  keyLen,
  keyPtr,
  next,
  readParameter,
  skipSpace,
  skipToken,
  trimSpace,
  valueLen,
  valuePtr,
} from './header-syntax';

/** What a part holds. */
export const enum PartKind {
  Text = 0,
  Json = 1,
}

/** Most header lines of a part. */
const LINES_MAX: u32 = 32;

/** PartKind of the headers that were read. */
export let partKind: u32 = PartKind.Text;

/** Whether they name the field. */
export let hasPartName: bool = false;

/** Bytes of its name, decoded, in what was given to `readPartHeaders`. */
export let partNameLen: u32 = 0;

const DISPOSITION = text('content-disposition');
const TYPE = text('content-type');
const TRANSFER_ENCODING = text('content-transfer-encoding');
const ENCODING = text('content-encoding');
const FORM_DATA = text('form-data');
const NAME = text('name');
const EXTENDED_NAME = text('name*');
const CHARSET = text('charset');
const DEFAULT_CHARSET = text('_charset_');
const UTF8 = text('utf-8');
const US_ASCII = text('us-ascii');
const SEVEN_BIT = text('7bit');
const EIGHT_BIT = text('8bit');
const BINARY = text('binary');
const TEXT_TYPES = text('text/');
const TEXT_XML = text('text/xml');
const APPLICATION = text('application/');
const JSON_TYPE = text('application/json');
const JSON_SUFFIX = text('+json');

const CR: u8 = 0x0d;
const LF: u8 = 0x0a;
const SPACE: u8 = 0x20;
const TAB: u8 = 0x09;
const COLON: u8 = 0x3a;
const SEMICOLON: u8 = 0x3b;
const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

let hasDisposition: bool = false;
let hasType: bool = false;
let hasEncoding: bool = false;
/** Where the name of the field goes, and how much room is there. */
let nameAt: usize = 0;
let nameMax: u32 = 0;

/**
 * Reads lines that each end with a carriage return and a line feed. The decoded name of the field is written to `name`.
 * False when they cannot be read, or say that the part cannot.
 */
export function readPartHeaders(ptr: usize, len: u32, name: usize, room: u32): bool {
  partKind = PartKind.Text;
  hasPartName = false;
  partNameLen = 0;
  hasDisposition = false;
  hasType = false;
  hasEncoding = false;
  nameAt = name;
  nameMax = room;
  const end = ptr + len;
  let lines: u32 = 0;
  for (let p = ptr; p < end;) {
    const lineEnd = findEnd(p, end);
    if (lineEnd == 0 || ++lines > LINES_MAX || !readLine(p, lineEnd)) return false;
    p = lineEnd + 2;
  }
  return true;
}

/** The carriage return that ends a line; 0 when there is none, or another control before it. */
function findEnd(start: usize, end: usize): usize {
  for (let p = start; p < end; p++) {
    const byte = load<u8>(p);
    if (byte == CR) return end - p >= 2 && load<u8>(p, 1) == LF ? p : 0;
    if ((byte < SPACE && byte != TAB) || byte == 0x7f) return 0;
  }
  return 0;
}

function readLine(start: usize, end: usize): bool {
  const colon = skipToken(start, end);
  if (colon == start || colon == end || load<u8>(colon) != COLON) return false;
  const nameLen = <u32>(colon - start);
  const value = skipSpace(colon + 1, end);
  const valueEnd = trimSpace(value, end);
  if (isText(DISPOSITION, start, nameLen)) {
    if (hasDisposition) return false;
    hasDisposition = true;
    return readDisposition(value, valueEnd);
  }
  if (isText(TYPE, start, nameLen)) {
    if (hasType) return false;
    hasType = true;
    return readType(value, valueEnd);
  }
  if (isText(TRANSFER_ENCODING, start, nameLen)) {
    if (hasEncoding) return false;
    hasEncoding = true;
    return isPlainEncoding(value, <u32>(valueEnd - value));
  }
  return !isText(ENCODING, start, nameLen);
}

function isPlainEncoding(ptr: usize, len: u32): bool {
  return isText(SEVEN_BIT, ptr, len) || isText(EIGHT_BIT, ptr, len) || isText(BINARY, ptr, len);
}

function readDisposition(start: usize, end: usize): bool {
  const typeEnd = skipToken(start, end);
  if (typeEnd == start) return false;
  const isForm = isText(FORM_DATA, start, <u32>(typeEnd - start));
  beginParameters(typeEnd);
  while (next != end) {
    if (!readParameter(end)) return false;
    // A name in the way of RFC 2231 may say something else.
    if (beginsWith(EXTENDED_NAME, keyPtr, keyLen)) return false;
    if (isText(NAME, keyPtr, keyLen) && (hasPartName || !takeName())) return false;
  }
  return hasPartName || !isForm;
}

/** Decodes the value that was read as the name of the field. */
function takeName(): bool {
  hasPartName = true;
  partNameLen = 0;
  for (let i: u32 = 0; i < valueLen; i++) {
    let byte = load<u8>(valuePtr + i);
    if (isQuoted && byte == BACKSLASH) {
      // Parsers keep a backslash before anything else, or not.
      byte = load<u8>(valuePtr + ++i);
      if (byte != QUOTE && byte != BACKSLASH) return false;
    }
    if (partNameLen == nameMax) return false;
    store<u8>(nameAt + partNameLen++, byte);
  }
  // This field says what charset the others have (RFC 7578, section 4.6).
  return !isText(DEFAULT_CHARSET, nameAt, partNameLen);
}

function readType(start: usize, end: usize): bool {
  let typeEnd = start;
  while (typeEnd < end && load<u8>(typeEnd) != SEMICOLON) typeEnd++;
  if (!readKind(start, <u32>(trimSpace(start, typeEnd) - start))) return false;
  beginParameters(typeEnd);
  let hasCharset = false;
  while (next != end) {
    if (!readParameter(end)) return false;
    if (!beginsWith(CHARSET, keyPtr, keyLen)) continue;
    if (hasCharset || keyLen != CHARSET.len) return false;
    hasCharset = true;
    if (!isText(UTF8, valuePtr, valueLen) && !isText(US_ASCII, valuePtr, valueLen)) return false;
  }
  return true;
}

function readKind(ptr: usize, len: u32): bool {
  if (beginsWith(APPLICATION, ptr, len)) {
    partKind = PartKind.Json;
    if (isText(JSON_TYPE, ptr, len)) return true;
    return (
      len > JSON_SUFFIX.len && isText(JSON_SUFFIX, ptr + len - JSON_SUFFIX.len, JSON_SUFFIX.len)
    );
  }
  return beginsWith(TEXT_TYPES, ptr, len) && !isText(TEXT_XML, ptr, len);
}
