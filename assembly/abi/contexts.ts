/**
 * Contexts by id: an open-addressing table with linear probing, at most half full, grown by doubling. Entries of 16 bytes:
 *   0  u32  context id, 0 in an empty entry (the host counts from 1)
 *   4  u32  the owner's pointer
 *   8  u32  1 once the stream had its terminal host call
 */
import { blockAlloc, blockFree } from '../memory/block';

const ENTRIES_FIRST: u32 = 1024;
/** With half a million contexts alive the next one is refused. */
const ENTRIES_MAX: u32 = 1 << 20;

let table: usize = 0;
let entries: u32 = 0;
let count: u32 = 0;

/** Remembers a context; false when there is no room, it is there already, or `id` or `value` is 0. */
export function contextInsert(id: u32, value: usize): bool {
  if (id == 0 || value == 0) return false;
  if (count << 1 >= entries && !grow()) return false;
  const entry = locate(id);
  if (load<u32>(entry) == id) return false;
  store<u32>(entry, id);
  store<u32>(entry, <u32>value, 4);
  store<u32>(entry, 0, 8);
  count++;
  return true;
}

/** The pointer that was remembered; 0 when the context is unknown. */
export function contextFind(id: u32): usize {
  if (count == 0 || id == 0) return 0;
  const entry = locate(id);
  return load<u32>(entry) == id ? <usize>load<u32>(entry, 4) : 0;
}

/** Forgets a context; the pointer that was remembered, 0 when it is unknown. */
export function contextRemove(id: u32): usize {
  if (count == 0 || id == 0) return 0;
  let hole = locate(id);
  if (load<u32>(hole) != id) return 0;
  const value = <usize>load<u32>(hole, 4);
  const mask = entries - 1;
  // Later entries of the same run move up, so that no search stops at the hole and no tombstones pile up.
  let at = <u32>((hole - table) >> 4);
  for (;;) {
    at = (at + 1) & mask;
    const entry = table + ((<usize>at) << 4);
    const held = load<u32>(entry);
    if (held == 0) break;
    const holeIndex = <u32>((hole - table) >> 4);
    if (((at - home(held)) & mask) >= ((at - holeIndex) & mask)) {
      memory.copy(hole, entry, 16);
      hole = entry;
    }
  }
  memory.fill(hole, 0, 16);
  count--;
  return value;
}

/** Uses up the one terminal call of a stream; false when it is unknown or had one. */
export function contextTerminate(id: u32): bool {
  if (count == 0 || id == 0) return false;
  const entry = locate(id);
  if (load<u32>(entry) != id || load<u32>(entry, 8) != 0) return false;
  store<u32>(entry, 1, 8);
  return true;
}

/** Whether a stream is unknown or had its terminal call. */
export function contextIsTerminated(id: u32): bool {
  if (count == 0 || id == 0) return true;
  const entry = locate(id);
  return load<u32>(entry) != id || load<u32>(entry, 8) != 0;
}

/** Contexts that are remembered. */
export function contextCount(): u32 {
  return count;
}

// @ts-ignore: decorator
@inline
function home(id: u32): u32 {
  const mixed = id * 0x9e3779b1;
  return (mixed ^ (mixed >> 15)) & (entries - 1);
}

/** The entry of `id`, or the empty one where it belongs. */
function locate(id: u32): usize {
  const mask = entries - 1;
  let at = home(id);
  let entry = table + ((<usize>at) << 4);
  for (let held = load<u32>(entry); held != id && held != 0; held = load<u32>(entry)) {
    at = (at + 1) & mask;
    entry = table + ((<usize>at) << 4);
  }
  return entry;
}

function grow(): bool {
  const wider = entries == 0 ? ENTRIES_FIRST : entries << 1;
  if (wider > ENTRIES_MAX) return false;
  const moved = blockAlloc((<usize>wider) << 4);
  if (moved == 0) return false;
  memory.fill(moved, 0, (<usize>wider) << 4);
  const old = table;
  const oldEnd = old + ((<usize>entries) << 4);
  table = moved;
  entries = wider;
  for (let entry = old; entry < oldEnd; entry += 16) {
    const id = load<u32>(entry);
    if (id != 0) memory.copy(locate(id), entry, 16);
  }
  blockFree(old);
  return true;
}
