/**
 * Masks gRPC bodies: messages behind a flag and a length of four bytes. Compressed messages are malformed. gRPC-Web ends
 * with its trailers in a frame of their own, which is text, with escapes as in URLs.
 */
import { Utf8 } from '../../charset/utf8';
import { hexValue } from '../../memory/bytes';
import { closeSpan, lacksRoom, openSpan } from '../output';
import { Masker, formatOf } from '../state';
import { TextMode, closeText, openText, textChar } from '../text';
import { appendInput, clearWindow } from '../window';
import { BodyFormat } from './body-format';
import { FieldMode } from './field-value';
import { takeLooseByte } from './loose-text';
import { MESSAGE_BYTES, beginMessage, isMessageWhole, openMessages, takeMessage } from './protobuf';
import { feedSlices, reserveEnd } from './slices';

const HEAD_BYTES: u32 = 5;
const TRAILERS: u8 = 0x80;
const PERCENT: u8 = 0x25;

// @ts-ignore: decorator
@unmanaged
class Frames extends Utf8 {
  /** bytes read of the head of the frame */
  headLen: u32;
  /** bytes of the frame that are still to come */
  left: u32;
  message: u32;
  /** hexadecimal digits that an escape still needs */
  digits: u32;
  value: u32;
  flag: u8;
  /** the trailers were read */
  isOver: bool;
}

// @ts-ignore: decorator
@inline
function stateOf(m: Masker): Frames {
  return changetype<Frames>(formatOf(m) + MESSAGE_BYTES);
}

/** Puts a state before frames with messages of a MaskMessage. False when there is none. */
export function openFrames(m: Masker, message: u32): bool {
  stateOf(m).message = message;
  return openMessages(m, message);
}

/** Takes bytes of frames. False when they are malformed or there is no room. */
export function feedFrames(m: Masker, src: usize, len: usize): bool {
  return feedSlices(m, src, len, takeFrames);
}

/** Ends the frames. False when the last one is not whole. */
export function closeFrames(m: Masker): bool {
  return reserveEnd() && isBetweenFrames(m) && !lacksRoom;
}

/** Whether the bytes so far are whole frames. */
export function isBetweenFrames(m: Masker): bool {
  return stateOf(m).headLen == 0;
}

/** Bytes without which the frame does not end. */
export function frameNeeds(m: Masker): u32 {
  const s = stateOf(m);
  return s.headLen < HEAD_BYTES ? HEAD_BYTES - s.headLen : s.left;
}

/** Takes the bytes `start` to `end`. */
export function takeFrames(m: Masker, start: usize, end: usize): bool {
  const s = stateOf(m);
  let p = start;
  while (p < end) {
    if (s.headLen < HEAD_BYTES) {
      if (!takeHeadByte(m, s, p)) return false;
      p++;
      continue;
    }
    const next = p + min<usize>(s.left, end - p);
    if (!(s.flag == 0 ? takeMessage(m, p, next) : takeTrailers(m, s, p, next))) return false;
    s.left -= <u32>(next - p);
    p = next;
    if (s.left == 0 && !endFrame(m, s, p)) return false;
  }
  return true;
}

function takeHeadByte(m: Masker, s: Frames, p: usize): bool {
  const byte = load<u8>(p);
  if (s.headLen == 0) {
    const isTrailers = byte == TRAILERS && m.format != BodyFormat.Grpc;
    if (s.isOver || (byte != 0 && !isTrailers)) return false;
    s.flag = byte;
    s.left = 0;
  } else s.left = (s.left << 8) | (<u32>byte);
  s.headLen++;
  if (s.headLen < HEAD_BYTES) return true;
  if (s.flag == 0) beginMessage(m, s.left, s.message);
  else beginTrailers(m, p + 1);
  return s.left != 0 || endFrame(m, s, p + 1);
}

function endFrame(m: Masker, s: Frames, p: usize): bool {
  s.headLen = 0;
  if (s.flag == 0) return isMessageWhole(m);
  s.isOver = true;
  return endTrailers(m, s, p);
}

function beginTrailers(m: Masker, p: usize): void {
  if (openText(m, 0) == TextMode.Pass) return;
  closeSpan(p);
  m.mode = FieldMode.Text;
}

function takeTrailers(m: Masker, s: Frames, start: usize, end: usize): bool {
  if (m.mode != FieldMode.Text) return true;
  for (let p = start; p < end; p++) {
    const byte = load<u8>(p);
    const digit = s.digits != 0 ? <u32>hexValue(byte) : 0;
    // What was no escape is a character before this byte.
    if (digit > 15 && !endEscape(m, s)) return false;
    if (!appendInput(m, p, 1) || !takeTrailerByte(m, s, byte, digit)) return false;
  }
  return true;
}

function takeTrailerByte(m: Masker, s: Frames, byte: u8, digit: u32): bool {
  if (s.digits != 0) {
    s.value = (s.value << 4) | digit;
    s.digits--;
    return s.digits != 0 || takeLooseByte(m, s, <u8>s.value);
  }
  if (byte != PERCENT) return takeLooseByte(m, s, byte);
  s.digits = 2;
  s.value = 0;
  return true;
}

function endEscape(m: Masker, s: Frames): bool {
  s.digits = 0;
  s.needed = 0;
  return textChar(m, PERCENT, false);
}

function endTrailers(m: Masker, s: Frames, p: usize): bool {
  if (m.mode != FieldMode.Text) return true;
  if ((s.digits != 0 || s.needed != 0) && !endEscape(m, s)) return false;
  if (!closeText(m)) return false;
  clearWindow(m);
  m.mode = FieldMode.None;
  openSpan(p);
  return true;
}
