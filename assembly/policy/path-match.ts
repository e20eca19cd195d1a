/** Which path templates of a bundle match a path: one walk through the segment trie, and one look at the path's end. */
import { CHILD_LEAF, NONE, PATH_SEGMENTS_MAX, PathAffix, PathEdge, PathNode } from '../layout';
import { HASH32_START, hash32, hash32Add, hash32End } from '../memory/bytes';
import { Bundle, listEntry } from './bundle';
import { findOwned } from './hash-tables';
import { dropRepeated, sortRising } from './sorted-entries';

const ACTIVE_MAX: u32 = 256;
const MATCHES_MAX: u32 = 1024;

const firstNodes: usize = memory.data(1024);
const secondNodes: usize = memory.data(1024);
/** Patterns that the last `matchPatterns` found, rising, u32 each. */
export const matchedPatterns: usize = memory.data(4096);

/** Trie nodes that the segments so far lead to. */
let nodes: usize = firstNodes;
let nodeCount: u32 = 0;
let nextNodes: usize = secondNodes;
let nextCount: u32 = 0;
let found: u32 = 0;

/**
 * Fills `matchedPatterns` for a path without query in normal form. Returns their number, or NONE when the path has too
 * many segments or matches more than can be told apart: 256 trie nodes at once, or 1,024 patterns. Linear in the path for
 * each node that is reached.
 */
export function matchPatterns(bundle: Bundle, path: usize, pathLen: u32): u32 {
  found = 0;
  if (pathLen == 0 || load<u8>(path) != 0x2f) return 0;
  nodes = firstNodes;
  store<u32>(nodes, 0);
  nodeCount = 1;
  let start: u32 = 1;
  for (let segments: u32 = 1; ; segments++) {
    if (segments > PATH_SEGMENTS_MAX) return NONE;
    // A slash stands in front of `start`: tails and prefixes may begin here.
    if (!addTails(bundle) || !addPrefixes(bundle, path + start, pathLen - start)) return NONE;
    let end = start;
    while (end < pathLen && load<u8>(path + end) != 0x2f) end += 1;
    if (!step(bundle, path + start, end - start, end == pathLen)) return NONE;
    if (end == pathLen) break;
    start = end + 1;
  }
  if (!addTails(bundle) || !addEnds(bundle) || !addSuffixes(bundle, path, pathLen)) return NONE;
  sortRising(matchedPatterns, found);
  return dropRepeated(matchedPatterns, found);
}

/** Moves every node over one segment. False when there are too many nodes or patterns then. */
function step(bundle: Bundle, segment: usize, segmentLen: u32, isLast: bool): bool {
  nextNodes = nodes == firstNodes ? secondNodes : firstNodes;
  nextCount = 0;
  const hash = nodeCount == 0 ? 0 : hash32(segment, segmentLen);
  for (let i: u32 = 0; i < nodeCount; i++) {
    const node = load<u32>(nodes + ((<usize>i) << 2));
    const edge = findOwned(
      bundle.edgeSlots,
      bundle.edgeSlotCount,
      bundle.edges,
      bundle.strings,
      hash,
      node,
      segment,
      segmentLen,
    );
    if (edge != 0 && !reach(load<u32>(edge, PathEdge.child), isLast)) return false;
    const any = load<u32>(bundle.nodes + <usize>node * PathNode.SIZE, PathNode.anyChild);
    if (any != NONE && segmentLen != 0 && !reach(any, isLast)) return false;
  }
  nodes = nextNodes;
  nodeCount = nextCount;
  return true;
}

/** A leaf is a pattern that ends with this segment: it matches when the path does, too. */
function reach(child: u32, isLast: bool): bool {
  if ((child & CHILD_LEAF) != 0) return !isLast || add(child & ~CHILD_LEAF);
  if (nextCount == ACTIVE_MAX) return false;
  store<u32>(nextNodes + ((<usize>nextCount) << 2), child);
  nextCount += 1;
  return true;
}

function addTails(bundle: Bundle): bool {
  for (let i: u32 = 0; i < nodeCount; i++) {
    if (!add(load<u32>(nodePtr(bundle, i), PathNode.tail))) return false;
  }
  return true;
}

function addEnds(bundle: Bundle): bool {
  for (let i: u32 = 0; i < nodeCount; i++) {
    if (!add(load<u32>(nodePtr(bundle, i), PathNode.end))) return false;
  }
  return true;
}

/** Looks up the rest of the path, cut to each length of a node in turn; lengths rise, so the hash only goes on. */
function addPrefixes(bundle: Bundle, rest: usize, restLen: u32): bool {
  for (let i: u32 = 0; i < nodeCount; i++) {
    const node = nodePtr(bundle, i);
    const prefixes = load<u32>(node, PathNode.prefixes);
    if (prefixes == NONE) continue;
    const start = prefixes + 1;
    const end = start + listEntry(bundle, prefixes);
    let state = HASH32_START;
    let at: u32 = 0;
    for (let entry = start; entry < end; entry++) {
      const len = listEntry(bundle, entry);
      if (len > restLen) break;
      state = hash32Add(state, rest + at, len - at);
      at = len;
      const owner = load<u32>(nodes + ((<usize>i) << 2));
      if (!addAffix(bundle, hash32End(state), owner, rest, len)) return false;
    }
  }
  return true;
}

function addSuffixes(bundle: Bundle, path: usize, pathLen: u32): bool {
  const start = bundle.suffixLengthStart;
  const end = start + bundle.suffixLengthCount;
  for (let entry = start; entry < end; entry++) {
    const len = listEntry(bundle, entry);
    if (len > pathLen) break;
    const suffix = path + (pathLen - len);
    if (!addAffix(bundle, hash32(suffix, len), NONE, suffix, len)) return false;
  }
  return true;
}

function addAffix(bundle: Bundle, hash: u32, owner: u32, text: usize, len: u32): bool {
  const affix = findOwned(
    bundle.affixSlots,
    bundle.affixSlotCount,
    bundle.affixes,
    bundle.strings,
    hash,
    owner,
    text,
    len,
  );
  return affix == 0 || add(load<u32>(affix, PathAffix.pattern));
}

/** Takes a pattern; NONE is none. False when there is no room. */
function add(pattern: u32): bool {
  if (pattern == NONE) return true;
  if (found == MATCHES_MAX) return false;
  store<u32>(matchedPatterns + ((<usize>found) << 2), pattern);
  found += 1;
  return true;
}

function nodePtr(bundle: Bundle, index: u32): usize {
  return bundle.nodes + <usize>load<u32>(nodes + ((<usize>index) << 2)) * PathNode.SIZE;
}
