/** Small checks that the validators of bundles and states are made of. */
import { BundleSection } from '../layout';
import { Refusal, refuse } from './refusal';
import { bundleCount, bundleSection } from './sections';

/** List entries, and bytes of keys, that one validation may look at: keeps overlaps from making it quadratic. */
const ENTRY_BUDGET: u32 = 1 << 26;
const KEY_BYTE_BUDGET: u32 = 1 << 26;

let entriesLeft: u32 = 0;
let keyBytesLeft: u32 = 0;

/** Starts one validation. */
export function resetBudgets(): void {
  entriesLeft = ENTRY_BUDGET;
  keyBytesLeft = KEY_BYTE_BUDGET;
}

/** Whether start..start+count lies in 0..total, without wrapping. */
export function isSpan(start: u32, count: u32, total: u32): bool {
  return count <= total && start <= total - count;
}

/** Whether the `str` field lies inside a strings section of `stringsLen` bytes. */
export function isString(field: usize, stringsLen: u32): bool {
  return isSpan(load<u32>(field), load<u32>(field, 4), stringsLen);
}

/**
 * Checks a span of the Lists section whose entries index a section of `limit` records. `span` is the address of a start
 * field that its count field follows; `section` and `record` say where it stands.
 */
export function checkList(
  payload: usize,
  span: usize,
  limit: u32,
  section: u32,
  record: u32,
): Refusal {
  return checkEntries(payload, load<u32>(span), load<u32>(span, 4), limit, section, record);
}

/** The same for a span whose entries have to rise, so that what it names is visited once. */
export function checkRisingList(
  payload: usize,
  span: usize,
  limit: u32,
  section: u32,
  record: u32,
): Refusal {
  return checkRising(payload, load<u32>(span), load<u32>(span, 4), limit, section, record);
}

/** The same for a start and a count. */
export function checkRising(
  payload: usize,
  start: u32,
  count: u32,
  limit: u32,
  section: u32,
  record: u32,
): Refusal {
  const refusal = checkEntries(payload, start, count, limit, section, record);
  if (refusal != Refusal.None) return refusal;
  let entry = listAt(payload, start);
  for (let i: u32 = 1; i < count; i++, entry += 4) {
    if (load<u32>(entry) >= load<u32>(entry, 4)) return refuse(Refusal.SortOrder, section, record);
  }
  return Refusal.None;
}

/** Address of an entry of the Lists section. */
export function listAt(payload: usize, index: u32): usize {
  return bundleSection(payload, BundleSection.Lists) + ((<usize>index) << 2);
}

/** Whether start..start+count lies in the Lists section. */
export function isInLists(payload: usize, start: u32, count: u32): bool {
  return isSpan(start, count, bundleCount(payload, BundleSection.Lists));
}

function checkEntries(
  payload: usize,
  start: u32,
  count: u32,
  limit: u32,
  section: u32,
  record: u32,
): Refusal {
  if (!isInLists(payload, start, count)) return refuse(Refusal.ListSpan, section, record);
  if (count > entriesLeft) return refuse(Refusal.Entangled, section, record);
  entriesLeft -= count;
  const end = listAt(payload, start + count);
  for (let entry = listAt(payload, start); entry < end; entry += 4) {
    if (load<u32>(entry) >= limit) return refuse(Refusal.ListEntry, section, record);
  }
  return Refusal.None;
}

/** Takes the bytes of a key that is hashed and compared from their budget. */
export function spendKeyBytes(bytes: u32): bool {
  if (bytes > keyBytesLeft) return false;
  keyBytesLeft -= bytes;
  return true;
}

/** Takes `count` from the budget that lists and programs share. */
export function spendEntries(count: u32): bool {
  if (count > entriesLeft) return false;
  entriesLeft -= count;
  return true;
}
