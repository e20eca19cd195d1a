/** Builds the hash tables of bundles: words that lead from a hash to a record. */
import { DtaError } from '../../errors.ts';
import { PROBES_MAX } from '../../layout.ts';
import type { SectionData } from '../../section-file.ts';

/**
 * The words of a table for the records with these hashes (BundleSection says what a word holds): a power of two of
 * slots, linear probing, four fifths full at most, each record less than PROBES_MAX slots from where its hash points;
 * names that were chosen to collide make the table grow. An empty table has one empty slot. Records are placed in
 * their order, so the same records give the same table; one without a hash has no slot. Fails with `policyInvalid` when no table of reasonable size
 * will do.
 */
export function buildSlots(hashes: readonly (number | undefined)[]): Uint32Array {
  const entries = hashes.reduce((count: number, hash) => count + (hash === undefined ? 0 : 1), 0);
  let slotCount = 1;
  while (slotCount * 4 < entries * 5) slotCount *= 2;
  for (const most = slotCount * GROWTH_MAX; slotCount <= most; slotCount *= 2) {
    const slots = place(hashes, slotCount);
    if (slots) return slots;
  }
  throw new DtaError('policyInvalid', 'too many names of the policy set have the same hash', {
    help: `rename services, path segments or values: more than ${PROBES_MAX} collide`,
  });
}

/** A section of the slots for records with these hashes. Throws like buildSlots. */
export function slotSection(kind: number, hashes: readonly (number | undefined)[]): SectionData {
  const slots = buildSlots(hashes);
  const bytes = new Uint8Array(slots.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < slots.length; i++) view.setUint32(i * 4, slots[i] ?? 0, true);
  return { kind, bytes, count: slots.length };
}

/** The hash of a text that belongs to a record of another table: an edge to its node, a value to its name. */
export function hashBelow(owner: number, textHash: number): number {
  return (textHash ^ Math.imul(owner, OWNER_FACTOR)) >>> 0;
}

// INVARIANT: a bundle has no room for more records than SLOT_INDEX_MAX, so that index + 1 fits into 24 bits.
function place(
  hashes: readonly (number | undefined)[],
  slotCount: number,
): Uint32Array | undefined {
  const slots = new Uint32Array(slotCount);
  const mask = slotCount - 1;
  for (let index = 0; index < hashes.length; index++) {
    const hash = hashes[index];
    if (hash === undefined) continue;
    let probes = 0;
    while (slots[(hash + probes) & mask] !== 0) {
      if (++probes >= Math.min(PROBES_MAX, slotCount)) return undefined;
    }
    slots[(hash + probes) & mask] = ((hash & 0xff00_0000) | (index + 1)) >>> 0;
  }
  return slots;
}

const GROWTH_MAX = 16;
// Part of the format (docs/formats.md, PathEdge, PathAffix and RequestTest).
const OWNER_FACTOR = 0x9e3779b1;
