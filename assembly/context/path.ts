/**
 * The one reading of a path (policy-model, "Meaning" 6; RFC 3986, sections 3.3 and 6.2.2).
 *
 * Envoy normalises before us. What it leaves in doubt is denied: encoded slashes, backslashes, dots, semicolons and NULs,
 * dot segments also when parameters follow them (`/..;/`), empty segments in the middle, bad escapes, text that is not
 * UTF-8. What is left has spellings that applications take for the same (`%c3`, `%C3` and the raw byte; `%40` and `@`):
 * rules match one of them, so that no other spelling gets past a rule that denies.
 */
import { arenaAlloc } from '../memory/arena';

/** The path in the form that rules match: without query, escapes in capitals and only where they are needed. */
export let pathPtr: usize = 0;
export let pathLen: u32 = 0;

/**
 * 1: stands for itself (RFC 3986, pchar); 2: only ever escaped; 0: denied. Everything from 0x80 up is judged as UTF-8.
 * Slash and percent have cases of their own.
 */
const CLASSES: usize = buildClasses(memory.data(128));

/** Continuation bytes that a UTF-8 sequence still needs, and the range of the next one. */
let pending: u32 = 0;
let nextLow: u32 = 0;
let nextHigh: u32 = 0;

/** Brings a path that came without its query into its one form. False when it has none or there is no room. */
export function readPath(ptr: usize, len: u32): bool {
  pathPtr = ptr;
  pathLen = 0;
  if (len == 0 || load<u8>(ptr) != 0x2f) return false;
  if (isWritten(ptr, len)) pathLen = len;
  else if (!rewrite(ptr, len)) return false;
  return hasPlainSegments();
}

/** Whether every byte stands for itself already: the case of almost every request. */
function isWritten(ptr: usize, len: u32): bool {
  for (let i: u32 = 0; i < len; i++) {
    const byte = load<u8>(ptr + i);
    if (byte != 0x2f && (byte >= 0x80 || load<u8>(CLASSES + byte) != 1)) return false;
  }
  return true;
}

function rewrite(ptr: usize, len: u32): bool {
  const target = arenaAlloc(<usize>len * 3);
  if (target == 0) return false;
  let at = target;
  pending = 0;
  for (let i: u32 = 0; i < len; i++) {
    let byte = <u32>load<u8>(ptr + i);
    const isEscape = byte == 0x25;
    if (isEscape) {
      if (len - i < 3) return false;
      const high = hexDigit(load<u8>(ptr + i, 1));
      const low = hexDigit(load<u8>(ptr + i, 2));
      if (high < 0 || low < 0) return false;
      byte = <u32>((high << 4) | low);
      if (isMeaningful(byte)) return false;
      i += 2;
    } else if (byte == 0x20 || byte == 0x23) {
      return false;
    }
    if (!followsUtf8(byte)) return false;
    at = write(at, byte);
    if (at == 0) return false;
  }
  pathPtr = target;
  pathLen = <u32>(at - target);
  return pending == 0;
}

/** Writes one byte in its one form. 0: no path has it. */
function write(at: usize, byte: u32): usize {
  const kind: u32 = byte >= 0x80 ? 2 : load<u8>(CLASSES + byte);
  if (byte == 0x2f || kind == 1) {
    store<u8>(at, <u8>byte);
    return at + 1;
  }
  if (kind == 0) return 0;
  store<u8>(at, 0x25);
  store<u8>(at, capitalDigit(byte >> 4), 1);
  store<u8>(at, capitalDigit(byte & 15), 2);
  return at + 3;
}

/** Escapes that hide a byte with a meaning of its own, and escapes that a normal form never has (section 6.2.2.2). */
function isMeaningful(byte: u32): bool {
  return byte == 0x2f || byte == 0x5c || byte == 0x25 || byte == 0x3b || isUnreserved(byte);
}

/** Holds the decoded bytes against RFC 3629, whatever mix of escapes and raw bytes they came in. */
function followsUtf8(byte: u32): bool {
  if (pending != 0) {
    if (byte < nextLow || byte > nextHigh) return false;
    pending -= 1;
    nextLow = 0x80;
    nextHigh = 0xbf;
    return true;
  }
  if (byte < 0x80) return true;
  if (byte < 0xc2 || byte > 0xf4) return false;
  pending = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
  nextLow = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
  nextHigh = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
  return true;
}

/** False for empty segments that are not the last, and for `.` and `..`, also with parameters behind them. */
function hasPlainSegments(): bool {
  let start: u32 = 1;
  for (let i: u32 = 1; i <= pathLen; i++) {
    const isEnd = i == pathLen;
    if (!isEnd && load<u8>(pathPtr + i) != 0x2f) continue;
    if ((i == start && !isEnd) || isDotSegment(start, i)) return false;
    start = i + 1;
  }
  return true;
}

function isDotSegment(start: u32, end: u32): bool {
  let dots: u32 = 0;
  while (start + dots < end && load<u8>(pathPtr + start + dots) == 0x2e) dots += 1;
  if (dots == 0 || dots > 2) return false;
  const next = start + dots;
  return next == end || load<u8>(pathPtr + next) == 0x3b;
}

/** RFC 3986, section 2.3. */
function isUnreserved(byte: u32): bool {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte == 0x2d ||
    byte == 0x2e ||
    byte == 0x5f ||
    byte == 0x7e
  );
}

function hexDigit(byte: u8): i32 {
  if (byte >= 0x30 && byte <= 0x39) return <i32>byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? <i32>lower - 0x57 : -1;
}

function capitalDigit(value: u32): u8 {
  return <u8>(value < 10 ? 0x30 + value : 0x37 + value);
}

function buildClasses(table: usize): usize {
  for (let byte: u32 = 0x20; byte < 0x7f; byte++) {
    const isSubDelimiter =
      (byte >= 0x26 && byte <= 0x2c) ||
      byte == 0x21 ||
      byte == 0x24 ||
      byte == 0x3b ||
      byte == 0x3d;
    const isPchar = isUnreserved(byte) || isSubDelimiter || byte == 0x3a || byte == 0x40;
    store<u8>(table + byte, isPchar ? 1 : 2);
  }
  store<u8>(table + 0x5c, 0);
  return table;
}
