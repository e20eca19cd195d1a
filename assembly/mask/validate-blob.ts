/**
 * Bounds and meaning of a mask blob, checked once, so that the masker may read it without checks.
 */
import {
  MaskDetector,
  MaskEdge,
  MaskField,
  MaskFlag,
  MaskHeader,
  MaskKey,
  MaskMessage,
  MaskMethod,
  MaskName,
  MaskNode,
  MaskPath,
  MaskRoute,
  MaskRule,
  MaskSegment,
  MaskValue,
  NAME_FILTER_BYTES,
  RULES_MAX,
} from '../layout';
import {
  isHeaderName,
  isTableInside,
  isTextInside,
  resetTextBudget,
  tableAt,
  tableCount,
  textLen,
} from './blob-bounds';
import { areDetectorsValid } from './validate-detectors';
import { areEdgesValid, areNodesValid, areNamesValid } from './validate-fields';
import { arePathsValid, areRoutesValid, areSegmentsValid, areValuesValid } from './validate-places';
import { isProtobufValid } from './validate-protobuf';
import { areRulesValid, needsKey } from './validate-rules';

/** Most nodes: their indexes share 16 bits with a mark. */
const NODES_MAX: u32 = 0x7fff;
const HEADER_NAME_MAX: u32 = 255;

/** Whether a blob of `len` bytes can be masked with; `labelCount` labels are known. Never traps. */
export function validateMaskBlob(blob: usize, len: u32, labelCount: u32): bool {
  resetTextBudget();
  return (
    isHeaderValid(blob, len) &&
    areTablesInside(blob) &&
    areRulesValid(blob, labelCount) &&
    isKeyValid(blob) &&
    areEdgesValid(blob) &&
    areNodesValid(blob) &&
    areNamesValid(blob) &&
    areDetectorsValid(blob) &&
    areValuesValid(blob) &&
    areSegmentsValid(blob) &&
    arePathsValid(blob) &&
    areRoutesValid(blob) &&
    isProtobufValid(blob) &&
    isLabelHeaderValid(blob)
  );
}

function isHeaderValid(blob: usize, len: u32): bool {
  if (len < <u32>MaskHeader.SIZE || (len & 7) != 0 || load<u32>(blob, MaskHeader.totalLen) != len) {
    return false;
  }
  const filter = load<u32>(blob, MaskHeader.nameFilter);
  const flags = load<u32>(blob, MaskHeader.flags);
  return (
    filter >= <u32>MaskHeader.SIZE &&
    filter <= len &&
    len - filter >= NAME_FILTER_BYTES &&
    (flags & ~(MaskFlag.AllowUpgrades | MaskFlag.HasElements | MaskFlag.HasDrops)) == 0 &&
    load<u32>(blob, MaskHeader.reserved) == 0
  );
}

function areTablesInside(blob: usize): bool {
  const nodes = tableCount(blob, MaskHeader.nodeOff);
  return (
    nodes >= 1 &&
    nodes <= NODES_MAX &&
    tableCount(blob, MaskHeader.ruleOff) <= RULES_MAX &&
    tableCount(blob, MaskHeader.keyOff) <= 1 &&
    isTableInside(blob, MaskHeader.nodeOff, MaskNode.SIZE) &&
    isTableInside(blob, MaskHeader.edgeOff, MaskEdge.SIZE) &&
    isTableInside(blob, MaskHeader.nameOff, MaskName.SIZE) &&
    isTableInside(blob, MaskHeader.ruleOff, MaskRule.SIZE) &&
    isTableInside(blob, MaskHeader.stringOff, 1) &&
    isTableInside(blob, MaskHeader.detectorOff, MaskDetector.SIZE) &&
    isTableInside(blob, MaskHeader.keyOff, MaskKey.SIZE) &&
    isTableInside(blob, MaskHeader.valueOff, MaskValue.SIZE) &&
    isTableInside(blob, MaskHeader.segmentOff, MaskSegment.SIZE) &&
    isTableInside(blob, MaskHeader.pathOff, MaskPath.SIZE) &&
    isTableInside(blob, MaskHeader.routeOff, MaskRoute.SIZE) &&
    isTableInside(blob, MaskHeader.methodOff, MaskMethod.SIZE) &&
    isTableInside(blob, MaskHeader.messageOff, MaskMessage.SIZE) &&
    isTableInside(blob, MaskHeader.fieldOff, MaskField.SIZE)
  );
}

function isKeyValid(blob: usize): bool {
  if (tableCount(blob, MaskHeader.keyOff) == 0) return !needsKey(blob);
  return load<u32>(tableAt(blob, MaskHeader.keyOff), MaskKey.reserved) == 0;
}

function isLabelHeaderValid(blob: usize): bool {
  const field = blob + MaskHeader.labelHeader;
  if (!isTextInside(blob, field, HEADER_NAME_MAX)) return false;
  return textLen(field) == 0 || isHeaderName(blob, field);
}
