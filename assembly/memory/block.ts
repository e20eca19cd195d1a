/**
 * Blocks of any size for what outlives a callback: size classes carved out of one-page extents, extents above that. The
 * AssemblyScript heap is never used, because it traps when it cannot grow.
 *
 * A page of a class starts with
 *    0  u32  class
 *    4  u32  blocks in use
 *    8  u32  first freed block, 0 for none; a freed block holds the next one in its first word
 *   12  u32  where the part begins that was never handed out
 *   16  u32  next page of the class with room, 0 at the end
 *   20  u32  previous one
 * and is freed when its last block is, unless it is the only one of its class with room.
 */
import { extentAlloc, extentFree, extentPages, extentTakenPages } from './extent';

const PAGE_BYTES: usize = 65536;
const PAGE_HEADER: usize = 32;
/** Sizes of the classes: fine steps, then the fractions of a page that waste least. */
const CLASS_SIZES = memory.data<u16>([
  16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024,
  1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5024, 6544, 8176, 10912, 13088, 16368, 21824,
  32752,
]);
const CLASS_COUNT: u32 = 36;
const CLASS_BYTES_MAX: usize = 32752;
/** u8 per 16 bytes of size: the class that serves it. */
const CLASS_OF: usize = buildClassTable(memory.data(2048, 8));
/** u32 per class: the pages that have room. */
const PAGES_WITH_ROOM: usize = memory.data(36 * 4, 8);

/** Takes `size` bytes, aligned to 16, contents undefined; 0 when there is no room. */
export function blockAlloc(size: usize): usize {
  if (size > CLASS_BYTES_MAX) return extentAlloc(size);
  const cls = <u32>load<u8>(CLASS_OF + ((size + 15) >> 4));
  let page = <usize>load<u32>(PAGES_WITH_ROOM + ((<usize>cls) << 2));
  if (page == 0) {
    page = openPage(cls);
    if (page == 0) return 0;
  }
  const blockBytes = classSize(cls);
  let block = <usize>load<u32>(page, 8);
  if (block != 0) {
    store<u32>(page, load<u32>(block), 8);
  } else {
    block = <usize>load<u32>(page, 12);
    store<u32>(page, <u32>(block + blockBytes), 12);
  }
  store<u32>(page, load<u32>(page, 4) + 1, 4);
  if (!hasRoom(page, blockBytes)) unlinkPage(cls, page);
  return block;
}

/** Gives a block back; 0 is ignored. INVARIANT: `ptr` came from blockAlloc, or claimBlock, and was not freed since. */
export function blockFree(ptr: usize): void {
  if (ptr == 0) return;
  if ((ptr & (PAGE_BYTES - 1)) == 0) {
    extentFree(ptr);
    return;
  }
  const page = ptr & ~(PAGE_BYTES - 1);
  const cls = load<u32>(page);
  const wasFull = !hasRoom(page, classSize(cls));
  store<u32>(ptr, load<u32>(page, 8));
  store<u32>(page, <u32>ptr, 8);
  const used = load<u32>(page, 4) - 1;
  store<u32>(page, used, 4);
  if (wasFull) linkPage(cls, page);
  if (used == 0 && hasSibling(cls, page)) {
    unlinkPage(cls, page);
    extentFree(page);
  }
}

/** Bytes that may be used of a taken block, at least what was asked for. */
export function blockSize(ptr: usize): usize {
  if ((ptr & (PAGE_BYTES - 1)) == 0) return (<usize>extentPages(ptr)) << 16;
  return classSize(load<u32>(ptr & ~(PAGE_BYTES - 1)));
}

/** Bytes that blocks and extents hold at the moment, whole pages. */
export function blockBytesHeld(): usize {
  return (<usize>extentTakenPages()) << 16;
}

// @ts-ignore: decorator
@inline
function classSize(cls: u32): usize {
  return <usize>load<u16>(CLASS_SIZES + ((<usize>cls) << 1));
}

// @ts-ignore: decorator
@inline
function hasRoom(page: usize, blockBytes: usize): bool {
  return load<u32>(page, 8) != 0 || <usize>load<u32>(page, 12) + blockBytes <= page + PAGE_BYTES;
}

function hasSibling(cls: u32, page: usize): bool {
  return (
    <usize>load<u32>(PAGES_WITH_ROOM + ((<usize>cls) << 2)) != page || load<u32>(page, 16) != 0
  );
}

function openPage(cls: u32): usize {
  const page = extentAlloc(PAGE_BYTES);
  if (page == 0) return 0;
  store<u32>(page, cls);
  store<u32>(page, 0, 4);
  store<u32>(page, 0, 8);
  store<u32>(page, <u32>(page + PAGE_HEADER), 12);
  linkPage(cls, page);
  return page;
}

function linkPage(cls: u32, page: usize): void {
  const slot = PAGES_WITH_ROOM + ((<usize>cls) << 2);
  const head = load<u32>(slot);
  store<u32>(page, head, 16);
  store<u32>(page, 0, 20);
  if (head != 0) store<u32>(<usize>head, <u32>page, 20);
  store<u32>(slot, <u32>page);
}

function unlinkPage(cls: u32, page: usize): void {
  const next = load<u32>(page, 16);
  const previous = load<u32>(page, 20);
  if (previous != 0) store<u32>(<usize>previous, next, 16);
  else store<u32>(PAGES_WITH_ROOM + ((<usize>cls) << 2), next);
  if (next != 0) store<u32>(<usize>next, previous, 20);
}

function buildClassTable(table: usize): usize {
  let cls: u32 = 0;
  for (let step: usize = 0; step < 2048; step++) {
    while (cls < CLASS_COUNT - 1 && classSize(cls) < step << 4) cls++;
    store<u8>(table + step, <u8>cls);
  }
  return table;
}
