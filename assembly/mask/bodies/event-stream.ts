/**
 * Masks server-sent events (HTML, section 9.2). The data lines of an event are one value, joined by line feeds; a JSON
 * document among them is the document of the paths. Every other line is text. Data lines of one event that have another line
 * between them are malformed: what is found in them would have to be moved around it.
 */
import { skipLine } from '../../charset/ascii';
import { Utf8 } from '../../charset/utf8';
import { text } from '../../memory/text';
import { Escape } from '../escape';
import { closeSpan, emitRaw, emitRawByte, lacksRoom, openSpan } from '../output';
import { enterDocument } from '../paths';
import { Masker, formatOf } from '../state';
import {
  FieldMode,
  closeField,
  fieldChar,
  fieldPlain,
  fieldWritten,
  openField,
  openPlainField,
} from './field-value';
import { feedSlices, reserveEnd } from './slices';
import { takeTextByte } from './text';

const LF: u8 = 0x0a;
const CR: u8 = 0x0d;
const COLON: u8 = 0x3a;
const SPACE: u8 = 0x20;
const DATA = text('data');
const HELD: usize = 64;

/** Where in a line the stream is. */
const enum Place {
  /** in what may be `data` */
  Name = 0,
  /** behind its colon */
  Gap = 1,
  /** in its value */
  Value = 2,
  /** in another line */
  Other = 3,
}

// @ts-ignore: decorator
@unmanaged
class EventState extends Utf8 {
  place: i32;
  /** bytes of `data` that were read */
  nameLen: u8;
  /** bytes that are held, at HELD: the end of a data line, and what is read of the name of the next line */
  heldLen: u8;
  /** data lines of the event are being read */
  hasData: bool;
  /** the event had data lines before another line */
  isDataOver: bool;
  /** the last byte was a carriage return */
  wasReturn: bool;
}

// @ts-ignore: decorator
@inline
function stateOf(m: Masker): EventState {
  return changetype<EventState>(formatOf(m));
}

/** Puts a state before a stream. */
export function openEvents(m: Masker): bool {
  m.escape = Escape.Line;
  m.passing = false;
  m.mode = FieldMode.None;
  return enterDocument(m);
}

/** Takes bytes of the stream. False when it is malformed or there is no room. */
export function feedEvents(m: Masker, src: usize, len: usize): bool {
  return feedSlices(m, src, len, takeSlice);
}

/** Ends the stream, wherever it is: the receiver forgets an event without a blank line. */
export function closeEvents(m: Masker): bool {
  const s = stateOf(m);
  if (!reserveEnd() || s.needed != 0 || !closeField(m, 0)) return false;
  emitHeld(m, s, s.heldLen);
  return !lacksRoom;
}

function takeSlice(m: Masker, start: usize, end: usize): bool {
  const s = stateOf(m);
  let p = start;
  while (p < end) {
    if (s.place >= Place.Value && s.needed == 0) {
      const next = skipLine(p, end);
      if (!fieldPlain(m, p, <u32>(next - p))) return false;
      p = next;
      if (p == end) break;
    }
    if (!takeByte(m, s, p)) return false;
    p++;
  }
  return true;
}

function takeByte(m: Masker, s: EventState, p: usize): bool {
  const byte = load<u8>(p);
  const endsReturn = s.wasReturn && byte == LF;
  s.wasReturn = byte == CR;
  if (endsReturn) {
    if (s.hasData) hold(m, s, byte);
    else emitRawByte(byte);
    return true;
  }
  const isEnd = byte == LF || byte == CR;
  switch (s.place) {
    case Place.Name:
      return takeNameByte(m, s, p, byte, isEnd);
    case Place.Gap:
      if (byte == SPACE) hold(m, s, byte);
      if (!beginData(m, s, byte == SPACE ? p + 1 : p)) return false;
      return byte == SPACE || takeValueByte(m, s, p, isEnd);
    case Place.Value:
      return takeValueByte(m, s, p, isEnd);
    default:
      if (!isEnd) return takeTextByte(m, s, p);
      return endOther(m, s, p);
  }
}

function takeNameByte(m: Masker, s: EventState, p: usize, byte: u8, isEnd: bool): bool {
  if (s.nameLen < DATA.len && byte == load<u8>(DATA.ptr + s.nameLen)) {
    s.nameLen++;
    hold(m, s, byte);
    return true;
  }
  if (s.nameLen == DATA.len) {
    if (byte == COLON) {
      hold(m, s, byte);
      s.place = Place.Gap;
      return true;
    }
    if (isEnd) return beginData(m, s, p) && takeValueByte(m, s, p, true);
  }
  if (isEnd && s.nameLen == 0) return endEvent(m, s, p);
  return beginOther(m, s, p) && (isEnd ? endOther(m, s, p) : takeTextByte(m, s, p));
}

/** A data line has its value at `p`. */
function beginData(m: Masker, s: EventState, p: usize): bool {
  if (s.isDataOver) return false;
  s.place = Place.Value;
  if (!s.hasData) {
    s.hasData = true;
    emitHeld(m, s, s.heldLen);
    openSpan(p);
    return openField(m, p, true);
  }
  if (m.mode == FieldMode.Pass) {
    emitHeld(m, s, s.heldLen);
    openSpan(p);
    return true;
  }
  const len = s.heldLen;
  s.heldLen = 0;
  return fieldWritten(m, formatOf(m) + HELD, len) && fieldChar(m, LF, p);
}

function takeValueByte(m: Masker, s: EventState, p: usize, isEnd: bool): bool {
  if (!isEnd) return takeTextByte(m, s, p);
  if (s.needed != 0) return false;
  closeSpan(p);
  beginLine(s);
  hold(m, s, load<u8>(p));
  return true;
}

/** A blank line. */
function endEvent(m: Masker, s: EventState, p: usize): bool {
  if (!endData(m, s, p, s.heldLen)) return false;
  s.isDataOver = false;
  beginLine(s);
  emitRawByte(load<u8>(p));
  return true;
}

/** The first byte that tells the name from `data` is at `p`. */
function beginOther(m: Masker, s: EventState, p: usize): bool {
  const hadData = s.hasData;
  if (!endData(m, s, p, s.heldLen - s.nameLen)) return false;
  if (hadData) s.isDataOver = true;
  s.place = Place.Other;
  s.heldLen = 0;
  if (!openPlainField(m, p, 0)) return false;
  if (m.mode == FieldMode.Pass) {
    emitRaw(DATA.ptr, s.nameLen);
    openSpan(p);
    return true;
  }
  for (let i: u32 = 0; i < s.nameLen; i++) {
    const at = DATA.ptr + i;
    if (!fieldWritten(m, at, 1) || !fieldChar(m, load<u8>(at), p)) return false;
  }
  return true;
}

function endOther(m: Masker, s: EventState, p: usize): bool {
  if (s.needed != 0 || !closeField(m, p)) return false;
  closeSpan(p);
  beginLine(s);
  emitRawByte(load<u8>(p));
  return true;
}

/** Ends the value of the event, if there is one, and emits the first `len` bytes that are held. */
function endData(m: Masker, s: EventState, p: usize, len: u32): bool {
  if (s.hasData && !closeField(m, p)) return false;
  closeSpan(p);
  s.hasData = false;
  emitHeld(m, s, len);
  return true;
}

function beginLine(s: EventState): void {
  s.place = Place.Name;
  s.nameLen = 0;
}

function hold(m: Masker, s: EventState, byte: u8): void {
  store<u8>(formatOf(m) + HELD + s.heldLen, byte);
  s.heldLen++;
}

function emitHeld(m: Masker, s: EventState, len: u32): void {
  emitRaw(formatOf(m) + HELD, len);
  s.heldLen = 0;
}

// INVARIANT: the fields lie before what is held: two bytes of a line end, the name, a colon and a space.
assert(offsetof<EventState>() <= HELD);
