/**
 * Path classes: two paths that match the same templates are one class, so that the decision key stays small and exact.
 * A class is an InternedList of pattern indexes, rising; its note is the number of rules that the patterns name.
 *
 *   slot of the path cache:  | class address | length | hash | path as it came, 112 bytes at most |
 */
import { NONE, PathPattern } from '../layout';
import { cacheHash, copyShort, equalBytes } from '../memory/bytes';
import { Bundle } from './bundle';
import {
  InternedList,
  dropLists,
  internList,
  listEntries,
  wasListMade,
  wereListsReset,
} from './interned-lists';
import { matchPatterns, matchedPatterns } from './path-match';
import { hasEntry } from './sorted-entries';

/** Slots of the path cache; one path a slot, so eviction is one overwrite. */
export const PATH_CACHE_SLOTS: u32 = 1024;
/** Bytes of a path cache slot. */
export const PATH_SLOT_BYTES: u32 = 128;

const SLOT_PATH_MAX: u32 = 112;
const SLOT_PATH: usize = 16;

/** Whether the last `classifyPath` gave 0 because of the path, not for want of room. */
export let isPathTooLong: bool = false;

/** Whether the last `classifyPath` had to forget every class, and with it every cached decision. */
export let pathClassesWereReset: bool = false;

let rawHash: u32 = 0;

/** Class of a path that was remembered under these very bytes, as they came, without query; else 0. */
export function knownPathClass(bundle: Bundle, raw: usize, rawLen: u32): usize {
  rawHash = cacheHash(raw, rawLen);
  const slot = slotPtr(bundle);
  const isSame =
    load<u32>(slot, 8) == rawHash && equalBytes(slot + SLOT_PATH, load<u32>(slot, 4), raw, rawLen);
  return isSame ? <usize>load<u32>(slot) : 0;
}

/**
 * Class of a path in normal form, which came as the raw bytes of the last `knownPathClass` and is remembered under them.
 * 0 when there is no room or the path cannot be classified: the caller denies.
 */
export function classifyPath(
  bundle: Bundle,
  path: usize,
  pathLen: u32,
  raw: usize,
  rawLen: u32,
): usize {
  pathClassesWereReset = false;
  const count = matchPatterns(bundle, path, pathLen);
  isPathTooLong = count == NONE;
  if (isPathTooLong) return 0;
  const pathClass = internList(bundle.pathClasses, matchedPatterns, count);
  if (wereListsReset) {
    pathClassesWereReset = true;
    forgetPaths(bundle);
  }
  if (pathClass == 0) return 0;
  if (wasListMade) changetype<InternedList>(pathClass).note = countCandidates(bundle, count);
  if (rawLen <= SLOT_PATH_MAX) {
    const slot = slotPtr(bundle);
    store<u32>(slot, <u32>pathClass);
    store<u32>(slot, rawLen, 4);
    store<u32>(slot, rawHash, 8);
    copyShort(slot + SLOT_PATH, raw, rawLen);
  }
  return pathClass;
}

/** Whether `pattern` is among the class's templates. */
export function hasPattern(pathClass: usize, pattern: u32): bool {
  return hasEntry(listEntries(pathClass), changetype<InternedList>(pathClass).count, pattern);
}

/** Frees every class of a bundle and empties its path cache. */
export function dropPathClasses(bundle: Bundle): void {
  dropLists(bundle.pathClasses);
  forgetPaths(bundle);
}

function forgetPaths(bundle: Bundle): void {
  memory.fill(bundle.paths, 0, <usize>PATH_CACHE_SLOTS * PATH_SLOT_BYTES);
}

function slotPtr(bundle: Bundle): usize {
  return bundle.paths + <usize>(rawHash & (PATH_CACHE_SLOTS - 1)) * PATH_SLOT_BYTES;
}

/** Counted with repetition. */
function countCandidates(bundle: Bundle, count: u32): u32 {
  let total: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const index = load<u32>(matchedPatterns + ((<usize>i) << 2));
    total += load<u32>(bundle.patterns + <usize>index * PathPattern.SIZE, PathPattern.ruleCount);
  }
  return total;
}
