/** Checks the slots of the hash tables of a bundle. */
import { BundleSection, SLOT_INDEX_MAX } from '../layout';
import { SLOT_INDEX_MASK, findOwned } from './hash-tables';
import { hash32 } from '../memory/bytes';
import { spendKeyBytes } from './checks';
import { Refusal, refuse } from './refusal';
import { bundleCount, bundleSection } from './sections';

/**
 * Checks that there is a power of two of slots, or none, and that their words point to some of `count` records.
 * INVARIANT afterwards: look-ups stay inside the table and its records.
 */
export function checkSlots(payload: usize, section: BundleSection, count: u32): Refusal {
  const slotCount = bundleCount(payload, section);
  const isShaped = (slotCount & (slotCount - 1)) == 0 && count <= SLOT_INDEX_MAX + 1;
  if (!isShaped) return refuse(Refusal.HashTable, section, 0);
  const slots = bundleSection(payload, section);
  for (let i: u32 = 0; i < slotCount; i++) {
    const word = load<u32>(slots + ((<usize>i) << 2));
    // INVARIANT: an index of 0 becomes 2^32 - 1, which no count reaches.
    if (word != 0 && (word & SLOT_INDEX_MASK) - 1 >= count) {
      return refuse(Refusal.HashTable, section, i);
    }
  }
  return Refusal.None;
}

/**
 * Checks that the look-up of a record's own key finds it: a key that is not found would hide the rules behind it. The record
 * (owner first, text behind 8 bytes) and the slots were checked before.
 */
export function checkReach(
  payload: usize,
  slotSection: BundleSection,
  section: BundleSection,
  index: u32,
): Refusal {
  const records = bundleSection(payload, section);
  const strings = bundleSection(payload, BundleSection.Strings);
  const record = records + ((<usize>index) << 4);
  const text = strings + load<u32>(record, 8);
  const textLen = load<u32>(record, 12);
  if (!spendKeyBytes(textLen)) return refuse(Refusal.Entangled, section, index);
  const found = findOwned(
    bundleSection(payload, slotSection),
    bundleCount(payload, slotSection),
    records,
    strings,
    hash32(text, textLen),
    load<u32>(record),
    text,
    textLen,
  );
  return found == record ? Refusal.None : refuse(Refusal.HashTable, section, index);
}
