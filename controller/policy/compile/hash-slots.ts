/** Places entries into the open-addressing tables of bundles. */
import { DtaError } from '../../errors.ts';
import { PROBES_MAX } from '../../layout.ts';

/**
 * The slot of each entry: a power of two of slots, linear probing, at most half full, at most PROBES_MAX slots from where
 * its hash points; names that were chosen to collide make the table grow. An empty table has one empty slot. Entries
 * are placed in their order, so the same entries give the same table. Fails with `policyInvalid` when no table of
 * reasonable size will do.
 */
export function placeInSlots(hashes: readonly number[]): { slotCount: number; slots: number[] } {
  let slotCount = 1;
  while (slotCount < hashes.length * 2) slotCount *= 2;
  for (const most = slotCount * GROWTH_MAX; slotCount <= most; slotCount *= 2) {
    const slots = place(hashes, slotCount);
    if (slots) return { slotCount, slots };
  }
  throw new DtaError('policyInvalid', 'too many names of the policy set have the same hash', {
    help: `rename services or path segments: more than ${PROBES_MAX} collide`,
  });
}

function place(hashes: readonly number[], slotCount: number): number[] | undefined {
  const isTaken = new Uint8Array(slotCount);
  const slots: number[] = [];
  for (const hash of hashes) {
    const home = (hash & (slotCount - 1)) >>> 0;
    let probes = 0;
    while (isTaken[(home + probes) & (slotCount - 1)] === 1) probes += 1;
    if (probes >= PROBES_MAX) return undefined;
    const slot = (home + probes) & (slotCount - 1);
    isTaken[slot] = 1;
    slots.push(slot);
  }
  return slots;
}

const GROWTH_MAX = 16;
