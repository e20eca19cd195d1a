/**
 * JSON strings that may hold a JSON document. A string that begins with a bracket is held until it is whole, or until 12
 * KiB of it are the beginning of a document; then it is one. A string that turns out to be none is text.
 */
import { CheckMode, checkByte, isCheckedWhole } from '../../json/checker';
import { Scanner, clearScanner } from '../../json/scanner';
import { CharEvent, StringState, stringStep } from '../../json/strings';
import { skipPlain } from '../../json/plain';
import { copyShort } from '../../memory/bytes';
import { appendUtf8 } from '../../memory/utf8';
import {
  WHOLE_DOCUMENT_MAX,
  closeEmbedded,
  embeddedWritten,
  flushEmbedded,
  maskWhole,
  openEmbedded,
  placeByte,
  takeInner,
} from '../embedded';
import {
  closeSpan,
  cutOutput,
  emitByte,
  emitRaw,
  lacksRoom,
  maskedLen,
  openSpan,
  reserveOutput,
} from '../output';
import { Masker, Mode, RAW_MAX, maskerAt, rawOf, scannerOf } from '../state';
import { openText, textChar } from '../text';
import { appendInput, appendWritten, clearWindow } from '../window';
import { finishString, readTextString, skimString } from './strings';
import { beginUnruled } from './unruled';

const QUOTE: u8 = 0x22;
/** Any half of a surrogate pair, as a character. */
const LONE_HALF: u32 = 0xd800;
/** Room for one more character. */
const SLACK: u32 = 64;
/** A string that is text, in place of a length. */
const NO_DOCUMENT: u32 = 0xffffffff;
const REPLAY_BYTES: usize = 131_072;

const held: usize = memory.data(12288, 8);
const replayScanner: usize = memory.data(128, 8);
const character: usize = memory.data(8);

/** Starts a string behind its opening quote at `p`, when its first byte says that it may hold a document. */
export function openProbe(m: Masker, p: usize, end: usize): bool {
  if (p < end && (!mayBegin(load<u8>(p)) || isPlainText(p, end))) return true;
  const inner = takeInner(m);
  if (inner == 0) return false;
  clearScanner(scannerOf(maskerAt(inner)));
  maskerAt(inner).mode = CheckMode.Structure;
  closeSpan(p);
  clearWindow(m);
  m.mode = Mode.ProbeString;
  return true;
}

/** Reads a string of which it is not known yet what it holds. 0 when it is malformed, as below. */
export function probeString(m: Masker, s: Scanner, start: usize, end: usize): usize {
  const n = maskerAt(m.inner);
  if (m.rawLen == 0 && s.stringState == StringState.Ground) {
    const after = readWhole(m, s, start, end);
    if (after != 0) return after;
  }
  for (let p = start; p < end;) {
    const event = stringStep(s, load<u8>(p));
    if (event == CharEvent.Malformed) return 0;
    if (event == CharEvent.End) {
      settleHalf(m, false);
      return endProbe(m, s, p + 1);
    }
    if (!appendInput(m, p, 1)) return 0;
    p++;
    if (event == CharEvent.More) continue;
    settleHalf(m, s.joined);
    if (isHighHalf(s.codePoint)) m.seen = 1;
    else n.mode = checkCharacter(m, s.codePoint);
    const isFirst = scannerOf(n).depth == 0 && n.mode != CheckMode.Structure;
    if (n.mode == CheckMode.Malformed || isFirst) return readAsText(m, s, p, end);
    if (RAW_MAX - m.rawLen < SLACK) return readAsDocument(m, s, p, end);
  }
  return end;
}

/** Reads a string that holds a document. */
export function readEmbedded(m: Masker, s: Scanner, start: usize, end: usize): usize {
  let p = start;
  while (p < end) {
    const event = stringStep(s, load<u8>(p));
    if (event == CharEvent.Malformed) return 0;
    if (event == CharEvent.End) {
      if (!takeHalf(m) || !closeEmbedded(m)) return 0;
      emitByte(QUOTE);
      finishString(m, s, p + 1);
      return p + 1;
    }
    if (!appendInput(m, p, 1)) return 0;
    p++;
    if (event == CharEvent.Char && !takeCharacter(m, s)) return 0;
  }
  return flushEmbedded(m) ? p : 0;
}

// @ts-ignore: decorator
@inline
function mayBegin(byte: u8): bool {
  return byte == 0x7b || byte == 0x5b || byte == 0x5c || byte <= 0x20;
}

/**
 * Whether a string that lies plain and whole in the slice ends as no document does. Looking ahead changes no output: text it
 * is anyway.
 */
function isPlainText(p: usize, end: usize): bool {
  const after = skipPlain(p, end);
  if (after == end || load<u8>(after) != QUOTE) return false;
  return !mayEndDocument(load<u8>(after - 1));
}

/** Whether a plain string that ends so may hold a document. */
// @ts-ignore: decorator
@inline
export function mayEndDocument(last: u8): bool {
  return last == 0x5d || last == 0x7d || last == 0x20; /* ] } and a space */
}

/**
 * Masks a document that lies whole in the slice, short, and written without `\u`; behind its closing quote, or `start` for what
 * is none, which is read as text; 0 for any other string. Looking ahead changes no output: the reader for any string comes to the same.
 */
function readWhole(m: Masker, s: Scanner, start: usize, end: usize): usize {
  const first = load<u8>(start);
  if (first != 0x7b && first != 0x5b) return 0;
  const n = maskerAt(m.inner);
  const len = placeWhole(n, start, end);
  if (len == NO_DOCUMENT) {
    openSpan(start);
    beginUnruled(m, start, end);
    return start;
  }
  if (len != 0) {
    const before = maskedLen;
    if (maskWhole(m, len, start, <u32>(placedEnd - start))) {
      openSpan(placedEnd);
      finishString(m, s, placedEnd + 1);
      return placedEnd + 1;
    }
    cutOutput(before);
  }
  clearScanner(scannerOf(n));
  n.mode = CheckMode.Structure;
  return 0;
}

/** Closing quote of the string that `placeWhole` has read. */
let placedEnd: usize = 0;

/** Places the characters of a string that is a document; how many bytes, NO_DOCUMENT, or 0 when it is not that plain. */
function placeWhole(n: Masker, start: usize, end: usize): u32 {
  const s = scannerOf(n);
  let mode: i32 = CheckMode.Structure;
  let len: u32 = 0;
  for (let p = start; p < end; p++) {
    const from = <u32>(p - start);
    let byte = load<u8>(p);
    if (byte == QUOTE) {
      placedEnd = p;
      return isCheckedWhole(s, mode) ? len : NO_DOCUMENT;
    }
    if (byte < 0x20 || byte >= 0x80 || len == WHOLE_DOCUMENT_MAX) return 0;
    if (byte == 0x5c /* \ */) {
      if (++p == end) return 0;
      byte = escapedByte(load<u8>(p));
      if (byte == 0) return 0;
    }
    mode = checkByte(s, mode, byte);
    if (mode == CheckMode.Malformed) return NO_DOCUMENT;
    placeByte(len++, byte, from);
  }
  return 0;
}

/** What a letter behind a backslash stands for; 0 for what is longer, rare or none. */
function escapedByte(letter: u8): u8 {
  if (letter == QUOTE || letter == 0x5c || letter == 0x2f) return letter;
  if (letter == 0x6e) return 0x0a;
  if (letter == 0x74) return 0x09;
  return letter == 0x72 ? 0x0d : 0;
}

// @ts-ignore: decorator
@inline
function isHighHalf(codePoint: u32): bool {
  return (codePoint & 0xfffffc00) == 0xd800;
}

/** While it is not known what the string holds, `seen` says that a high half was read that may still get its low half. */
function settleHalf(m: Masker, joined: bool): void {
  const n = maskerAt(m.inner);
  if (m.seen != 0 && !joined) n.mode = checkCharacter(m, LONE_HALF);
  m.seen = 0;
}

/** A high half waits for its low half: its bytes, as many as `seen` says, stay in the window. */
function takeCharacter(m: Masker, s: Scanner): bool {
  if (!s.joined && !takeHalf(m)) return false;
  m.seen = isHighHalf(s.codePoint) ? m.rawLen : 0;
  if (m.seen != 0) return true;
  const len = m.rawLen;
  m.rawLen = 0;
  return embeddedWritten(m, s.codePoint, rawOf(m), len);
}

/** A high half that stays alone is a character of its own. */
function takeHalf(m: Masker): bool {
  const len = m.seen;
  if (len == 0) return true;
  if (!embeddedWritten(m, LONE_HALF, rawOf(m), len)) return false;
  m.rawLen -= len;
  memory.copy(rawOf(m), rawOf(m) + len, m.rawLen);
  m.seen = 0;
  return true;
}

function checkCharacter(m: Masker, codePoint: u32): CheckMode {
  const n = maskerAt(m.inner);
  const isHalf = (codePoint & 0xfffff800) == 0xd800;
  const len = appendUtf8(character, isHalf ? 0xfffd : codePoint);
  let mode = n.mode;
  for (let i: u32 = 0; i < len; i++) mode = checkByte(scannerOf(n), mode, load<u8>(character + i));
  return <CheckMode>mode;
}

function endProbe(m: Masker, s: Scanner, after: usize): usize {
  const n = maskerAt(m.inner);
  const isDocument = isCheckedWhole(scannerOf(n), n.mode);
  if (!(isDocument ? replayDocument(m) : replayText(m))) return 0;
  // The closing quote was read: its byte ends what was replayed.
  if (isDocument) {
    if (!closeEmbedded(m)) return 0;
    emitByte(QUOTE);
    finishString(m, s, after);
    return after;
  }
  return endText(m, s, after);
}

function endText(m: Masker, s: Scanner, after: usize): usize {
  if (m.mode == Mode.SkimString) {
    emitRaw(after - 1, 1);
    finishString(m, s, after);
    return after;
  }
  return readTextString(m, s, after - 1, after);
}

function readAsText(m: Masker, s: Scanner, p: usize, end: usize): usize {
  if (!replayText(m)) return 0;
  if (m.mode == Mode.TextString) return readTextString(m, s, p, end);
  openSpan(p);
  return skimString(m, s, p, end);
}

function readAsDocument(m: Masker, s: Scanner, p: usize, end: usize): usize {
  return replayDocument(m) ? readEmbedded(m, s, p, end) : 0;
}

/** Lets the held characters go as text. */
function replayText(m: Masker): bool {
  if (!reserveOutput(REPLAY_BYTES)) return false;
  const len = takeHeld(m);
  m.mode = Mode.SkimString;
  if (m.detectorStrength == 0) {
    emitRaw(held, <usize>len);
    return true;
  }
  openText(m, 0);
  m.mode = Mode.TextString;
  return replay(m, len, false);
}

function replayDocument(m: Masker): bool {
  if (!reserveOutput(REPLAY_BYTES)) return false;
  const len = takeHeld(m);
  m.mode = Mode.EmbeddedString;
  return openEmbedded(m) && replay(m, len, true);
}

/** Copies what is held out of the window, which is empty then. */
function takeHeld(m: Masker): u32 {
  const len = m.rawLen;
  copyShort(held, rawOf(m), len);
  clearWindow(m);
  return len;
}

/** Reads the held bytes once more; those of a character that is not whole stay in the window. */
function replay(m: Masker, len: u32, isDocument: bool): bool {
  const s = changetype<Scanner>(replayScanner);
  clearScanner(s);
  for (let i: u32 = 0; i < len; i++) {
    const event = stringStep(s, load<u8>(held + i));
    if (!appendWritten(m, held + i, 1)) return false;
    if (event != CharEvent.Char) continue;
    if (!(isDocument ? takeCharacter(m, s) : textChar(m, s.codePoint, s.joined))) return false;
  }
  return !lacksRoom;
}
