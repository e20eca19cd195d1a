/** Checks the lookup structures of a bundle: service table, path trie, host patterns. */
import {
  BundleSection,
  HOST_PATTERNS_MAX,
  HostKind,
  HostPattern,
  NONE,
  PathEdge,
  PathNode,
  PathPattern,
  ServiceSlot,
} from '../layout';
import { hash32 } from '../memory/bytes';
import { checkList, isString } from './checks';
import { edgeHash, findEdge, findService } from './hash-tables';
import { Refusal, refuse } from './refusal';
import { bundleCount, bundleSection } from './sections';

/** The section table was checked before. */
export function validateIndexes(payload: usize): Refusal {
  let refusal = checkServices(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkPatterns(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkNodes(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkEdges(payload);
  if (refusal != Refusal.None) return refusal;
  return checkHosts(payload);
}

function checkServices(payload: usize): Refusal {
  const slots = bundleCount(payload, BundleSection.Services);
  const table = bundleSection(payload, BundleSection.Services);
  const strings = bundleSection(payload, BundleSection.Strings);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  if (!isTableShape(slots)) return refuse(Refusal.HashTable, BundleSection.Services, 0);
  let used: u32 = 0;
  for (let i: u32 = 0; i < slots; i++) {
    const slot = table + <usize>i * ServiceSlot.SIZE;
    if (load<u32>(slot, ServiceSlot.reserved) != 0) {
      return refuse(Refusal.ReservedNotZero, BundleSection.Services, i);
    }
    if (load<u32>(slot, ServiceSlot.listCount) == 0) continue;
    used += 1;
    if (!isString(slot + ServiceSlot.key, stringsLen)) {
      return refuse(Refusal.StringSpan, BundleSection.Services, i);
    }
    const hash = hash32(
      strings + load<u32>(slot, ServiceSlot.key),
      load<u32>(slot, ServiceSlot.keyLen),
    );
    if (load<u32>(slot, ServiceSlot.hash) != hash) {
      return refuse(Refusal.HashTable, BundleSection.Services, i);
    }
    const selectors = bundleCount(payload, BundleSection.Selectors);
    const refusal = checkSpan(
      payload,
      slot + ServiceSlot.listStart,
      selectors,
      BundleSection.Services,
      i,
    );
    if (refusal != Refusal.None) return refusal;
  }
  // INVARIANT: an empty slot exists, so every lookup ends.
  if (used > slots >> 1) return refuse(Refusal.HashTable, BundleSection.Services, slots);
  return checkServiceReach(table, slots, strings);
}

/** A key that its own lookup does not find would hide the rules behind it. */
function checkServiceReach(table: usize, slots: u32, strings: usize): Refusal {
  for (let i: u32 = 0; i < slots; i++) {
    const slot = table + <usize>i * ServiceSlot.SIZE;
    if (load<u32>(slot, ServiceSlot.listCount) == 0) continue;
    const key = strings + load<u32>(slot, ServiceSlot.key);
    if (findService(table, slots, strings, key, load<u32>(slot, ServiceSlot.keyLen)) != slot) {
      return refuse(Refusal.HashTable, BundleSection.Services, i);
    }
  }
  return Refusal.None;
}

function checkPatterns(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.PathPatterns);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  const rules = bundleCount(payload, BundleSection.Rules);
  let pattern = bundleSection(payload, BundleSection.PathPatterns);
  for (let i: u32 = 0; i < count; i++, pattern += PathPattern.SIZE) {
    if (!isString(pattern + PathPattern.text, stringsLen)) {
      return refuse(Refusal.StringSpan, BundleSection.PathPatterns, i);
    }
    const span = pattern + PathPattern.ruleStart;
    const refusal = checkSpan(payload, span, rules, BundleSection.PathPatterns, i);
    if (refusal != Refusal.None) return refusal;
  }
  return Refusal.None;
}

function checkNodes(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.PathNodes);
  const patterns = bundleCount(payload, BundleSection.PathPatterns);
  if (count == 0) return refuse(Refusal.Index, BundleSection.PathNodes, 0);
  let node = bundleSection(payload, BundleSection.PathNodes);
  for (let i: u32 = 0; i < count; i++, node += PathNode.SIZE) {
    if (load<u32>(node, PathNode.reserved) != 0) {
      return refuse(Refusal.ReservedNotZero, BundleSection.PathNodes, i);
    }
    const child = load<u32>(node, PathNode.anyChild);
    if (child != NONE && (child >= count || child <= i)) {
      return refuse(Refusal.Index, BundleSection.PathNodes, i);
    }
    let refusal = checkSpan(
      payload,
      node + PathNode.endStart,
      patterns,
      BundleSection.PathNodes,
      i,
    );
    if (refusal != Refusal.None) return refusal;
    refusal = checkSpan(payload, node + PathNode.tailStart, patterns, BundleSection.PathNodes, i);
    if (refusal != Refusal.None) return refusal;
  }
  return Refusal.None;
}

function checkEdges(payload: usize): Refusal {
  const slots = bundleCount(payload, BundleSection.PathEdges);
  const table = bundleSection(payload, BundleSection.PathEdges);
  const strings = bundleSection(payload, BundleSection.Strings);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  const nodes = bundleCount(payload, BundleSection.PathNodes);
  if (!isTableShape(slots)) return refuse(Refusal.HashTable, BundleSection.PathEdges, 0);
  let used: u32 = 0;
  for (let i: u32 = 0; i < slots; i++) {
    const slot = table + <usize>i * PathEdge.SIZE;
    if (load<u32>(slot, PathEdge.reserved) != 0) {
      return refuse(Refusal.ReservedNotZero, BundleSection.PathEdges, i);
    }
    const child = load<u32>(slot, PathEdge.child);
    if (child == 0) continue;
    used += 1;
    const node = load<u32>(slot, PathEdge.node);
    if (child >= nodes || node >= child) return refuse(Refusal.Index, BundleSection.PathEdges, i);
    if (!isString(slot + PathEdge.segment, stringsLen)) {
      return refuse(Refusal.StringSpan, BundleSection.PathEdges, i);
    }
    const segment = strings + load<u32>(slot, PathEdge.segment);
    const hash = edgeHash(node, segment, load<u32>(slot, PathEdge.segmentLen));
    if (load<u32>(slot, PathEdge.hash) != hash) {
      return refuse(Refusal.HashTable, BundleSection.PathEdges, i);
    }
  }
  if (used > slots >> 1) return refuse(Refusal.HashTable, BundleSection.PathEdges, slots);
  return checkEdgeReach(table, slots, strings);
}

function checkEdgeReach(table: usize, slots: u32, strings: usize): Refusal {
  for (let i: u32 = 0; i < slots; i++) {
    const slot = table + <usize>i * PathEdge.SIZE;
    if (load<u32>(slot, PathEdge.child) == 0) continue;
    const segment = strings + load<u32>(slot, PathEdge.segment);
    const len = load<u32>(slot, PathEdge.segmentLen);
    if (findEdge(table, slots, strings, load<u32>(slot, PathEdge.node), segment, len) != slot) {
      return refuse(Refusal.HashTable, BundleSection.PathEdges, i);
    }
  }
  return Refusal.None;
}

function checkHosts(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Hosts);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  if (count > HOST_PATTERNS_MAX) return refuse(Refusal.Index, BundleSection.Hosts, count);
  let host = bundleSection(payload, BundleSection.Hosts);
  for (let i: u32 = 0; i < count; i++, host += HostPattern.SIZE) {
    if (load<u32>(host, HostPattern.reserved) != 0) {
      return refuse(Refusal.ReservedNotZero, BundleSection.Hosts, i);
    }
    if (load<u32>(host, HostPattern.kind) > <u32>HostKind.Suffix) {
      return refuse(Refusal.EnumValue, BundleSection.Hosts, i);
    }
    if (!isString(host + HostPattern.text, stringsLen)) {
      return refuse(Refusal.StringSpan, BundleSection.Hosts, i);
    }
  }
  return Refusal.None;
}

/** A power of two, or no table at all. */
function isTableShape(slots: u32): bool {
  return slots == 0 || (slots & (slots - 1)) == 0;
}

/** `span` is the address of a start field that its count field follows. */
function checkSpan(payload: usize, span: usize, limit: u32, section: u32, record: u32): Refusal {
  const lists = bundleSection(payload, BundleSection.Lists);
  const listCount = bundleCount(payload, BundleSection.Lists);
  return checkList(lists, listCount, load<u32>(span), load<u32>(span, 4), limit, section, record);
}
