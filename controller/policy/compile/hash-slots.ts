/** Places entries into the open-addressing tables of bundles. */

/**
 * The slot of each entry: a power of two of slots, linear probing, at most half full. An empty table has one empty slot.
 * Entries are placed in their order, so the same entries give the same table.
 */
export function placeInSlots(hashes: readonly number[]): { slotCount: number; slots: number[] } {
  let slotCount = 1;
  while (slotCount < hashes.length * 2) slotCount *= 2;
  const isTaken = new Uint8Array(slotCount);
  const slots = hashes.map((hash) => {
    let slot = (hash & (slotCount - 1)) >>> 0;
    while (isTaken[slot] === 1) slot = (slot + 1) & (slotCount - 1);
    isTaken[slot] = 1;
    return slot;
  });
  return { slotCount, slots };
}
