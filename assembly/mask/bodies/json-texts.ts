/** Masks bodies of many JSON texts: one a line, or one behind each record separator (RFC 7464). */
import { closeDocument, feedDocument, openDocument } from '../json/masker';
import { emitByte, emitRaw, lacksRoom, reserveOutput } from '../output';
import { Masker, formatOf } from '../state';

const LF: u8 = 0x0a;
const CR: u8 = 0x0d;
const SPACE: u8 = 0x20;
const TAB: u8 = 0x09;
const SEPARATOR: u8 = 0x1e;
/** Room for what stands between texts, each byte as it came. */
const RESERVE: usize = 64;

// @ts-ignore: decorator
@unmanaged
class TextsState {
  /** a text is open */
  isOpen: bool;
  /** a record separator was read */
  hasSeparator: bool;
  /** the last byte of the text */
  last: u8;
}

// @ts-ignore: decorator
@inline
function stateOf(m: Masker): TextsState {
  return changetype<TextsState>(formatOf(m));
}

/** Takes bytes of lines. False when one is malformed, or there is no room. */
export function feedLines(m: Masker, src: usize, len: usize): bool {
  const s = stateOf(m);
  const end = src + len;
  for (let p = src; p < end;) {
    if (!s.isOpen) p = passBetween(m, p, end);
    if (p == 0) return false;
    if (p == end) break;
    const stop = findByte(p, end, LF);
    if (!feedText(m, s, p, stop)) return false;
    p = stop;
    if (p != end && !closeText(m, s)) return false;
  }
  return !lacksRoom;
}

/** Ends the lines; the last one needs no line feed. */
export function closeLines(m: Masker): bool {
  const s = stateOf(m);
  return !s.isOpen || closeText(m, s);
}

/** Takes bytes of records. */
export function feedRecords(m: Masker, src: usize, len: usize): bool {
  const s = stateOf(m);
  const end = src + len;
  for (let p = src; p < end;) {
    if (load<u8>(p) == SEPARATOR) {
      if (s.isOpen && !endRecord(m, s)) return false;
      if (!reserveOutput(RESERVE)) return false;
      emitByte(SEPARATOR);
      s.hasSeparator = true;
      p++;
      continue;
    }
    if (!s.hasSeparator) return false;
    const stop = findByte(p, end, SEPARATOR);
    if (!feedText(m, s, p, stop)) return false;
    s.last = load<u8>(stop - 1);
    p = stop;
  }
  return !lacksRoom;
}

/** Ends the records. */
export function closeRecords(m: Masker): bool {
  const s = stateOf(m);
  return !s.isOpen || endRecord(m, s);
}

/** A record that does not end with a line feed may be the beginning of a longer one (RFC 7464, section 2.4). */
function endRecord(m: Masker, s: TextsState): bool {
  return s.last == LF && closeText(m, s);
}

function feedText(m: Masker, s: TextsState, start: usize, end: usize): bool {
  if (!s.isOpen && !openDocument(m)) return false;
  s.isOpen = true;
  return feedDocument(m, start, end - start);
}

function closeText(m: Masker, s: TextsState): bool {
  s.isOpen = false;
  return closeDocument(m);
}

/** Passes line ends and white space up to the next text. 0 when there is no room. */
function passBetween(m: Masker, start: usize, end: usize): usize {
  let p = start;
  while (p < end && isSpace(load<u8>(p))) p++;
  if (!reserveOutput(p - start)) return 0;
  emitRaw(start, p - start);
  return p;
}

function isSpace(byte: u8): bool {
  return byte == LF || byte == CR || byte == SPACE || byte == TAB;
}

function findByte(start: usize, end: usize, byte: u8): usize {
  let p = start;
  while (end - p >= 16) {
    const bits = i8x16.bitmask(i8x16.eq(v128.load(p), i8x16.splat(byte)));
    if (bits != 0) return p + ctz(bits);
    p += 16;
  }
  while (p < end && load<u8>(p) != byte) p++;
  return p;
}
