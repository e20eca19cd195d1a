/** Test-only module around the checks of mask blobs: (ptr, len) functions, no host. */
import { patternAt, validatePattern } from '../../assembly/classify/pattern';
import { validateMaskBlob } from '../../assembly/mask/validate-blob';
import { blockAlloc, blockFree } from '../../assembly/memory/block';

/** A block of the module's memory, 0 when there is no room. */
export function take(size: usize): usize {
  return blockAlloc(size);
}

/** Gives a block back. */
export function give(ptr: usize): void {
  blockFree(ptr);
}

export function blob(ptr: usize, len: u32, labelCount: u32): bool {
  return validateMaskBlob(ptr, len, labelCount);
}

export function pattern(ptr: usize, len: u32): bool {
  return validatePattern(ptr, len);
}

/** The end of the match at `pos` of units. */
export function patternEnd(table: usize, text: usize, pos: u32, len: u32): u32 {
  return patternAt(table, text, pos, len, true);
}
