/**
 * Path classes: two paths that match the same templates are one class, so that the decision key stays small and exact.
 *
 *   PathClass block:  | id | count | candidates | hash | pattern indexes, rising (u32 each) |
 *   path cache slot:  | class address | length | path bytes, 112 at most | hash |
 */
import { NONE, PATH_SEGMENTS_MAX, PathEdge, PathNode, PathPattern } from '../layout';
import { blockAlloc, blockFree } from '../memory/block';
import { equalBytes, hash32 } from '../memory/bytes';
import { Bundle, listEntry } from './bundle';
import { findEdge } from './hash-tables';

/** Slots of the path cache; one path a slot, so eviction is one overwrite. */
export const PATH_CACHE_SLOTS: u32 = 1024;
/** Bytes of a path cache slot. */
export const PATH_SLOT_BYTES: u32 = 128;
/** Slots of the class table; at three quarters the table starts anew. */
export const PATH_CLASS_SLOTS: u32 = 1024;

const SLOT_PATH_MAX: u32 = 112;
const ACTIVE_MAX: u32 = 256;
const MATCHES_MAX: u32 = 1024;


@unmanaged
export class PathClass {
  /** Part of the decision key; never 0, never used twice between two resets. */
  id: u32;
  count: u32;
  /** Rules that the patterns name, counted with repetition. */
  candidates: u32;
  hash: u32;
}

/** Head of the class table. */
@unmanaged
export class PathClassTable {
  used: u32;
  lastId: u32;
}

/** Bytes of the class table of a bundle. */
export const PATH_CLASS_TABLE_BYTES: usize =
  offsetof<PathClassTable>() + <usize>PATH_CLASS_SLOTS * sizeof<usize>();

const activeNow: usize = memory.data(1024);
const activeNext: usize = memory.data(1024);
const matched: usize = memory.data(4096);

/** Whether the last `classifyPath` gave 0 because of the path, not for want of room. */
export let isPathTooLong: bool = false;

/** Whether the last `classifyPath` had to forget every class, and with it every cached decision. */
export let pathClassesWereReset: bool = false;

/**
 * Class of a path (without query, normal form), or 0 when there is no room or the path cannot be classified: the
 * caller denies. Linear in the path; templates that branch widely are cut at 256 active positions.
 */
export function classifyPath(bundle: Bundle, path: usize, pathLen: u32): usize {
  pathClassesWereReset = false;
  isPathTooLong = false;
  const hash = hash32(path, pathLen);
  const slot = bundle.paths + <usize>(hash & (PATH_CACHE_SLOTS - 1)) * PATH_SLOT_BYTES;
  const isCacheable = pathLen <= SLOT_PATH_MAX;
  if (isCacheable && load<u32>(slot) != 0 && load<u32>(slot, 120) == hash) {
    if (equalBytes(slot + 8, load<u32>(slot, 4), path, pathLen)) return load<u32>(slot);
  }
  const count = matchPatterns(bundle, path, pathLen);
  isPathTooLong = count == NONE;
  if (isPathTooLong) return 0;
  const pathClass = internClass(bundle, count);
  if (pathClass == 0) return 0;
  if (isCacheable) {
    store<u32>(slot, <u32>pathClass);
    store<u32>(slot, pathLen, 4);
    memory.copy(slot + 8, path, pathLen);
    store<u32>(slot, hash, 120);
  }
  return pathClass;
}

/** Whether `pattern` is among the class's templates. */
export function hasPattern(pathClass: usize, pattern: u32): bool {
  const entries = pathClass + offsetof<PathClass>();
  let low: u32 = 0;
  let high = changetype<PathClass>(pathClass).count;
  while (low < high) {
    const mid = (low + high) >> 1;
    const entry = load<u32>(entries + ((<usize>mid) << 2));
    if (entry == pattern) return true;
    if (entry < pattern) low = mid + 1;
    else high = mid;
  }
  return false;
}

/** Frees every class of a bundle and empties its path cache. */
export function resetPathClasses(bundle: Bundle): void {
  const slots = bundle.pathClasses + offsetof<PathClassTable>();
  for (let i: u32 = 0; i < PATH_CLASS_SLOTS; i++) {
    const slot = slots + <usize>i * sizeof<usize>();
    if (load<usize>(slot) != 0) blockFree(load<usize>(slot));
    store<usize>(slot, 0);
  }
  changetype<PathClassTable>(bundle.pathClasses).used = 0;
  memory.fill(bundle.paths, 0, <usize>PATH_CACHE_SLOTS * PATH_SLOT_BYTES);
}

/** Fills `matched` with the sorted, distinct patterns of a path. Returns their number, or NONE. */
function matchPatterns(bundle: Bundle, path: usize, pathLen: u32): u32 {
  if (pathLen == 0 || load<u8>(path) != 0x2f) return 0;
  store<u32>(activeNow, 0);
  let active: u32 = 1;
  let found: u32 = 0;
  let segments: u32 = 0;
  let start: u32 = 1;
  for (;;) {
    found = addTails(bundle, active, found);
    if (found == NONE) return NONE;
    let end = start;
    while (end < pathLen && load<u8>(path + end) != 0x2f) end += 1;
    segments += 1;
    if (segments > PATH_SEGMENTS_MAX) return NONE;
    active = step(bundle, active, path + start, end - start);
    if (active == NONE) return NONE;
    if (end == pathLen) break;
    start = end + 1;
  }
  found = addTails(bundle, active, found);
  if (found == NONE) return NONE;
  found = addEnds(bundle, active, found);
  return found == NONE ? NONE : sortDistinct(found);
}

/** Moves every active node over one segment; the next set replaces the current one. */
function step(bundle: Bundle, active: u32, segment: usize, segmentLen: u32): u32 {
  let next: u32 = 0;
  for (let i: u32 = 0; i < active; i++) {
    const node = load<u32>(activeNow + ((<usize>i) << 2));
    const edge = findEdge(
      bundle.edges,
      bundle.edgeSlots,
      bundle.strings,
      node,
      segment,
      segmentLen,
    );
    if (edge != 0) {
      if (next == ACTIVE_MAX) return NONE;
      store<u32>(activeNext + ((<usize>next) << 2), load<u32>(edge, PathEdge.child));
      next += 1;
    }
    const any = load<u32>(bundle.nodes + <usize>node * PathNode.SIZE, PathNode.anyChild);
    if (any != NONE && segmentLen != 0) {
      if (next == ACTIVE_MAX) return NONE;
      store<u32>(activeNext + ((<usize>next) << 2), any);
      next += 1;
    }
  }
  memory.copy(activeNow, activeNext, (<usize>next) << 2);
  return next;
}

function addTails(bundle: Bundle, active: u32, found: u32): u32 {
  for (let i: u32 = 0; i < active && found != NONE; i++) {
    const node = bundle.nodes + <usize>load<u32>(activeNow + ((<usize>i) << 2)) * PathNode.SIZE;
    found = addList(
      bundle,
      load<u32>(node, PathNode.tailStart),
      load<u32>(node, PathNode.tailCount),
      found,
    );
  }
  return found;
}

function addEnds(bundle: Bundle, active: u32, found: u32): u32 {
  for (let i: u32 = 0; i < active && found != NONE; i++) {
    const node = bundle.nodes + <usize>load<u32>(activeNow + ((<usize>i) << 2)) * PathNode.SIZE;
    found = addList(
      bundle,
      load<u32>(node, PathNode.endStart),
      load<u32>(node, PathNode.endCount),
      found,
    );
  }
  return found;
}

function addList(bundle: Bundle, start: u32, count: u32, found: u32): u32 {
  if (count > MATCHES_MAX - found) return NONE;
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(matched + ((<usize>(found + i)) << 2), listEntry(bundle, start + i));
  }
  return found + count;
}

/** Insertion sort: a path matches a handful of templates. Bounded by MATCHES_MAX. */
function sortDistinct(count: u32): u32 {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const value = load<u32>(matched + ((<usize>i) << 2));
    let at = kept;
    while (at > 0 && load<u32>(matched + ((<usize>(at - 1)) << 2)) > value) at -= 1;
    if (at > 0 && load<u32>(matched + ((<usize>(at - 1)) << 2)) == value) continue;
    const place = matched + ((<usize>at) << 2);
    memory.copy(place + 4, place, (<usize>(kept - at)) << 2);
    store<u32>(place, value);
    kept += 1;
  }
  return kept;
}

/** Finds or makes the class of the first `count` entries of `matched`. */
function internClass(bundle: Bundle, count: u32): usize {
  const table = changetype<PathClassTable>(bundle.pathClasses);
  const slots = bundle.pathClasses + offsetof<PathClassTable>();
  const bytes = (<usize>count) << 2;
  const hash = hash32(matched, <u32>bytes);
  let index = hash & (PATH_CLASS_SLOTS - 1);
  for (;;) {
    const known = load<usize>(slots + <usize>index * sizeof<usize>());
    if (known == 0) break;
    const other = changetype<PathClass>(known);
    const entries = known + offsetof<PathClass>();
    if (
      other.hash == hash &&
      other.count == count &&
      memory.compare(entries, matched, bytes) == 0
    ) {
      return known;
    }
    index = (index + 1) & (PATH_CLASS_SLOTS - 1);
  }
  if (table.used >= (PATH_CLASS_SLOTS >> 2) * 3) {
    resetPathClasses(bundle);
    pathClassesWereReset = true;
    index = hash & (PATH_CLASS_SLOTS - 1);
  }
  const block = blockAlloc(offsetof<PathClass>() + bytes);
  if (block == 0) return 0;
  const made = changetype<PathClass>(block);
  table.lastId += 1;
  made.id = table.lastId;
  made.count = count;
  made.hash = hash;
  made.candidates = countCandidates(bundle, count);
  memory.copy(block + offsetof<PathClass>(), matched, bytes);
  store<usize>(slots + <usize>index * sizeof<usize>(), block);
  table.used += 1;
  return block;
}

function countCandidates(bundle: Bundle, count: u32): u32 {
  let total: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const pattern =
      bundle.patterns + <usize>load<u32>(matched + ((<usize>i) << 2)) * PathPattern.SIZE;
    total += load<u32>(pattern, PathPattern.ruleCount);
  }
  return total;
}
