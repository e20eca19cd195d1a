/** The steps of field paths: the edges of a node, searched by halves in the order that the validator has checked. */
import { MaskEdge, MaskHeader, MaskNode } from '../layout';
import { compareLengthFirst } from '../memory/bytes';

/** Record of a node. */
// @ts-ignore: decorator
@inline
export function nodeRecord(blob: usize, node: u32): usize {
  return blob + load<u32>(blob, MaskHeader.nodeOff) + <usize>node * MaskNode.SIZE;
}

/** Behind the last edge of a node. */
export function edgesEnd(blob: usize, node: u32): usize {
  const record = nodeRecord(blob, node);
  const end = load<u32>(record, MaskNode.edgeStart) + load<u32>(record, MaskNode.edgeCount);
  return blob + load<u32>(blob, MaskHeader.edgeOff) + <usize>end * MaskEdge.SIZE;
}

/** As many edges are looked at one by one: most nodes have no more. */
const FEW: u32 = 4;

/**
 * An edge of a node with none before it that is a step: at most FEW stand between it and the first one that does not stand
 * before the step, or `edgesEnd`. `index` is 0 for all but StepKind.Element, `keyLen` for all but StepKind.Member.
 */
export function findEdge(
  blob: usize,
  node: u32,
  kind: u32,
  index: u32,
  key: usize,
  keyLen: u32,
): usize {
  const record = nodeRecord(blob, node);
  const start = load<u32>(record, MaskNode.edgeStart);
  const edges = blob + load<u32>(blob, MaskHeader.edgeOff);
  let low = start;
  let high = start + load<u32>(record, MaskNode.edgeCount);
  while (high - low > FEW) {
    const mid = low + ((high - low) >> 1);
    const edge = edges + <usize>mid * MaskEdge.SIZE;
    if (compareStep(blob, edge, kind, index, key, keyLen) < 0) low = mid + 1;
    else high = mid;
  }
  return edges + <usize>low * MaskEdge.SIZE;
}

/** Order of an edge and a step: by kind, then by index, then by key, the shorter one first. */
export function compareStep(
  blob: usize,
  edge: usize,
  kind: u32,
  index: u32,
  key: usize,
  keyLen: u32,
): i32 {
  const edgeKind = load<u32>(edge, MaskEdge.kind);
  if (edgeKind != kind) return edgeKind < kind ? -1 : 1;
  const edgeIndex = load<u32>(edge, MaskEdge.index);
  if (edgeIndex != index) return edgeIndex < index ? -1 : 1;
  const edgeKey = blob + load<u32>(blob, MaskHeader.stringOff) + load<u32>(edge, MaskEdge.key);
  return compareLengthFirst(edgeKey, load<u32>(edge, MaskEdge.keyLen), key, keyLen);
}

/** Whether a node has an edge of a kind. */
// @ts-ignore: decorator
@inline
export function hasStep(blob: usize, node: u32, kind: u32): bool {
  return ((kindsOf(blob, node) >> kind) & 1) != 0;
}

/** Kinds of a node's edges, a bit for each StepKind. */
// @ts-ignore: decorator
@inline
export function kindsOf(blob: usize, node: u32): u32 {
  return load<u32>(nodeRecord(blob, node), MaskNode.kinds);
}
