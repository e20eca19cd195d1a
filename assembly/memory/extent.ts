/**
 * Page-aligned extents outside the AssemblyScript heap, for everything that is big: memory.grow is checked, so no room is
 * an answer and never a trap.
 *
 * A free extent keeps its own list node in its first bytes, the list rises by address:
 *   0  u32  next free extent, 0 at the end
 *   4  u32  pages of this one
 * A taken extent has its page count in PAGE_COUNTS, so that its whole memory belongs to the caller.
 */

const PAGE_SHIFT: u32 = 16;
const PAGE_BYTES: usize = 65536;
/** Pages that the memory may have, as asconfig.json says; memory.grow says no beyond it anyway. */
const TABLE_PAGES: usize = 4096;
/** u16 per page: pages of the taken extent that starts there, 0 elsewhere. */
const PAGE_COUNTS: usize = memory.data(8192, 8);

/** From this size on an extent leaves HEADROOM_PAGES alone: a big bundle is refused before streams run out of room. */
const BIG_PAGES: usize = 16;
/** 16 MiB: hosts write header pairs without looking at a failed allocation, so small ones should not fail. */
const HEADROOM_PAGES: usize = 256;

let freeHead: usize = 0;
let takenPages: u32 = 0;

/** Takes at least `size` bytes, page-aligned, contents undefined; 0 when there is no room. First fit by address. */
export function extentAlloc(size: usize): usize {
  if (size == 0 || size > TABLE_PAGES << PAGE_SHIFT) return 0;
  const pages = (size + PAGE_BYTES - 1) >> PAGE_SHIFT;
  if (pages >= BIG_PAGES && <usize>takenPages + pages > TABLE_PAGES - HEADROOM_PAGES) return 0;
  let ptr = takeFree(pages);
  if (ptr == 0) {
    if (!growFor(pages)) return 0;
    ptr = takeFree(pages);
    if (ptr == 0) return 0;
  }
  store<u16>(PAGE_COUNTS + ((ptr >> PAGE_SHIFT) << 1), <u16>pages);
  takenPages += <u32>pages;
  return ptr;
}

/** Gives an extent back; 0 and pointers that no extent starts at are ignored. */
export function extentFree(ptr: usize): void {
  const pages = extentPages(ptr);
  if (pages == 0) return;
  store<u16>(PAGE_COUNTS + ((ptr >> PAGE_SHIFT) << 1), 0);
  takenPages -= pages;
  insertFree(ptr, pages);
}

/** Pages of the taken extent that starts at `ptr`, 0 when none does. */
export function extentPages(ptr: usize): u32 {
  const page = ptr >> PAGE_SHIFT;
  if (ptr & (PAGE_BYTES - 1) || page >= TABLE_PAGES) return 0;
  return load<u16>(PAGE_COUNTS + (page << 1));
}

/** Pages (64 KiB each) in taken extents. */
export function extentTakenPages(): u32 {
  return takenPages;
}

/** Unlinks the first free extent with room and gives its tail back; 0 when there is none. */
function takeFree(pages: usize): usize {
  let previous: usize = 0;
  let extent = freeHead;
  while (extent != 0) {
    const have = <usize>load<u32>(extent, 4);
    if (have >= pages) {
      let next = <usize>load<u32>(extent);
      if (have > pages) {
        const rest = extent + (pages << PAGE_SHIFT);
        store<u32>(rest, <u32>next);
        store<u32>(rest, <u32>(have - pages), 4);
        next = rest;
      }
      if (previous == 0) freeHead = next;
      else store<u32>(previous, <u32>next);
      return extent;
    }
    previous = extent;
    extent = <usize>load<u32>(extent);
  }
  return 0;
}

/** Grows the memory until a free extent at its end has `pages`; false when the maximum is in the way. */
function growFor(pages: usize): bool {
  const before = <usize>memory.size();
  let missing = pages;
  const last = lastFree();
  if (last != 0) {
    const lastPages = <usize>load<u32>(last, 4);
    if ((last >> PAGE_SHIFT) + lastPages == before && lastPages < pages) missing -= lastPages;
  }
  if (before + missing > TABLE_PAGES || memory.grow(<i32>missing) < 0) return false;
  insertFree(before << PAGE_SHIFT, <u32>missing);
  return true;
}

/** The free extent with the highest address, 0 when there is none. */
function lastFree(): usize {
  let extent = freeHead;
  if (extent == 0) return 0;
  for (let next = <usize>load<u32>(extent); next != 0; next = <usize>load<u32>(extent))
    extent = next;
  return extent;
}

/** Links an extent in by address and joins it with free neighbours. */
function insertFree(ptr: usize, pages: u32): void {
  let previous: usize = 0;
  let next = freeHead;
  while (next != 0 && next < ptr) {
    previous = next;
    next = <usize>load<u32>(next);
  }
  if (next != 0 && ptr + ((<usize>pages) << PAGE_SHIFT) == next) {
    pages += load<u32>(next, 4);
    next = <usize>load<u32>(next);
  }
  if (previous != 0) {
    const previousPages = load<u32>(previous, 4);
    if (previous + ((<usize>previousPages) << PAGE_SHIFT) == ptr) {
      store<u32>(previous, <u32>next);
      store<u32>(previous, previousPages + pages, 4);
      return;
    }
    store<u32>(previous, <u32>ptr);
  } else {
    freeHead = ptr;
  }
  store<u32>(ptr, <u32>next);
  store<u32>(ptr, pages, 4);
}
