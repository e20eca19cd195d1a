/** Where a header value is put together that comes out another one: one at a time, for a host call that follows at once. */

/** Longest value: Envoy takes no more than 60 KiB of headers. */
const CAPACITY: u32 = 65_536;

/** The value. */
export const rewrittenPtr: usize = memory.data(65536);
/** Its bytes so far. */
export let rewrittenLen: u32 = 0;
/** It became too long: nothing of it may be used. */
export let isOverfull: bool = false;

/** Starts an empty value. */
export function clearRewritten(): void {
  rewrittenLen = 0;
  isOverfull = false;
}

/** Adds bytes. */
export function putBytes(ptr: usize, len: u32): void {
  if (len > CAPACITY - rewrittenLen) {
    isOverfull = true;
    return;
  }
  memory.copy(rewrittenPtr + rewrittenLen, ptr, len);
  rewrittenLen += len;
}

/** Adds a byte. */
export function putByte(byte: u8): void {
  if (rewrittenLen == CAPACITY) {
    isOverfull = true;
    return;
  }
  store<u8>(rewrittenPtr + rewrittenLen++, byte);
}

/** Takes back what was added behind the first `len` bytes. */
export function cutRewritten(len: u32): void {
  rewrittenLen = len;
}
