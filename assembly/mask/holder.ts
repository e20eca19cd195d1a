/**
 * A mask blob that lives on while a stream needs it, so that an open stream never pins the bundle it came from.
 *
 *   block: | references (u32) | length (u32) | UnreadableAction (u32) | labels (u32) | blob ...
 *          | for each label: length (u32), name |
 */
import { Label } from '../layout';
import { blockAlloc, blockFree } from '../memory/block';

const HEAD: usize = 16;

/**
 * Copies a checked blob, with what happens to bodies that cannot be read and the names of the labels (Label records whose
 * names lie in `strings`); the caller holds the first reference. 0 when there is no room.
 */
export function holdMask(
  blob: usize,
  len: u32,
  action: u32,
  labels: usize,
  labelCount: u32,
  strings: usize,
): usize {
  let size = HEAD + <usize>len;
  for (let i: u32 = 0; i < labelCount; i++) {
    size += 4 + <usize>load<u32>(labels + <usize>i * Label.SIZE, Label.nameLen);
  }
  const holder = blockAlloc(size);
  if (holder == 0) return 0;
  store<u32>(holder, 1);
  store<u32>(holder, len, 4);
  store<u32>(holder, action, 8);
  store<u32>(holder, labelCount, 12);
  memory.copy(holder + HEAD, blob, len);
  let at = holder + HEAD + len;
  for (let i: u32 = 0; i < labelCount; i++) {
    const label = labels + <usize>i * Label.SIZE;
    const nameLen = load<u32>(label, Label.nameLen);
    store<u32>(at, nameLen);
    memory.copy(at + 4, strings + load<u32>(label, Label.name), nameLen);
    at += 4 + nameLen;
  }
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

/** UnreadableAction where no route says another. */
export function heldAction(holder: usize): u32 {
  return load<u32>(holder, 8);
}

/** Labels, in the order of their bits, which is that of their names. */
export function heldLabelCount(holder: usize): u32 {
  return load<u32>(holder, 12);
}

/** First label: its length, then its name, then the next one. */
export function heldLabels(holder: usize): usize {
  return holder + HEAD + load<u32>(holder, 4);
}
