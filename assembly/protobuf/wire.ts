/**
 * The wire format of protobuf (https://protobuf.dev/programming-guides/encoding), as far as it goes without a schema: tags,
 * lengths, groups and the ends of messages in messages, one byte at a time.
 *
 * A level is
 *    0  u64  where the message ends, by bytes of the outermost one
 *    8  u32  field number of the group that is the message, 0 for a length-delimited one
 *   12  u32  message, the caller's
 *   16  u32  strength, the caller's
 *   20  u32  zero
 */

/** Deepest nesting of messages, as in the parsers of Google. */
export const MESSAGES_MAX: u32 = 100;

/** Bytes of a level. */
export const LEVEL_BYTES: usize = 24;

/** Wire types. */
export const enum WireType {
  Varint = 0,
  Fixed64 = 1,
  Length = 2,
  StartGroup = 3,
  EndGroup = 4,
  Fixed32 = 5,
}

/** What a byte of a varint brought. */
export const enum VarintEvent {
  More = 0,
  Whole = 1,
  Malformed = 2,
}

/** Where in a message the bytes are. */
export const enum WirePlace {
  Tag = 0,
  Varint = 1,
  Length = 2,
  /** in bytes of which `left` is known */
  Content = 3,
}

const VARINT_BYTES_MAX: u32 = 10;
const TAG_BYTES_MAX: u32 = 5;
const GROUP: usize = 8;
const MESSAGE: usize = 12;
const STRENGTH: usize = 16;

/** State of a message that is read piece by piece. Zeroed memory, but for `levels`, is the state before the first byte. */
// @ts-ignore: decorator
@unmanaged
export class Wire {
  /** the varint that is being read, or was the last one */
  value: u64;
  /** bytes taken */
  pos: u64;
  /** bytes of the content that are still to come */
  left: u64;
  /** MESSAGES_MAX + 1 levels, aligned to 8 */
  levels: usize;
  /** open messages inside the outermost one */
  depth: u32;
  /** WirePlace */
  place: i32;
  /** field number of the last tag */
  number: u32;
  /** WireType of the last tag */
  wire: u32;
  /** bytes read of the varint */
  varintLen: u32;
}

/** Starts an outermost message that ends after `len` bytes. */
export function openWire(s: Wire, len: u64, message: u32): void {
  s.pos = 0;
  s.depth = 0;
  s.place = WirePlace.Tag;
  s.varintLen = 0;
  setLevel(s, len, 0, message, 0);
}

/** Takes a byte of a varint; malformed behind the end of the message, too. */
export function varintStep(s: Wire, byte: u8): VarintEvent {
  if (s.pos == load<u64>(levelOf(s))) return VarintEvent.Malformed;
  s.pos++;
  if (s.varintLen == 0) s.value = 0;
  const bits = <u64>(byte & 0x7f);
  if (s.varintLen == VARINT_BYTES_MAX - 1 && byte > 1) return VarintEvent.Malformed;
  s.value |= bits << (7 * s.varintLen);
  s.varintLen++;
  if (byte >= 0x80) return VarintEvent.More;
  if (s.place == WirePlace.Tag && s.varintLen > TAG_BYTES_MAX) return VarintEvent.Malformed;
  s.varintLen = 0;
  return VarintEvent.Whole;
}

/** Splits a tag. False when it is none. */
export function readTag(s: Wire): bool {
  if (s.value > u64(u32.MAX_VALUE)) return false;
  s.number = (<u32>s.value) >> 3;
  s.wire = (<u32>s.value) & 7;
  return s.number != 0 && s.wire <= <u32>WireType.Fixed32;
}

/** Whether `len` more bytes fit into the innermost message. */
export function fits(s: Wire, len: u64): bool {
  return len <= load<u64>(levelOf(s)) - s.pos;
}

/** Goes into a length-delimited message of `len` bytes that fit. False when it lies too deep. */
export function openMessage(s: Wire, len: u64, message: u32, strength: u32): bool {
  if (s.depth == MESSAGES_MAX) return false;
  s.depth++;
  s.place = WirePlace.Tag;
  setLevel(s, s.pos + len, 0, message, strength);
  return true;
}

/** Goes into a group. False when it lies too deep. */
export function openGroup(s: Wire, message: u32, strength: u32): bool {
  if (s.depth == MESSAGES_MAX) return false;
  const end = load<u64>(levelOf(s));
  s.depth++;
  setLevel(s, end, s.number, message, strength);
  return true;
}

/** Leaves the group that the last tag ends. False when it is not open. */
export function closeGroup(s: Wire): bool {
  if (s.depth == 0 || load<u32>(levelOf(s), GROUP) != s.number) return false;
  s.depth--;
  return true;
}

/** Leaves the messages that end here. False when a group has no end. */
export function closeMessages(s: Wire): bool {
  while (s.depth != 0 && s.pos == load<u64>(levelOf(s))) {
    if (load<u32>(levelOf(s), GROUP) != 0) return false;
    s.depth--;
  }
  return true;
}

/** Whether the outermost message may end here. */
export function isWireWhole(s: Wire): bool {
  return s.depth == 0 && s.place == WirePlace.Tag && s.varintLen == 0;
}

/** Message of the innermost level. */
export function messageOf(s: Wire): u32 {
  return load<u32>(levelOf(s), MESSAGE);
}

/** Strength of the innermost level. */
export function levelStrength(s: Wire): u32 {
  return load<u32>(levelOf(s), STRENGTH);
}

function levelOf(s: Wire): usize {
  return s.levels + <usize>s.depth * LEVEL_BYTES;
}

function setLevel(s: Wire, end: u64, group: u32, message: u32, strength: u32): void {
  const level = levelOf(s);
  store<u64>(level, end);
  store<u32>(level, group, GROUP);
  store<u32>(level, message, MESSAGE);
  store<u32>(level, strength, STRENGTH);
}
