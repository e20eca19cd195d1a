/** Test-only module around the masking kernel: (ptr, len) functions, no host. */
import { isCardNumber } from '../../assembly/classify/card-number';
import { isLuhnValid } from '../../assembly/classify/luhn';
import {
  MASKER_BYTES,
  bodyCount,
  bodyHeld,
  bodyLabels,
  closeBody,
  feedBody,
  maskedLen,
  maskedPtr,
  openBody,
} from '../../assembly/mask/body';
import { validateMaskBlob } from '../../assembly/mask/validate-blob';
import { blockAlloc, blockFree, blockSize } from '../../assembly/memory/block';

/** A block of the module's memory, 0 when there is no room. */
export function take(size: usize): usize {
  return blockAlloc(size);
}

/** Gives a block back. */
export function give(ptr: usize): void {
  blockFree(ptr);
}

/** A new masker over a valid blob, 0 when there is no room. */
export function open(
  blob: usize,
  clearance: u64,
  band: u32,
  format: u32,
  charset: u32,
  arg: usize,
  argLen: u32,
): usize {
  const block = blockAlloc(MASKER_BYTES);
  if (block != 0) {
    memory.fill(block, 0xa5, MASKER_BYTES);
    openBody(block, blob, clearance, band, format, charset, arg, argLen);
  }
  return block;
}

/** Ends a masker. */
export function shut(masker: usize): void {
  closeBody(masker);
  blockFree(masker);
}

/** One call of the masker: its MaskStatus. */
export function feed(masker: usize, src: usize, len: usize, isEnd: bool): u32 {
  return feedBody(masker, src, len, isEnd);
}

export function outPtr(): usize {
  return maskedPtr;
}

export function outLen(): usize {
  return maskedLen;
}

/** Bytes that the output block has room for. */
export function outRoom(): usize {
  return maskedPtr == 0 ? 0 : blockSize(maskedPtr);
}

export function count(masker: usize): u32 {
  return bodyCount(masker);
}

export function held(masker: usize): u32 {
  return bodyHeld(masker);
}

export function labels(masker: usize): u64 {
  return bodyLabels(masker);
}

export function validate(blob: usize, len: u32, labelCount: u32): bool {
  return validateMaskBlob(blob, len, labelCount);
}

export function luhn(ptr: usize, len: u32): bool {
  return isLuhnValid(ptr, len);
}

export function cardNumber(ptr: usize, len: u32): bool {
  return isCardNumber(ptr, len);
}
