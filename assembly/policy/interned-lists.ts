/**
 * Lists of numbers that are kept once: equal lists are one block, so that its id stands for the whole list in a decision key.
 *
 *   list:  | InternedList | entries (u32 each) |
 *   table: | used | last id | slots (address of a list, or 0) |
 */
import { blockAlloc, blockFree } from '../memory/block';
import { cacheHash, equalBytes } from '../memory/bytes';

/** Slots of a table; at three quarters it starts anew. */
const SLOTS: u32 = 1024;
const LISTS_MAX: u32 = 768;

/** Head of a list; its entries follow. */
@unmanaged
export class InternedList {
  /** Part of the decision key; never 0, never used twice between two resets. */
  id: u32;
  count: u32;
  hash: u32;
  /** For whoever made the list; 0 at first. */
  note: u32;
}


@unmanaged
class Table {
  used: u32;
  lastId: u32;
}

/** Bytes of a table, zero at first. */
export const INTERNED_TABLE_BYTES: usize = offsetof<Table>() + <usize>SLOTS * sizeof<usize>();

/** Whether the last `internList` made a list, and not found it. */
export let wasListMade: bool = false;
/** Whether the last `internList` had to forget every list of the table, and with them what their ids stood for. */
export let wereListsReset: bool = false;

/** Finds or makes the list of these entries; compared in full. 0 when there is no room. */
export function internList(table: usize, entries: usize, count: u32): usize {
  wasListMade = false;
  wereListsReset = false;
  const bytes = count << 2;
  const hash = cacheHash(entries, bytes);
  let slot = slotPtr(table, hash);
  // INVARIANT: a quarter of the slots is empty.
  for (let index = hash; load<usize>(slot) != 0; slot = slotPtr(table, index)) {
    const known = load<usize>(slot);
    const list = changetype<InternedList>(known);
    if (list.hash == hash && equalBytes(listEntries(known), list.count << 2, entries, bytes)) {
      return known;
    }
    index += 1;
  }
  const head = changetype<Table>(table);
  if (head.used == LISTS_MAX) {
    dropLists(table);
    wereListsReset = true;
    slot = slotPtr(table, hash);
  }
  const block = blockAlloc(offsetof<InternedList>() + <usize>bytes);
  if (block == 0) return 0;
  head.lastId += 1;
  head.used += 1;
  const made = changetype<InternedList>(block);
  made.id = head.lastId;
  made.count = count;
  made.hash = hash;
  made.note = 0;
  memory.copy(listEntries(block), entries, bytes);
  store<usize>(slot, block);
  wasListMade = true;
  return block;
}

/** Frees every list of a table. */
export function dropLists(table: usize): void {
  for (let i: u32 = 0; i < SLOTS; i++) {
    const slot = slotPtr(table, i);
    if (load<usize>(slot) != 0) blockFree(load<usize>(slot));
    store<usize>(slot, 0);
  }
  changetype<Table>(table).used = 0;
}

/** Address of the first entry of a list. */
// @ts-ignore: decorator
@inline
export function listEntries(list: usize): usize {
  return list + offsetof<InternedList>();
}

// @ts-ignore: decorator
@inline
function slotPtr(table: usize, index: u32): usize {
  return table + offsetof<Table>() + <usize>(index & (SLOTS - 1)) * sizeof<usize>();
}
