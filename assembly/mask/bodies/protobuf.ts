/**
 * Masks protobuf messages in place, by the fields that the bundle knows. A field of which it knows nothing stays; when
 * detectors are in force they look into it. Under a rule on a message everything in it is masked.
 */
import { FieldKind, MaskHeader, NONE } from '../../layout';
import {
  VarintEvent,
  WirePlace,
  WireType,
  closeGroup,
  closeMessages,
  fits,
  isWireWhole,
  levelStrength,
  messageOf,
  openGroup,
  openMessage,
  openWire,
  readTag,
  varintStep,
} from '../../protobuf/wire';
import { Escape } from '../escape';
import { closeSpan, emitRawByte, lacksRoom, openSpan } from '../output';
import { Masker, formatOf, nodeAt } from '../state';
import { noteMasked } from '../text';
import { Content, closeContent, openContent, takeContent } from './protobuf-content';
import { UNKNOWN_KIND, fieldKind, fieldMessage, fieldStrength, findField } from './protobuf-fields';
import { feedSlices, reserveEnd } from './slices';

const CONTINUES: u8 = 0x80;

/** The message that is being read; other formats that hold messages keep their own state behind `MESSAGE_BYTES`. */
// @ts-ignore: decorator
@unmanaged
class Message extends Content {
  /** strength of the rules on the field that is being read */
  strength: u32;
  kind: u32;
  message: u32;
}

/** Bytes of the format's part that messages take. */
export const MESSAGE_BYTES: usize = 128;

// @ts-ignore: decorator
@inline
function stateOf(m: Masker): Message {
  return changetype<Message>(formatOf(m));
}

/** Puts a state before messages of a MaskMessage. False when there is none, so that nothing is known. */
export function openMessages(m: Masker, message: u32): bool {
  m.escape = Escape.None;
  m.keepsLength = true;
  const s = stateOf(m);
  s.levels = nodeAt(m, 0);
  if (message >= load<u32>(m.blob, MaskHeader.messageCount)) return false;
  openWire(s, u64.MAX_VALUE, message);
  return true;
}

/** Takes bytes of a body that is one message. False when it is malformed or there is no room. */
export function feedMessage(m: Masker, src: usize, len: usize): bool {
  return feedSlices(m, src, len, takeMessage);
}

/** Ends a body that is one message. */
export function closeMessage(m: Masker): bool {
  return reserveEnd() && isMessageWhole(m) && !lacksRoom;
}

/** Starts a message of `len` bytes. */
export function beginMessage(m: Masker, len: u64, message: u32): void {
  openWire(stateOf(m), len, message);
}

/** Whether the message may end here. */
export function isMessageWhole(m: Masker): bool {
  return isWireWhole(stateOf(m));
}

/** Takes the bytes `start` to `end` of a message, no more than it has. */
export function takeMessage(m: Masker, start: usize, end: usize): bool {
  const s = stateOf(m);
  let p = start;
  while (p < end) {
    if (s.place == WirePlace.Content) {
      p = takePart(m, s, p, end);
      if (p == 0) return false;
      continue;
    }
    if (!takeByte(m, s, p)) return false;
    p++;
  }
  return true;
}

/** Takes what there is of the content of a field. 0 when it is malformed or there is no room. */
function takePart(m: Masker, s: Message, p: usize, end: usize): usize {
  const len = <u32>min<u64>(s.left, <u64>(end - p));
  if (!takeContent(m, s, p, len)) return 0;
  s.left -= <u64>len;
  s.pos += <u64>len;
  if (s.left == 0 && !(closeContent(m, s, p + len) && endField(s))) return 0;
  return p + len;
}

function takeByte(m: Masker, s: Message, p: usize): bool {
  const byte = load<u8>(p);
  const isMasked = s.place == WirePlace.Varint && s.strength != 0;
  const event = varintStep(s, byte);
  if (event == VarintEvent.Malformed) return false;
  if (isMasked) emitRawByte(byte & CONTINUES);
  if (event == VarintEvent.More) return true;
  switch (s.place) {
    case WirePlace.Varint:
      if (isMasked) openSpan(p + 1);
      return endField(s);
    case WirePlace.Length:
      return beginContent(m, s, p + 1);
    default:
      return beginField(m, s, p + 1);
  }
}

/** A tag was read; its value is at `p`. */
function beginField(m: Masker, s: Message, p: usize): bool {
  if (!readTag(s)) return false;
  if (s.wire == WireType.EndGroup) return closeGroup(s) && closeMessages(s);
  findField(m, messageOf(s), s.number);
  s.strength = max(fieldStrength, levelStrength(s));
  s.kind = fieldKind;
  s.message = fieldMessage;
  switch (s.wire) {
    case WireType.Varint:
      s.place = WirePlace.Varint;
      if (s.strength == 0) return true;
      noteMasked(m, s.strength);
      closeSpan(p);
      return true;
    case WireType.Length:
      s.place = WirePlace.Length;
      return true;
    case WireType.StartGroup:
      return openGroup(s, s.message, s.strength);
    default:
      s.value = s.wire == WireType.Fixed64 ? 8 : 4;
      s.kind = FieldKind.Fixed64;
      return beginContent(m, s, p);
  }
}

/** The length of a field's content, `s.value`, is known; it begins at `p`. */
function beginContent(m: Masker, s: Message, p: usize): bool {
  if (!fits(s, s.value)) return false;
  let kind = s.kind;
  if (kind == FieldKind.Message || kind == FieldKind.Group) {
    if (s.message != NONE || s.strength != 0) {
      return openMessage(s, s.value, s.message, s.strength) && closeMessages(s);
    }
    kind = UNKNOWN_KIND;
  }
  s.left = s.value;
  s.place = WirePlace.Content;
  if (!openContent(m, s, p, kind, s.strength)) return false;
  return s.left != 0 || (closeContent(m, s, p) && endField(s));
}

function endField(s: Message): bool {
  s.place = WirePlace.Tag;
  return closeMessages(s);
}

// INVARIANT: a message fits.
assert(offsetof<Message>() <= MESSAGE_BYTES);
