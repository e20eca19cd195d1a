/** The path of a request with what may not be read masked: for the application, and for logs, whose readers are cleared for nothing. */
import { pathLen, pathPtr, readPath } from '../context/path';
import * as request from '../context/request';
import { Band, MaskHeader } from '../layout';
import { heldBlob } from '../mask/holder';
import { isPathChanged, maskPath } from '../mask/path-segments';
import { isQueryChanged, maskQuery } from '../mask/query';
import { clearRewritten, putByte, putBytes, rewrittenLen } from '../mask/rewritten';
import { hasDetectors, maskedValues, openValues } from '../mask/values';
import { text } from '../memory/text';

const UNREADABLE = text('/***');
const QUESTION_MARK: u8 = 0x3f;

/** Whether the last target came out another one; it is the value that was rewritten. */
export let isTargetChanged: bool = false;
/** Bytes of its path, without the query. */
export let targetPathLen: u32 = 0;

/** Rewrites path and query of the request under the values that were opened; how many were masked. */
export function rewriteTarget(blob: usize, isForLogs: bool): u32 {
  const before = maskedValues;
  isTargetChanged = false;
  clearRewritten();
  rewritePath(blob, isForLogs);
  targetPathLen = rewrittenLen;
  if (request.pathAndQueryLen > request.pathLen) {
    putByte(QUESTION_MARK);
    const start = request.pathLen + 1;
    maskQuery(request.pathPtr + start, request.pathAndQueryLen - start);
    isTargetChanged = isTargetChanged || isQueryChanged;
  }
  return maskedValues - before;
}

/** Rewrites the target as logs may show it. False when that is how it came. */
export function rewriteForLogs(holder: usize): bool {
  const blob = heldBlob(holder);
  openValues(blob, 0, Band.Critical);
  rewriteTarget(blob, true);
  return isTargetChanged;
}

function rewritePath(blob: usize, isForLogs: bool): void {
  const hasPaths = load<u32>(blob, MaskHeader.pathCount) != 0;
  if (!hasPaths && !(isForLogs && hasDetectors())) {
    putBytes(request.pathPtr, request.pathLen);
    return;
  }
  const isReadable = readPath(request.pathPtr, request.pathLen);
  if (!isReadable && hasPaths) {
    // Such a request is denied: nobody knows which of its segments are to be masked.
    isTargetChanged = true;
    putBytes(UNREADABLE.ptr, UNREADABLE.len);
    return;
  }
  const path = isReadable ? pathPtr : request.pathPtr;
  const len = isReadable ? pathLen : request.pathLen;
  maskPath(path, len, request.pathPtr, request.pathLen, isForLogs);
  isTargetChanged = isPathChanged;
}
