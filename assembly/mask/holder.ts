/**
 * A mask blob that lives on while a stream needs it, so that an open stream never pins the bundle it came from.
 *
 *   block: | references (u32) | length (u32) | blob ... |
 */
import { blockAlloc, blockFree } from '../memory/block';

const HEAD: usize = 8;

/** Copies a checked blob; the caller holds the first reference. 0 when there is no room. */
export function holdMask(blob: usize, len: u32): usize {
  const holder = blockAlloc(HEAD + <usize>len);
  if (holder == 0) return 0;
  store<u32>(holder, 1);
  store<u32>(holder, len, 4);
  memory.copy(holder + HEAD, blob, len);
  return holder;
}

/** Takes one more reference. */
export function retainMask(holder: usize): void {
  store<u32>(holder, load<u32>(holder) + 1);
}

/** Gives a reference back; the last one frees the copy. */
export function releaseMask(holder: usize): void {
  const left = load<u32>(holder) - 1;
  store<u32>(holder, left);
  if (left == 0) blockFree(holder);
}

/** Address of the blob. */
export function heldBlob(holder: usize): usize {
  return holder + HEAD;
}
