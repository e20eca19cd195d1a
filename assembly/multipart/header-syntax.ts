/** Tokens, quoted strings and parameters of header lines (RFC 9110, section 5.6). */
import { Text } from '../memory/text';

const SPACE: u8 = 0x20;
const TAB: u8 = 0x09;
const SEMICOLON: u8 = 0x3b;
const EQUALS: u8 = 0x3d;
const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

/** Behind what was read last. */
export let next: usize = 0;
/** The key of the last parameter. */
export let keyPtr: usize = 0;
export let keyLen: u32 = 0;
/** Its value, without quotes but with its backslashes. */
export let valuePtr: usize = 0;
export let valueLen: u32 = 0;
export let isQuoted: bool = false;

/** Starts to read parameters at `p`. */
export function beginParameters(p: usize): void {
  next = p;
}

/** Reads `;`, a key, `=` and a token or a quoted string at `next`. False when they are not there. */
export function readParameter(end: usize): bool {
  let p = skipSpace(next, end);
  if (p == end || load<u8>(p) != SEMICOLON) return false;
  p = skipSpace(p + 1, end);
  keyPtr = p;
  p = skipToken(p, end);
  keyLen = <u32>(p - keyPtr);
  if (keyLen == 0 || p == end || load<u8>(p) != EQUALS) return false;
  return readValue(p + 1, end);
}

/** Behind a token. */
export function skipToken(start: usize, end: usize): usize {
  let p = start;
  while (p < end && isTokenByte(load<u8>(p))) p++;
  return p;
}

/** Behind spaces and tabs. */
export function skipSpace(start: usize, end: usize): usize {
  let p = start;
  while (p < end && isSpace(load<u8>(p))) p++;
  return p;
}

/** Before the spaces and tabs that `end` is behind. */
export function trimSpace(start: usize, end: usize): usize {
  let p = end;
  while (p > start && isSpace(load<u8>(p - 1))) p--;
  return p;
}

/** Whether a span is a lower-case text in any case. */
export function isText(wanted: Text, ptr: usize, len: u32): bool {
  return len == wanted.len && beginsWith(wanted, ptr, len);
}

/** Whether a span begins with a lower-case text in any case. */
export function beginsWith(wanted: Text, ptr: usize, len: u32): bool {
  if (len < wanted.len) return false;
  for (let i: u32 = 0; i < wanted.len; i++) {
    const byte = load<u8>(ptr + i);
    const isUpper = <u32>byte - 0x41 < 26;
    if ((isUpper ? byte | 0x20 : byte) != load<u8>(wanted.ptr + i)) return false;
  }
  return true;
}

function readValue(start: usize, end: usize): bool {
  isQuoted = start < end && load<u8>(start) == QUOTE;
  if (!isQuoted) {
    valuePtr = start;
    next = skipToken(start, end);
    valueLen = <u32>(next - start);
    return valueLen != 0;
  }
  valuePtr = start + 1;
  let p = valuePtr;
  while (p < end && load<u8>(p) != QUOTE) p += load<u8>(p) == BACKSLASH ? 2 : 1;
  if (p >= end) return false;
  valueLen = <u32>(p - valuePtr);
  next = p + 1;
  return true;
}

function isSpace(byte: u8): bool {
  return byte == SPACE || byte == TAB;
}

function isTokenByte(byte: u8): bool {
  if (<u32>(byte | 0x20) - 0x61 < 26 || <u32>byte - 0x30 < 10) return true;
  switch (byte) {
    case 0x21 /* ! */:
    case 0x23 /* # */:
    case 0x24 /* $ */:
    case 0x25 /* % */:
    case 0x26 /* & */:
    case 0x27 /* ' */:
    case 0x2a /* * */:
    case 0x2b /* + */:
    case 0x2d /* - */:
    case 0x2e /* . */:
    case 0x5e /* ^ */:
    case 0x5f /* _ */:
    case 0x60 /* ` */:
    case 0x7c /* | */:
    case 0x7e /* ~ */:
      return true;
    default:
      return false;
  }
}
