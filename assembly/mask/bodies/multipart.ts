/**
 * Masks multipart bodies. A part is the member of its name of the document; its headers are held, because a part that is
 * dropped takes them along, and are text for detectors. A body begins with its first boundary and ends with its last one:
 * text before and behind them is malformed, as nobody shows it and some read it.
 */
import { skipLine } from '../../charset/ascii';
import { Utf8, Utf8Event, utf8Step } from '../../charset/utf8';
import {
  Delimiter,
  DelimiterEvent,
  beginContent,
  delimiterStep,
  isInLine,
  openDelimiter,
  released,
} from '../../multipart/delimiter';
import {
  PartKind,
  hasPartName,
  partKind,
  partNameLen,
  readPartHeaders,
} from '../../multipart/part-headers';
import { Escape } from '../escape';
import { closeSpan, emitRaw, emitRawByte, lacksRoom, openSpan } from '../output';
import { enterDocument, openLevel } from '../paths';
import { KEY_MAX, Masker, formatOf, keyOf, rawOf, scannerOf } from '../state';
import { TextMode, closeText, noteMasked, openText, textChar } from '../text';
import { appendInput, appendWritten, clearWindow } from '../window';
import {
  FieldMode,
  closeField,
  fieldChar,
  fieldPlain,
  fieldWritten,
  isDrop,
  openDocumentField,
  openField,
} from './field-value';
import { enterField } from './names';
import { feedSlices, reserveEnd } from './slices';
import { takeTextByte } from './text';

const CR: u8 = 0x0d;
const LF: u8 = 0x0a;
const HYPHEN: u8 = 0x2d;
const HEADERS_MAX: u32 = 8_192;
const LINE_END: u32 = 2;
/** Where in the format's part the delimiter lies. */
const PATTERN: usize = 64;

const headers: usize = memory.data(8192, 8);

/** Where in the body the bytes are. */
const enum Place {
  /** in the first boundary */
  Start = 0,
  /** behind a delimiter */
  Delimited = 1,
  /** behind its carriage return */
  LineEnd = 2,
  /** behind its first hyphen */
  Hyphen = 3,
  Headers = 4,
  Content = 5,
  /** behind the last delimiter */
  End = 6,
  EndReturn = 7,
  Over = 8,
}

// @ts-ignore: decorator
@unmanaged
class PartState extends Utf8 {
  place: i32;
  /** bytes of the first boundary that were read */
  startLen: u32;
  delimiterLen: u32;
  matched: u32;
  loose: u32;
  pattern: usize;
}

// @ts-ignore: decorator
@inline
function stateOf(m: Masker): PartState {
  return changetype<PartState>(formatOf(m));
}

// @ts-ignore: decorator
@inline
function delimiterOf(s: PartState): Delimiter {
  return changetype<Delimiter>(changetype<usize>(s) + offsetof<PartState>('delimiterLen'));
}

/** Puts a state before a body with a boundary. False when it is none. */
export function openParts(m: Masker, boundary: usize, len: u32): bool {
  m.escape = Escape.Line;
  m.passing = false;
  m.mode = FieldMode.None;
  clearWindow(m);
  if (!openDelimiter(delimiterOf(stateOf(m)), formatOf(m) + PATTERN, boundary, len)) return false;
  if (!enterDocument(m)) return false;
  scannerOf(m).depth = 1;
  openLevel(m);
  return true;
}

/** Takes bytes of the body. False when it is malformed or there is no room. */
export function feedParts(m: Masker, src: usize, len: usize): bool {
  return feedSlices(m, src, len, takeSlice);
}

/** Ends the body. False when its last boundary is missing. */
export function closeParts(m: Masker): bool {
  const place = stateOf(m).place;
  return place == Place.End || place == Place.Over;
}

function takeSlice(m: Masker, start: usize, end: usize): bool {
  const s = stateOf(m);
  let p = start;
  while (p < end) {
    if (s.place == Place.Content) {
      if (s.needed == 0 && isInLine(delimiterOf(s))) {
        const next = skipLine(p, end);
        if (!fieldPlain(m, p, <u32>(next - p))) return false;
        p = next;
        if (p == end) break;
      }
      if (!takeContent(m, s, p)) return false;
    } else if (!takeStructure(m, s, p)) return false;
    p++;
  }
  return true;
}

function takeStructure(m: Masker, s: PartState, p: usize): bool {
  const byte = load<u8>(p);
  switch (s.place) {
    case Place.Start:
      return takeStart(s, byte);
    case Place.Delimited:
      if (byte != CR && byte != HYPHEN) return false;
      s.place = byte == CR ? Place.LineEnd : Place.Hyphen;
      return true;
    case Place.LineEnd:
      s.place = Place.Headers;
      return byte == LF;
    case Place.Hyphen:
      emitRawByte(HYPHEN);
      emitRawByte(HYPHEN);
      s.place = Place.End;
      return byte == HYPHEN;
    case Place.Headers:
      return takeHeaderByte(m, s, p);
    case Place.End:
      emitRawByte(byte);
      s.place = Place.EndReturn;
      return byte == CR;
    case Place.EndReturn:
      emitRawByte(byte);
      s.place = Place.Over;
      return byte == LF;
    default:
      return false;
  }
}

/** The first boundary has no line end before it. */
function takeStart(s: PartState, byte: u8): bool {
  const pattern = s.pattern + LINE_END;
  if (byte != load<u8>(pattern + s.startLen)) return false;
  emitRawByte(byte);
  s.startLen++;
  if (s.startLen == s.delimiterLen - LINE_END) s.place = Place.Delimited;
  return true;
}

/** Headers end with an empty line, which is held with them. */
function takeHeaderByte(m: Masker, s: PartState, p: usize): bool {
  if (m.rawLen == HEADERS_MAX || !appendInput(m, p, 1)) return false;
  const len = m.rawLen;
  const end = rawOf(m) + len;
  if (load<u8>(p) != LF || len < LINE_END || load<u8>(end - 2) != CR) return true;
  const isEmpty =
    len == LINE_END || (len >= 4 && load<u8>(end - 3) == LF && load<u8>(end - 4) == CR);
  return !isEmpty || beginPart(m, s, p + 1);
}

/** The headers are whole; the content begins at `p`. */
function beginPart(m: Masker, s: PartState, p: usize): bool {
  const len = m.rawLen;
  memory.copy(headers, rawOf(m), len);
  clearWindow(m);
  if (!readPartHeaders(headers, len - LINE_END, keyOf(m), KEY_MAX)) return false;
  const isJson = partKind == PartKind.Json;
  m.keyLen = hasPartName ? partNameLen : KEY_MAX + 1;
  if (!enterField(m)) return false;
  s.place = Place.Content;
  beginContent(delimiterOf(s));
  if (isDrop(m, m.nextStrength)) {
    noteMasked(m, m.nextStrength);
    m.mode = FieldMode.Skip;
    m.isMuted = true;
    return true;
  }
  if (!emitHeaders(m, len)) return false;
  openSpan(p);
  return isJson ? openDocumentField(m, p) : openField(m, p, true);
}

/** Headers go out as text that detectors look into. */
function emitHeaders(m: Masker, len: u32): bool {
  emitRawByte(CR);
  emitRawByte(LF);
  m.escape = Escape.Word;
  if (openText(m, 0) == TextMode.Pass) emitRaw(headers, len);
  else if (!emitHeaderText(m, stateOf(m), len)) return false;
  m.escape = Escape.Line;
  return true;
}

function emitHeaderText(m: Masker, s: Utf8, len: u32): bool {
  for (let i: u32 = 0; i < len; i++) {
    const event = utf8Step(s, load<u8>(headers + i));
    if (event == Utf8Event.Malformed || !appendWritten(m, headers + i, 1)) return false;
    if (event == Utf8Event.Char && !textChar(m, s.codePoint, false)) return false;
  }
  return s.needed == 0 && closeText(m);
}

function takeContent(m: Masker, s: PartState, p: usize): bool {
  switch (delimiterStep(delimiterOf(s), load<u8>(p))) {
    case DelimiterEvent.Held:
      // A character that is not whole does not go on with a line end.
      return s.needed == 0;
    case DelimiterEvent.Delimiter:
      return endPart(m, s, p);
    case DelimiterEvent.Malformed:
      return false;
    case DelimiterEvent.ReleasedHeld:
      return release(m, s, p);
    case DelimiterEvent.Released:
      if (!release(m, s, p)) return false;
  }
  return takeTextByte(m, s, p);
}

/** Bytes that might have been a delimiter are content. */
function release(m: Masker, s: PartState, p: usize): bool {
  const count = released;
  if (m.mode == FieldMode.Pass) return true;
  for (let i: u32 = 0; i < count; i++) {
    const at = s.pattern + i;
    if (!fieldWritten(m, at, 1) || !fieldChar(m, load<u8>(at), p)) return false;
    if (m.mode != FieldMode.Pass) continue;
    // The value stays, as these bytes show: the others go out before the input does again.
    closeSpan(p);
    emitRaw(at + 1, count - i - 1);
    openSpan(p);
    break;
  }
  return true;
}

/** A delimiter ends with the byte at `p`. Where the content stays it went out with it. */
function endPart(m: Masker, s: PartState, p: usize): bool {
  if (s.needed != 0) return false;
  const stays = m.mode == FieldMode.Pass;
  const wasMuted = m.isMuted;
  m.isMuted = false;
  if (!closeField(m, p + 1)) return false;
  closeSpan(p + 1);
  if (!stays && !wasMuted) emitRaw(s.pattern, s.delimiterLen);
  clearWindow(m);
  s.place = Place.Delimited;
  return true;
}

// INVARIANT: the fields lie before the delimiter.
assert(offsetof<PartState>() <= PATTERN);
