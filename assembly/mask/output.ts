/**
 * The output of the masker: one scratch block of the VM, and the run of input that goes into it
 * unchanged.
 *
 * While a document inside a string is read, its bytes are decoded ones in a scratch of their own
 * (see embedded.ts): a run of them goes out as it was written (`mapRaw`), and what the masker
 * writes itself is escaped as the string asks for.
 */
import { blockAlloc, blockFree } from '../memory/block';
import { writeEscaped } from './escape';

const CAPACITY_MIN: usize = 1 << 17;
/** A block above this is given back when a call needs less than half of it. */
const CAPACITY_CALM: usize = 1 << 22;

/** Output of the last feed, valid until the next one of any masker. */
export let maskedPtr: usize = 0;

/** Bytes of output of the last feed. */
export let maskedLen: usize = 0;

/**
 * What has to be reserved before an operator writes: a slice of input still finds the room that was made for it
 * afterwards.
 */
export const OPERATOR_BYTES: usize = 1 << 18;

let capacity: usize = 0;
let spanStart: usize = 0;

/** Decoded bytes that are read instead of the input, 0 when the input itself is read. */
let mapDecoded: usize = 0;
/** u16 per decoded byte: where what it was written as begins behind `mapWritten`; one more at the end. */
let mapOffsets: usize = 0;
let mapWritten: usize = 0;
/** Escape for what the masker writes itself into an embedded document. */
let outerEscape: u32 = 0;
/** Whether there was no room for a reservation of this call. */
export let lacksRoom: bool = false;

/** Notes that memory was short elsewhere: the call fails for that. */
export function noteNoRoom(): void {
  lacksRoom = true;
}

/** Starts an empty output for a call with `inputLen` bytes. */
export function clearOutput(inputLen: usize): void {
  maskedLen = 0;
  spanStart = 0;
  lacksRoom = false;
  mapOffsets = 0;
  if (capacity > CAPACITY_CALM && inputLen < capacity >> 1) {
    blockFree(maskedPtr);
    maskedPtr = 0;
    capacity = 0;
  }
}

/** Reads decoded bytes from now on, see above. */
export function openMap(decoded: usize, offsets: usize, written: usize, escape: u32): void {
  mapDecoded = decoded;
  mapOffsets = offsets;
  mapWritten = written;
  outerEscape = escape;
}

/** Reads the input itself again. */
export function closeMap(): void {
  mapOffsets = 0;
  outerEscape = 0;
}

/** First byte of what the input byte at `p` was written as. */
// @ts-ignore: decorator
@inline
export function writtenAt(p: usize): usize {
  if (mapOffsets == 0) return p;
  return mapWritten + <usize>load<u16>(mapOffsets + ((p - mapDecoded) << 1));
}

/** Whether input bytes stand for themselves. */
// @ts-ignore: decorator
@inline
export function isUnmapped(): bool {
  return mapOffsets == 0;
}

/**
 * Makes sure that `extra` more bytes can be emitted. False, and `lacksRoom`, when there is no room; the
 * output so far stays.
 */
export function reserveOutput(extra: usize): bool {
  const wanted = maskedLen + extra;
  if (wanted <= capacity) return true;
  let size = max(capacity << 1, CAPACITY_MIN);
  if (size < wanted) size = wanted;
  let block = blockAlloc(size);
  if (block == 0 && size > wanted) {
    size = wanted;
    block = blockAlloc(size);
  }
  if (block == 0) {
    lacksRoom = true;
    return false;
  }
  if (maskedLen != 0) memory.copy(block, maskedPtr, maskedLen);
  if (capacity != 0) blockFree(maskedPtr);
  maskedPtr = block;
  capacity = size;
  return true;
}

/** Takes back what was emitted behind the first `len` bytes. */
export function cutOutput(len: usize): void {
  maskedLen = len;
}

/**
 * Emits a byte that the masker writes itself. INVARIANT, as for all below: `reserveOutput` has made
 * room.
 */
// @ts-ignore: decorator
@inline
export function emitByte(byte: u8): void {
  if (outerEscape == 0) store<u8>(maskedPtr + maskedLen++, byte);
  else maskedLen += writeEscaped(maskedPtr + maskedLen, outerEscape, byte);
}

/** Emits a byte as it is, whatever is being read. */
// @ts-ignore: decorator
@inline
export function emitRawByte(byte: u8): void {
  store<u8>(maskedPtr + maskedLen++, byte);
}

/** Emits bytes as they are, whatever is being read. */
// @ts-ignore: decorator
@inline
export function emitRaw(ptr: usize, len: usize): void {
  memory.copy(maskedPtr + maskedLen, ptr, len);
  maskedLen += len;
}

/** Emits `len` times the same byte as it is. */
export function emitFill(byte: u8, len: usize): void {
  memory.fill(maskedPtr + maskedLen, byte, len);
  maskedLen += len;
}

/** As `emitFill`, for so few that a call of the host's bulk fill would cost more. */
export function emitFewOf(byte: u8, len: usize): void {
  const at = maskedPtr + maskedLen;
  for (let i: usize = 0; i < len; i++) store<u8>(at + i, byte);
  maskedLen += len;
}

/** Emits input bytes as they were written. */
export function emitInput(start: usize, end: usize): void {
  const from = writtenAt(start);
  emitRaw(from, writtenAt(end) - from);
}

/** From `p` on the input goes out as it is. */
// @ts-ignore: decorator
@inline
export function openSpan(p: usize): void {
  spanStart = p;
}

/** Ends the unchanged run before `p`. False when there was none. */
export function closeSpan(p: usize): bool {
  if (spanStart == 0) return false;
  if (mapOffsets == 0) emitRaw(spanStart, p - spanStart);
  else emitInput(spanStart, p);
  spanStart = 0;
  return true;
}

/** Forgets the unchanged run. */
export function dropSpan(): void {
  spanStart = 0;
}

/** Whether the input goes out as it is at the moment. */
// @ts-ignore: decorator
@inline
export function isSpanOpen(): bool {
  return spanStart != 0;
}
