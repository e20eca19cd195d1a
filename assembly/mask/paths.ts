/**
 * Which rules hold for the next value: field paths as sets of active nodes, one set for each open
 * container.
 */
import {
  MASK_NODES_ACTIVE_MAX,
  MaskEdge,
  MaskHeader,
  MaskName,
  MaskNode,
  NONE,
  StepKind,
} from '../layout';
import { NameMode, MaskFlag } from '../layout';
import {
  findName,
  foldName,
  isFolded,
  isNameAt,
  isPlainName,
  mayBeNamed,
  stripName,
} from '../classify/names';
import { compareStep, edgesEnd, findEdge, hasStep, kindsOf, nodeRecord } from './edges';
import { ruleStrength } from './rules';
import {
  ContainerFlag,
  KEY_MAX,
  Masker,
  NODES_MAX,
  STICKY,
  elementsAt,
  flagsAt,
  keyOf,
  nodeAt,
  scannerOf,
  setEndAt,
  strengthAt,
} from './state';

/** A bit for each NameMode. */
const EVERY_MODE: u32 = (1 << NameMode.Exact) | (1 << NameMode.AnyCase) | (1 << NameMode.Words);

/**
 * Makes the document the next value. False when its paths are too tangled, as for the two below.
 */
export function enterDocument(m: Masker): bool {
  m.nextCount = 0;
  m.nextStrength = 0;
  return activate(m, 0, 0) && settle(m);
}

/** Makes the member whose decoded name is in the key region the next value of the open object. */
export function enterMember(m: Masker): bool {
  const depth = scannerOf(m).depth;
  const key = keyOf(m);
  const fits = m.keyLen <= KEY_MAX;
  m.nextCount = 0;
  m.nextStrength = load<u16>(strengthAt(m, depth));
  const end = load<u16>(setEndAt(m, depth));
  for (let i: u32 = load<u16>(setEndAt(m, depth - 1)); i < end; i++) {
    if (!step(m, load<u16>(nodeAt(m, i)), true, key, fits ? m.keyLen : NONE)) return false;
  }
  if (!settle(m)) return false;
  if (fits) enterName(m);
  return true;
}

/** Adds the rules of the name in the key region, wherever it stands, to those on the next value. The name is lost. */
export function enterName(m: Masker): void {
  const key = keyOf(m);
  if (load<u32>(m.blob, MaskHeader.nameCount) == 0 || !mayBeNamed(m.blob, key, m.keyLen)) return;
  let at = findName(m.blob, key, m.keyLen);
  if (isPlainName(key, m.keyLen)) {
    applyNames(m, at, EVERY_MODE);
    return;
  }
  applyNames(m, at, 1 << NameMode.Exact);
  if (!isFolded(key, m.keyLen)) {
    m.keyLen = foldName(key, m.keyLen);
    at = findName(m.blob, key, m.keyLen);
  }
  applyNames(m, at, 1 << NameMode.AnyCase);
  const len = stripName(key, m.keyLen);
  if (len != m.keyLen) {
    m.keyLen = len;
    at = findName(m.blob, key, len);
  }
  applyNames(m, at, 1 << NameMode.Words);
}

/** Makes an element the next value of the open array. */
export function enterElement(m: Masker): bool {
  const depth = scannerOf(m).depth;
  m.nextCount = 0;
  m.nextStrength = load<u16>(strengthAt(m, depth));
  const end = load<u16>(setEndAt(m, depth));
  let index: u32 = NONE;
  if ((load<u32>(m.blob, MaskHeader.flags) & MaskFlag.HasElements) != 0) {
    index = load<u32>(elementsAt(m, depth));
    store<u32>(elementsAt(m, depth), index + 1);
  }
  for (let i: u32 = load<u16>(setEndAt(m, depth - 1)); i < end; i++) {
    if (!step(m, load<u16>(nodeAt(m, i)), false, 0, index)) return false;
  }
  return settle(m);
}

/** Takes back an `enterElement`: the element is entered once more by somebody else. */
export function leaveElement(m: Masker): void {
  if ((load<u32>(m.blob, MaskHeader.flags) & MaskFlag.HasElements) == 0) return;
  const at = elementsAt(m, scannerOf(m).depth);
  store<u32>(at, load<u32>(at) - 1);
}

/** Makes the next value the open container. Call it when the scanner has gone one level deeper. */
export function openLevel(m: Masker): void {
  const depth = scannerOf(m).depth;
  store<u16>(strengthAt(m, depth), <u16>m.nextStrength);
  store<u16>(setEndAt(m, depth), <u16>(load<u16>(setEndAt(m, depth - 1)) + m.nextCount));
  store<u8>(
    flagsAt(m, depth),
    <u8>(m.nextCount == 0 ? ContainerFlag.MembersOnly : waysOf(m, depth)),
  );
  store<u32>(elementsAt(m, depth), 0);
}

/** ContainerFlag bits of where the active nodes lead. */
function waysOf(m: Masker, depth: u32): i32 {
  let kinds: u32 = 0;
  const end = load<u16>(setEndAt(m, depth));
  for (let i: u32 = load<u16>(setEndAt(m, depth - 1)); i < end; i++) {
    const entry = load<u16>(nodeAt(m, i));
    // A node that stays active is in the set of every value.
    if ((entry & STICKY) != 0) return ContainerFlag.ElementsToo;
    kinds |= kindsOf(m.blob, entry);
  }
  const others = (1 << StepKind.AnyMember) | (1 << StepKind.AnyDepth);
  const elements = (1 << StepKind.AnyElement) | (1 << StepKind.Element);
  let ways: i32 = 0;
  if ((kinds & others) == 0) ways |= ContainerFlag.MembersOnly;
  if ((kinds & elements) != 0) ways |= ContainerFlag.ElementsToo;
  return ways;
}

/** Whether names of the open object's members have to be known. */
export function needsKey(m: Masker): bool {
  const depth = scannerOf(m).depth;
  return (
    load<u16>(setEndAt(m, depth)) != load<u16>(setEndAt(m, depth - 1)) ||
    load<u32>(m.blob, MaskHeader.nameCount) != 0
  );
}

/**
 * Takes the edges of one active node that a member (`keyLen` NONE: one with no comparable name) or
 * element (`keyLen` is its index) goes.
 */
function step(m: Masker, entry: u16, isMember: bool, key: usize, keyLen: u32): bool {
  const index = <u32>(entry & ~STICKY);
  if ((entry & STICKY) != 0 && !activate(m, index, STICKY)) return false;
  if (!isMember) {
    return (
      take(m, index, StepKind.AnyElement, 0, 0, 0, 0) &&
      take(m, index, StepKind.Element, keyLen, 0, 0, 0)
    );
  }
  if (!take(m, index, StepKind.AnyMember, 0, 0, 0, 0)) return false;
  return keyLen == NONE || take(m, index, StepKind.Member, 0, key, keyLen, 0);
}

/** Takes all edges of a node that are this step. False when the set is full. */
// @ts-ignore: decorator
@inline
function take(
  m: Masker,
  node: u32,
  kind: u32,
  index: u32,
  key: usize,
  keyLen: u32,
  sticky: u16,
): bool {
  return !hasStep(m.blob, node, kind) || takeEdges(m, node, kind, index, key, keyLen, sticky);
}

function takeEdges(
  m: Masker,
  node: u32,
  kind: u32,
  index: u32,
  key: usize,
  keyLen: u32,
  sticky: u16,
): bool {
  const end = edgesEnd(m.blob, node);
  let edge = findEdge(m.blob, node, kind, index, key, keyLen);
  for (; edge < end; edge += MaskEdge.SIZE) {
    const order = compareStep(m.blob, edge, kind, index, key, keyLen);
    if (order > 0) break;
    if (order == 0 && !activate(m, load<u32>(edge, MaskEdge.target), sticky)) return false;
  }
  return true;
}

/** Adds what `**` reaches without a step, and gathers the strength of the rules. */
function settle(m: Masker): bool {
  const base = topOf(m);
  for (let i: u32 = 0; i < m.nextCount; i++) {
    const index = <u32>(load<u16>(nodeAt(m, base + i)) & ~STICKY);
    if (!take(m, index, StepKind.AnyDepth, 0, 0, 0, STICKY)) return false;
    const rule = load<u32>(nodeRecord(m.blob, index), MaskNode.rule);
    strengthen(m, rule);
  }
  return true;
}

/** Adds a node to the set of the next value, once. False when the set is full. */
function activate(m: Masker, index: u32, sticky: u16): bool {
  const base = topOf(m);
  for (let i: u32 = 0; i < m.nextCount; i++) {
    const at = nodeAt(m, base + i);
    if (<u32>(load<u16>(at) & ~STICKY) == index) {
      store<u16>(at, load<u16>(at) | sticky);
      return true;
    }
  }
  if (m.nextCount == MASK_NODES_ACTIVE_MAX || base + m.nextCount == NODES_MAX) return false;
  store<u16>(nodeAt(m, base + m.nextCount++), (<u16>index) | sticky);
  return true;
}

/** Takes the rules of the names from index `at` on that have the bytes of the key region, and one of the NameModes. */
function applyNames(m: Masker, at: u32, modes: u32): void {
  const key = keyOf(m);
  let name = m.blob + load<u32>(m.blob, MaskHeader.nameOff) + <usize>at * MaskName.SIZE;
  for (let i = at; isNameAt(m.blob, i, key, m.keyLen); i++, name += MaskName.SIZE) {
    if (((modes >> load<u32>(name, MaskName.mode)) & 1) != 0)
      strengthen(m, load<u32>(name, MaskName.rule));
  }
}

function strengthen(m: Masker, rule: u32): void {
  const strength = ruleStrength(m.blob, rule, m.clearance, m.band);
  if (strength > m.nextStrength) m.nextStrength = strength;
}

/** The set of the next value lies behind that of the innermost open container. */
// @ts-ignore: decorator
@inline
function topOf(m: Masker): u32 {
  return load<u16>(setEndAt(m, scannerOf(m).depth));
}
