/**
 * Bounds and meaning of a mask blob, checked once, so that the masker may read it without checks.
 */
import {
  MaskEdge,
  MaskHeader,
  MaskName,
  MaskNode,
  MaskOperator,
  MaskRule,
  NONE,
  StepKind,
} from '../layout';
import { isFolded } from '../classify/names';
import { KEEP_MAX } from './rules';

/** Most nodes: their indexes share 16 bits with a mark. */
const NODES_MAX: u32 = 0x7fff;
/** Most bytes of a member name. */
const KEY_LEN_MAX: u32 = 1_024;

/** Whether a blob of `len` bytes can be masked with; `labelCount` labels are known. Never traps. */
export function validateMaskBlob(blob: usize, len: u32, labelCount: u32): bool {
  if (len < <u32>MaskHeader.SIZE || (len & 7) != 0 || load<u32>(blob, MaskHeader.totalLen) != len) {
    return false;
  }
  const nodeCount = load<u32>(blob, MaskHeader.nodeCount);
  const ruleCount = load<u32>(blob, MaskHeader.ruleCount);
  const cardRule = load<u32>(blob, MaskHeader.cardRule);
  return (
    nodeCount >= 1 &&
    nodeCount <= NODES_MAX &&
    holds(blob, MaskHeader.nodeOff, MaskNode.SIZE) &&
    holds(blob, MaskHeader.edgeOff, MaskEdge.SIZE) &&
    holds(blob, MaskHeader.nameOff, MaskName.SIZE) &&
    holds(blob, MaskHeader.ruleOff, MaskRule.SIZE) &&
    holds(blob, MaskHeader.stringOff, 1) &&
    (cardRule == NONE || cardRule < ruleCount) &&
    areNodes(blob, ruleCount) &&
    areEdges(blob, nodeCount) &&
    areNames(blob, ruleCount) &&
    areRules(blob, labelCount)
  );
}

/**
 * Whether the records of an (offset, count) pair of the header lie behind the header and inside the
 * blob.
 */
function holds(blob: usize, field: usize, recordSize: u32): bool {
  const total = load<u32>(blob, MaskHeader.totalLen);
  const off = load<u32>(blob + field);
  const count = load<u32>(blob + field, 4);
  if (off < <u32>MaskHeader.SIZE || off > total) return false;
  return count <= (total - off) / recordSize;
}

function areNodes(blob: usize, ruleCount: u32): bool {
  let node = blob + load<u32>(blob, MaskHeader.nodeOff);
  const edges = load<u32>(blob, MaskHeader.edgeCount);
  for (let left = load<u32>(blob, MaskHeader.nodeCount); left > 0; left--) {
    const start = load<u32>(node, MaskNode.edgeStart);
    const count = load<u32>(node, MaskNode.edgeCount);
    if (start > edges || count > edges - start) return false;
    if (!isRuleOrNone(load<u32>(node, MaskNode.rule), ruleCount)) return false;
    if (load<u32>(node, MaskNode.reserved) != 0) return false;
    node += MaskNode.SIZE;
  }
  return true;
}

function areEdges(blob: usize, nodeCount: u32): bool {
  let edge = blob + load<u32>(blob, MaskHeader.edgeOff);
  for (let left = load<u32>(blob, MaskHeader.edgeCount); left > 0; left--) {
    const kind = <i32>load<u32>(edge, MaskEdge.kind);
    if (kind < StepKind.Member || kind > StepKind.AnyDepth) return false;
    if (load<u32>(edge, MaskEdge.target) >= nodeCount) return false;
    if (!isKey(blob, edge + MaskEdge.key)) return false;
    edge += MaskEdge.SIZE;
  }
  return true;
}

function areNames(blob: usize, ruleCount: u32): bool {
  let name = blob + load<u32>(blob, MaskHeader.nameOff);
  const strings = blob + load<u32>(blob, MaskHeader.stringOff);
  for (let left = load<u32>(blob, MaskHeader.nameCount); left > 0; left--) {
    const ignoreCase = load<u32>(name, MaskName.ignoreCase);
    if (ignoreCase > 1 || load<u32>(name, MaskName.rule) >= ruleCount) return false;
    if (!isKey(blob, name + MaskName.key)) return false;
    // A name that is not folded would never match what it is meant for.
    const key = strings + load<u32>(name, MaskName.key);
    if (ignoreCase == 1 && !isFolded(key, load<u32>(name, MaskName.keyLen))) return false;
    name += MaskName.SIZE;
  }
  return true;
}

function areRules(blob: usize, labelCount: u32): bool {
  let rule = blob + load<u32>(blob, MaskHeader.ruleOff);
  const unknown = labelCount >= 64 ? 0 : ~(((<u64>1) << labelCount) - 1);
  for (let left = load<u32>(blob, MaskHeader.ruleCount); left > 0; left--) {
    const operator = <i32>load<u8>(rule, MaskRule.operator);
    if (operator < MaskOperator.KeepLast || operator > MaskOperator.Null) return false;
    if (load<u8>(rule, MaskRule.keep) > KEEP_MAX) return false;
    if ((load<u64>(rule, MaskRule.labels) & unknown) != 0) return false;
    if (load<u16>(rule, MaskRule.reserved) != 0) return false;
    if (load<u32>(rule, MaskRule.reserved2) != 0) return false;
    rule += MaskRule.SIZE;
  }
  return true;
}

function isRuleOrNone(rule: u32, ruleCount: u32): bool {
  return rule == NONE || rule < ruleCount;
}

function isKey(blob: usize, field: usize): bool {
  const total = load<u32>(blob, MaskHeader.stringLen);
  const off = load<u32>(field);
  const len = load<u32>(field, 4);
  return len <= KEY_LEN_MAX && off <= total && len <= total - off;
}
