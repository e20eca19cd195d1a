/**
 * The output of the masker: one scratch block of the VM, and the run of input that goes into it
 * unchanged.
 */
import { blockAlloc, blockFree } from '../memory/block';

const CAPACITY_MIN: usize = 1 << 17;
/** A block above this is given back when a call needs less than half of it. */
const CAPACITY_CALM: usize = 1 << 22;

/** Output of the last `maskerFeed`, valid until the next one of any masker. */
export let maskedPtr: usize = 0;

/** Bytes of output of the last `maskerFeed`. */
export let maskedLen: usize = 0;

let capacity: usize = 0;
let spanStart: usize = 0;

/** Starts an empty output for a call with `inputLen` bytes. */
export function clearOutput(inputLen: usize): void {
  maskedLen = 0;
  spanStart = 0;
  if (capacity > CAPACITY_CALM && inputLen < capacity >> 1) {
    blockFree(maskedPtr);
    maskedPtr = 0;
    capacity = 0;
  }
}

/**
 * Makes sure that `extra` more bytes can be emitted. False when there is no room; the output so far
 * stays.
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
  if (block == 0) return false;
  if (maskedLen != 0) memory.copy(block, maskedPtr, maskedLen);
  if (capacity != 0) blockFree(maskedPtr);
  maskedPtr = block;
  capacity = size;
  return true;
}

/** Emits a byte. INVARIANT: `reserveOutput` has made room. */
// @ts-ignore: decorator
@inline
export function emitByte(byte: u8): void {
  store<u8>(maskedPtr + maskedLen++, byte);
}

/** Emits bytes. INVARIANT: `reserveOutput` has made room. */
// @ts-ignore: decorator
@inline
export function emitBytes(ptr: usize, len: usize): void {
  memory.copy(maskedPtr + maskedLen, ptr, len);
  maskedLen += len;
}

/**
 * Emits the low `len` bytes of a word, 8 at most. INVARIANT: `reserveOutput` has made room for 8.
 */
// @ts-ignore: decorator
@inline
export function emitWord(word: u64, len: u32): void {
  store<u64>(maskedPtr + maskedLen, word);
  maskedLen += len;
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
  emitBytes(spanStart, p - spanStart);
  spanStart = 0;
  return true;
}

/** Whether the input goes out as it is at the moment. */
// @ts-ignore: decorator
@inline
export function isSpanOpen(): bool {
  return spanStart != 0;
}
