/** Small checks that the validators of bundles and states are made of. */
import { Refusal, refuse } from './refusal';

/** List entries that one validation may look at: keeps overlapping spans from making it quadratic. */
const ENTRY_BUDGET: u32 = 1 << 26;

let entriesLeft: u32 = 0;

/** Starts one validation. */
export function resetEntryBudget(): void {
  entriesLeft = ENTRY_BUDGET;
}

/** Whether start..start+count lies in 0..total, without wrapping. */
export function isSpan(start: u32, count: u32, total: u32): bool {
  return count <= total && start <= total - count;
}

/** Whether the `str` field lies inside a strings section of `stringsLen` bytes. */
export function isString(field: usize, stringsLen: u32): bool {
  return isSpan(load<u32>(field), load<u32>(field, 4), stringsLen);
}

/** Checks a span of the Lists section whose entries index a section of `limit` records. */
export function checkList(
  lists: usize,
  listCount: u32,
  start: u32,
  count: u32,
  limit: u32,
  section: u32,
  record: u32,
): Refusal {
  if (!isSpan(start, count, listCount)) return refuse(Refusal.ListSpan, section, record);
  if (count > entriesLeft) return refuse(Refusal.Entangled, section, record);
  entriesLeft -= count;
  for (let i = start; i < start + count; i++) {
    if (load<u32>(lists + ((<usize>i) << 2)) >= limit) {
      return refuse(Refusal.ListEntry, section, record);
    }
  }
  return Refusal.None;
}

/** Takes `count` from the budget that lists and programs share. */
export function spendEntries(count: u32): bool {
  if (count > entriesLeft) return false;
  entriesLeft -= count;
  return true;
}
