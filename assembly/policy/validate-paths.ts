/** Checks path patterns and the trie that finds them. */
import {
  BundleHeader,
  BundleSection,
  CHILD_LEAF,
  NONE,
  PathAffix,
  PathEdge,
  PathNode,
  PathPattern,
} from '../layout';
import { checkRising, checkRisingList, isInLists, isString, listAt } from './checks';
import { Refusal, refuse } from './refusal';
import { bundleCount, bundleSection } from './sections';
import { hasEntry } from './sorted-entries';
import { checkReach, checkSlots } from './validate-slots';

/** The section table was checked before. */
export function validatePaths(payload: usize): Refusal {
  let refusal = checkPatterns(payload);
  if (refusal != Refusal.None) return refusal;
  const suffixes = load<u32>(payload, BundleHeader.suffixLengthStart);
  const suffixCount = load<u32>(payload, BundleHeader.suffixLengthCount);
  refusal = checkLengths(payload, suffixes, suffixCount, 0, 8);
  if (refusal != Refusal.None) return refusal;
  refusal = checkNodes(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkEdges(payload);
  if (refusal != Refusal.None) return refusal;
  return checkAffixes(payload);
}

function checkPatterns(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.PathPatterns);
  const rules = bundleCount(payload, BundleSection.Rules);
  let pattern = bundleSection(payload, BundleSection.PathPatterns);
  for (let i: u32 = 0; i < count; i++, pattern += PathPattern.SIZE) {
    const span = pattern + PathPattern.ruleStart;
    const refusal = checkRisingList(payload, span, rules, BundleSection.PathPatterns, i);
    if (refusal != Refusal.None) return refusal;
  }
  return Refusal.None;
}

/** Lengths of affixes: rising, so that a walk may stop at the first that is too long; none exceeds all strings together. */
function checkLengths(payload: usize, start: u32, count: u32, section: u32, record: u32): Refusal {
  const longest = bundleCount(payload, BundleSection.Strings);
  return checkRising(payload, start, count, longest + 1, section, record);
}

function checkNodes(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.PathNodes);
  if (count == 0) return refuse(Refusal.Index, BundleSection.PathNodes, 0);
  const patterns = bundleCount(payload, BundleSection.PathPatterns);
  let node = bundleSection(payload, BundleSection.PathNodes);
  for (let i: u32 = 0; i < count; i++, node += PathNode.SIZE) {
    const child = load<u32>(node, PathNode.anyChild);
    if (
      (child != NONE && !isChild(payload, i, child)) ||
      !isIndex(load<u32>(node, PathNode.end), patterns) ||
      !isIndex(load<u32>(node, PathNode.tail), patterns)
    ) {
      return refuse(Refusal.Index, BundleSection.PathNodes, i);
    }
    const prefixes = load<u32>(node, PathNode.prefixes);
    if (prefixes == NONE) continue;
    if (!isInLists(payload, prefixes, 1))
      return refuse(Refusal.ListSpan, BundleSection.PathNodes, i);
    const lengths = load<u32>(listAt(payload, prefixes));
    const refusal = checkLengths(payload, prefixes + 1, lengths, BundleSection.PathNodes, i);
    if (refusal != Refusal.None) return refusal;
  }
  return Refusal.None;
}

/** Whether a child is a node behind its parent, so that no walk comes back, or a leaf. */
function isChild(payload: usize, parent: u32, child: u32): bool {
  return (child & CHILD_LEAF) != 0
    ? (child & ~CHILD_LEAF) < bundleCount(payload, BundleSection.PathPatterns)
    : child > parent && child < bundleCount(payload, BundleSection.PathNodes);
}

function checkEdges(payload: usize): Refusal {
  const section = BundleSection.PathEdges;
  const count = bundleCount(payload, section);
  const nodes = bundleCount(payload, BundleSection.PathNodes);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  let edge = bundleSection(payload, section);
  for (let i: u32 = 0; i < count; i++, edge += PathEdge.SIZE) {
    const node = load<u32>(edge, PathEdge.node);
    if (node >= nodes || !isChild(payload, node, load<u32>(edge, PathEdge.child))) {
      return refuse(Refusal.Index, section, i);
    }
    if (!isString(edge + PathEdge.segment, stringsLen)) {
      return refuse(Refusal.StringSpan, section, i);
    }
  }
  return checkTable(payload, BundleSection.EdgeSlots, section, count);
}

function checkAffixes(payload: usize): Refusal {
  const section = BundleSection.PathAffixes;
  const count = bundleCount(payload, section);
  const nodes = bundleCount(payload, BundleSection.PathNodes);
  const patterns = bundleCount(payload, BundleSection.PathPatterns);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  let affix = bundleSection(payload, section);
  for (let i: u32 = 0; i < count; i++, affix += PathAffix.SIZE) {
    const node = load<u32>(affix, PathAffix.node);
    if (!isIndex(node, nodes) || load<u32>(affix, PathAffix.pattern) >= patterns) {
      return refuse(Refusal.Index, section, i);
    }
    if (!isString(affix + PathAffix.text, stringsLen)) {
      return refuse(Refusal.StringSpan, section, i);
    }
    // An affix whose length is not listed would never be looked up.
    if (!isLengthListed(payload, node, load<u32>(affix, PathAffix.textLen))) {
      return refuse(Refusal.HashTable, section, i);
    }
  }
  return checkTable(payload, BundleSection.AffixSlots, section, count);
}

function isLengthListed(payload: usize, node: u32, len: u32): bool {
  if (node == NONE) {
    const suffixes = load<u32>(payload, BundleHeader.suffixLengthStart);
    const count = load<u32>(payload, BundleHeader.suffixLengthCount);
    return hasEntry(listAt(payload, suffixes), count, len);
  }
  const nodes = bundleSection(payload, BundleSection.PathNodes);
  const prefixes = load<u32>(nodes + <usize>node * PathNode.SIZE, PathNode.prefixes);
  if (prefixes == NONE) return false;
  const lengths = listAt(payload, prefixes);
  return hasEntry(lengths + 4, load<u32>(lengths), len);
}

function checkTable(
  payload: usize,
  slotSection: BundleSection,
  section: BundleSection,
  count: u32,
): Refusal {
  let refusal = checkSlots(payload, slotSection, count);
  for (let i: u32 = 0; i < count && refusal == Refusal.None; i++) {
    refusal = checkReach(payload, slotSection, section, i);
  }
  return refusal;
}

/** An index below `count`, or NONE. */
function isIndex(index: u32, count: u32): bool {
  return index == NONE || index < count;
}
