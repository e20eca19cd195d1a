/**
 * The arena behind proxy_on_memory_allocate: a bump region that is empty again when the outermost callback returns.
 *
 * What does not fit goes to a block of its own, listed in nodes of
 *   0  u32  next node, 0 at the end
 *   4  u32  the block
 * and freed at the reset, unless claimBlock() took it over.
 */
import { blockAlloc, blockFree } from './block';

/** Bytes of the bump region. */
export const ARENA_BYTES: usize = 262144;

const REGION: usize = memory.data(262144, 16);
const NODE_BYTES: usize = 8;

let used: usize = 0;
let depth: u32 = 0;
let overflowHead: usize = 0;
let overflowCount: u64 = 0;

/** Takes `size` bytes until the outermost callback returns, aligned to 16; 0 when there is no room. */
export function arenaAlloc(size: usize): usize {
  const rounded = (size + 15) & ~15;
  if (size <= ARENA_BYTES && rounded <= ARENA_BYTES - used) {
    const ptr = REGION + used;
    used += rounded;
    return ptr;
  }
  return overflow(size);
}

/** Marks the start of a callback; callbacks nest. */
export function arenaEnter(): void {
  depth++;
}

/** Marks the end of a callback; the outermost one empties the arena. */
export function arenaLeave(): void {
  if (--depth != 0) return;
  used = 0;
  if (overflowHead != 0) freeOverflow();
}

/**
 * Takes over a block that arenaAlloc() made outside the bump region: it survives the reset and is freed by blockFree().
 * False when `ptr` lies in the region, so that its bytes have to be copied.
 */
export function claimBlock(ptr: usize): bool {
  let previous: usize = 0;
  for (let node = overflowHead; node != 0; node = <usize>load<u32>(node)) {
    if (<usize>load<u32>(node, 4) == ptr) {
      const next = load<u32>(node);
      if (previous == 0) overflowHead = <usize>next;
      else store<u32>(previous, next);
      blockFree(node);
      return true;
    }
    previous = node;
  }
  return false;
}

/** Makes bytes that the host handed over outlive the callback: claimed, else copied; a block, or 0 when there is no room. */
export function keepBytes(ptr: usize, len: usize): usize {
  if (claimBlock(ptr)) return ptr;
  const kept = blockAlloc(len);
  if (kept != 0) memory.copy(kept, ptr, len);
  return kept;
}

/** Allocations that the bump region had no room for, since the start. */
export function arenaOverflows(): u64 {
  return overflowCount;
}

function overflow(size: usize): usize {
  overflowCount++;
  const block = blockAlloc(size);
  if (block == 0) return 0;
  const node = blockAlloc(NODE_BYTES);
  if (node == 0) {
    blockFree(block);
    return 0;
  }
  store<u32>(node, <u32>overflowHead);
  store<u32>(node, <u32>block, 4);
  overflowHead = node;
  return block;
}

function freeOverflow(): void {
  let node = overflowHead;
  overflowHead = 0;
  while (node != 0) {
    const next = <usize>load<u32>(node);
    blockFree(<usize>load<u32>(node, 4));
    blockFree(node);
    node = next;
  }
}
