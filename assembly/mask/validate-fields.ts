/**
 * Checks field paths and names of a mask blob: that they are in the order in which they are searched, and that the filter of
 * names lets all of them through.
 */
import { isFolded } from '../classify/names';
import {
  MaskEdge,
  MaskFlag,
  MaskHeader,
  MaskName,
  MaskNode,
  NAME_FILTER_BYTES,
  NameMode,
  StepKind,
} from '../layout';
import { compareLengthFirst } from '../memory/bytes';
import {
  KEY_LEN_MAX,
  isIndexOrNone,
  isRunInside,
  isTextAbsent,
  isTextInside,
  tableAt,
  tableCount,
  textAt,
  textLen,
} from './blob-bounds';
import { compareStep } from './edges';

/** Whether every node has its edges and its rule. INVARIANT: the edges are valid. */
export function areNodesValid(blob: usize): bool {
  const edges = tableCount(blob, MaskHeader.edgeOff);
  const rules = tableCount(blob, MaskHeader.ruleOff);
  let node = tableAt(blob, MaskHeader.nodeOff);
  // Nodes that share edges would have the same ones sorted again and again: their runs follow one another.
  let next: u32 = 0;
  for (let left = tableCount(blob, MaskHeader.nodeOff); left > 0; left--) {
    const start = load<u32>(node, MaskNode.edgeStart);
    const count = load<u32>(node, MaskNode.edgeCount);
    if (start != next || !isRunInside(start, count, edges)) return false;
    if (!areStepsRising(blob, start, count)) return false;
    if (load<u32>(node, MaskNode.kinds) != kindsOf(blob, start, count)) return false;
    next = start + count;
    if (!isIndexOrNone(load<u32>(node, MaskNode.rule), rules)) return false;
    node += MaskNode.SIZE;
  }
  return true;
}

/** A bit for each StepKind among a node's edges. */
function kindsOf(blob: usize, start: u32, count: u32): u32 {
  let edge = tableAt(blob, MaskHeader.edgeOff) + <usize>start * MaskEdge.SIZE;
  let kinds: u32 = 0;
  for (let left = count; left > 0; left--) {
    // INVARIANT: the edge is valid, and its kind below 32.
    kinds |= (<u32>1) << load<u32>(edge, MaskEdge.kind);
    edge += MaskEdge.SIZE;
  }
  return kinds;
}

/** Whether a node's edges are in their order, none of them twice. */
function areStepsRising(blob: usize, start: u32, count: u32): bool {
  let edge = tableAt(blob, MaskHeader.edgeOff) + <usize>start * MaskEdge.SIZE;
  for (let left = count; left > 1; left--) {
    const next = edge + MaskEdge.SIZE;
    const order = compareStep(
      blob,
      edge,
      load<u32>(next, MaskEdge.kind),
      load<u32>(next, MaskEdge.index),
      textAt(blob, next + MaskEdge.key),
      textLen(next + MaskEdge.key),
    );
    if (order > 0) return false;
    if (order == 0 && load<u32>(edge, MaskEdge.target) >= load<u32>(next, MaskEdge.target)) {
      return false;
    }
    edge = next;
  }
  return true;
}

/** Whether every edge is a step that is known, to a node. */
export function areEdgesValid(blob: usize): bool {
  const nodes = tableCount(blob, MaskHeader.nodeOff);
  let edge = tableAt(blob, MaskHeader.edgeOff);
  let hasElements = false;
  for (let left = tableCount(blob, MaskHeader.edgeOff); left > 0; left--) {
    const kind = <i32>load<u32>(edge, MaskEdge.kind);
    if (kind < StepKind.Member || kind > StepKind.Element) return false;
    if (load<u32>(edge, MaskEdge.target) >= nodes) return false;
    if (load<u32>(edge, MaskEdge.reserved) != 0) return false;
    if (kind == StepKind.Element) hasElements = true;
    else if (load<u32>(edge, MaskEdge.index) != 0) return false;
    const key = edge + MaskEdge.key;
    if (kind != StepKind.Member) {
      if (!isTextAbsent(key)) return false;
    } else if (!isTextInside(blob, key, KEY_LEN_MAX) || !passesFilter(blob, key)) return false;
    edge += MaskEdge.SIZE;
  }
  return hasElements == ((load<u32>(blob, MaskHeader.flags) & MaskFlag.HasElements) != 0);
}

/** Whether every name has its rule and is written as it is compared, and they are in their order, none of them twice. */
export function areNamesValid(blob: usize): bool {
  const rules = tableCount(blob, MaskHeader.ruleOff);
  let before: usize = 0;
  let name = tableAt(blob, MaskHeader.nameOff);
  for (let left = tableCount(blob, MaskHeader.nameOff); left > 0; left--) {
    const key = name + MaskName.key;
    if (load<u32>(name, MaskName.rule) >= rules) return false;
    if (!isTextInside(blob, key, KEY_LEN_MAX)) return false;
    if (!isWrittenFor(load<u32>(name, MaskName.mode), blob, key)) return false;
    if (!passesFilter(blob, key)) return false;
    if (before != 0 && !isNameBefore(blob, before, name)) return false;
    before = name;
    name += MaskName.SIZE;
  }
  return true;
}

/** Whether a name stands before another one: by its text, the shorter one first, then by its mode, then by its rule. */
function isNameBefore(blob: usize, name: usize, other: usize): bool {
  const key = name + MaskName.key;
  const otherKey = other + MaskName.key;
  const order = compareLengthFirst(
    textAt(blob, key),
    textLen(key),
    textAt(blob, otherKey),
    textLen(otherKey),
  );
  if (order != 0) return order < 0;
  const mode = load<u32>(name, MaskName.mode);
  const otherMode = load<u32>(other, MaskName.mode);
  if (mode != otherMode) return mode < otherMode;
  return load<u32>(name, MaskName.rule) < load<u32>(other, MaskName.rule);
}

/** Whether a text inside is one that `foldName`, and for Words the removal of separators, leave as it is. */
export function isWrittenFor(mode: u32, blob: usize, key: usize): bool {
  if (mode == NameMode.Exact) return true;
  if (mode > <u32>NameMode.Words || !isFolded(textAt(blob, key), textLen(key))) return false;
  return mode == NameMode.AnyCase || hasNoSeparator(textAt(blob, key), textLen(key));
}

function hasNoSeparator(ptr: usize, len: u32): bool {
  for (let i: u32 = 0; i < len; i++) {
    if (isSeparator(load<u8>(ptr + i))) return false;
  }
  return len != 0;
}

/**
 * Whether the filter has the bit of a name: that of its first and last byte when it is folded and without separators. Names
 * without ASCII there, or with nothing but separators, need all bits.
 */
function passesFilter(blob: usize, key: usize): bool {
  const filter = blob + load<u32>(blob, MaskHeader.nameFilter);
  const start = textAt(blob, key);
  const first = firstByte(start, textLen(key));
  const last = lastByte(start, textLen(key));
  if (first >= 0x80 || last >= 0x80) return isFull(filter);
  const index = ((first & 31) << 5) | (last & 31);
  return (((<u32>load<u8>(filter + (index >> 3))) >> (index & 7)) & 1) != 0;
}

function isFull(filter: usize): bool {
  for (let i: usize = 0; i < <usize>NAME_FILTER_BYTES; i += 8) {
    if (load<u64>(filter + i) != ~(<u64>0)) return false;
  }
  return true;
}

/** First byte of the folded name without separators, 0x80 for none. */
function firstByte(start: usize, len: u32): u32 {
  let i: u32 = 0;
  while (i < len && isSeparator(load<u8>(start + i))) i++;
  return i == len ? 0x80 : foldedAt(start + i, len - i);
}

/** Last byte of the folded name without separators, 0x80 for none. */
function lastByte(start: usize, len: u32): u32 {
  let end = len;
  while (end != 0 && isSeparator(load<u8>(start + (end - 1)))) end--;
  if (end == 0) return 0x80;
  if (load<u8>(start + (end - 1)) < 0x80) return foldedAt(start + (end - 1), 1);
  if (end >= 2 && load<u8>(start + (end - 2)) == 0xc5) return foldedAt(start + (end - 2), 2);
  if (end >= 3 && load<u8>(start + (end - 3)) == 0xe2) return foldedAt(start + (end - 3), 3);
  return 0x80;
}

/** The folded byte of the character at `ptr`; bytes outside of ASCII stay, but for U+017F and U+212A. */
function foldedAt(ptr: usize, len: u32): u32 {
  const byte = <u32>load<u8>(ptr);
  if (byte < 0x80) return byte - 0x41 < 26 ? byte | 0x20 : byte;
  if (byte == 0xc5 && len >= 2 && load<u8>(ptr, 1) == 0xbf) return 0x73; // s
  if (byte == 0xe2 && len >= 3 && load<u16>(ptr, 1) == 0xaa84) return 0x6b; // k
  return byte;
}

function isSeparator(byte: u8): bool {
  return byte == 0x20 || byte == 0x2d || byte == 0x2e || byte == 0x5f;
}
