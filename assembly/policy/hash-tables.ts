/** Lookups in the two open-addressing tables of a bundle. Both end at an empty slot or after PROBES_MAX. */
import { PROBES_MAX, PathEdge, ServiceSlot } from '../layout';
import { equalBytes, hash32 } from '../memory/bytes';

const NODE_SPREAD: u32 = 0x9e3779b1;

/** Slot of the service with these bytes, or 0. */
export function findService(
  table: usize,
  slots: u32,
  strings: usize,
  keyPtr: usize,
  keyLen: u32,
): usize {
  if (slots == 0) return 0;
  const hash = hash32(keyPtr, keyLen);
  for (
    let probes: u32 = 0, i = hash & (slots - 1);
    probes < PROBES_MAX;
    probes++, i = (i + 1) & (slots - 1)
  ) {
    const slot = table + <usize>i * ServiceSlot.SIZE;
    if (load<u32>(slot, ServiceSlot.listCount) == 0) return 0;
    if (load<u32>(slot, ServiceSlot.hash) != hash) continue;
    const key = strings + load<u32>(slot, ServiceSlot.key);
    if (equalBytes(key, load<u32>(slot, ServiceSlot.keyLen), keyPtr, keyLen)) return slot;
  }
  return 0;
}

/** Hash of a literal path segment below `node`. */
export function edgeHash(node: u32, segmentPtr: usize, segmentLen: u32): u32 {
  return hash32(segmentPtr, segmentLen) ^ (node * NODE_SPREAD);
}

/** Edge slot for a literal segment below `node`, or 0. */
export function findEdge(
  table: usize,
  slots: u32,
  strings: usize,
  node: u32,
  segmentPtr: usize,
  segmentLen: u32,
): usize {
  if (slots == 0) return 0;
  const hash = edgeHash(node, segmentPtr, segmentLen);
  for (
    let probes: u32 = 0, i = hash & (slots - 1);
    probes < PROBES_MAX;
    probes++, i = (i + 1) & (slots - 1)
  ) {
    const slot = table + <usize>i * PathEdge.SIZE;
    if (load<u32>(slot, PathEdge.child) == 0) return 0;
    if (load<u32>(slot, PathEdge.hash) != hash || load<u32>(slot, PathEdge.node) != node) continue;
    const key = strings + load<u32>(slot, PathEdge.segment);
    if (equalBytes(key, load<u32>(slot, PathEdge.segmentLen), segmentPtr, segmentLen)) return slot;
  }
  return 0;
}
