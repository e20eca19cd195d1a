/** Paths as segments: which routes one belongs to, and its segments that are masked. */
import { MaskHeader, MaskPath, MaskRoute, MaskSegment, NONE, SegmentMatch } from '../layout';
import { equalBytes, findByte } from '../memory/bytes';
import { putByte, putBytes } from './rewritten';
import {
  ValueOutcome,
  Writing,
  hasDetectors,
  maskValue,
  noteRule,
  openedBlob,
  valueLen,
  valuePtr,
} from './values';

/** Whether the last path came out another one. */
export let isPathChanged: bool = false;

const SLASH: u8 = 0x2f;
/** Most segments of a path that is allowed (PATH_SEGMENTS_MAX), and one more. */
const SEGMENTS_MAX: u32 = 65;
/** Strength on each segment. */
const strengths: usize = memory.data(260, 4);
const HYPHEN: u8 = 0x2d;

/** Action for bodies that cannot be read on a path in normal form: the strictest route's, or `otherwise`. */
export function actionOnPath(blob: usize, path: usize, pathLen: u32, otherwise: u32): u32 {
  let action = NONE;
  let route = blob + load<u32>(blob, MaskHeader.routeOff);
  for (let left = load<u32>(blob, MaskHeader.routeCount); left > 0; left--) {
    const start = load<u32>(route, MaskRoute.segmentStart);
    const count = load<u32>(route, MaskRoute.segmentCount);
    if (matches(blob, start, count, path, pathLen)) {
      action = min(action, load<u32>(route, MaskRoute.action));
    }
    route += MaskRoute.SIZE;
  }
  return action == NONE ? otherwise : action;
}

/**
 * Adds a path that came as `raw` to the value that is being rewritten, its segments masked; `path` is its normal form, which
 * has the same slashes. `detects`: what detectors find in the other segments too.
 */
export function maskPath(path: usize, pathLen: u32, raw: usize, rawLen: u32, detects: bool): void {
  isPathChanged = false;
  const isMarked = markSegments(path, pathLen);
  const looks = detects && hasDetectors();
  let start: u32 = 1;
  for (let index: u32 = 0; start <= rawLen; index++) {
    const next = findByte(raw + start, rawLen - start, SLASH);
    const len = next < 0 ? rawLen - start : <u32>next;
    putByte(SLASH);
    const strength =
      isMarked && index < SEGMENTS_MAX ? load<u32>(strengths + ((<usize>index) << 2)) : 0;
    if (strength != 0 || looks) maskSegment(raw + start, len, strength);
    else putBytes(raw + start, len);
    start += len + 1;
  }
}

function maskSegment(ptr: usize, len: u32, strength: u32): void {
  if (len == 0) return;
  const outcome = maskValue(ptr, len, strength, Writing.Percent);
  if (outcome == ValueOutcome.Same) {
    putBytes(ptr, len);
    return;
  }
  isPathChanged = true;
  // An empty segment would make it another path.
  if (outcome == ValueOutcome.Dropped || valueLen == 0) putByte(HYPHEN);
  else putBytes(valuePtr, valueLen);
}

/** Whether a path of the policy matches; `strengths` then has what is masked. */
function markSegments(path: usize, pathLen: u32): bool {
  const blob = openedBlob();
  const segments = blob + load<u32>(blob, MaskHeader.segmentOff);
  let isAny = false;
  let record = blob + load<u32>(blob, MaskHeader.pathOff);
  for (let left = load<u32>(blob, MaskHeader.pathCount); left > 0; left--) {
    const start = load<u32>(record, MaskPath.segmentStart);
    const count = load<u32>(record, MaskPath.segmentCount);
    record += MaskPath.SIZE;
    if (!matches(blob, start, count, path, pathLen)) continue;
    if (!isAny) memory.fill(strengths, 0, SEGMENTS_MAX << 2);
    isAny = true;
    for (let i: u32 = 0; i < count && i < SEGMENTS_MAX; i++) {
      const rule = load<u32>(segments + <usize>(start + i) * MaskSegment.SIZE, MaskSegment.rule);
      const slot = strengths + ((<usize>i) << 2);
      store<u32>(slot, max(load<u32>(slot), noteRule(rule)));
    }
  }
  return isAny;
}

/** Whether a path in normal form is what a run of segments stands for. */
function matches(blob: usize, first: u32, count: u32, path: usize, pathLen: u32): bool {
  const strings = blob + load<u32>(blob, MaskHeader.stringOff);
  let segment = blob + load<u32>(blob, MaskHeader.segmentOff) + <usize>first * MaskSegment.SIZE;
  let start: u32 = 1;
  for (let i: u32 = 0; i < count; i++, segment += MaskSegment.SIZE) {
    const kind = load<u32>(segment, MaskSegment.kind);
    if (kind == SegmentMatch.Rest) return true;
    if (start > pathLen) return false;
    const next = findByte(path + start, pathLen - start, SLASH);
    const len = next < 0 ? pathLen - start : <u32>next;
    if (kind == SegmentMatch.Any) {
      if (len == 0) return false;
    } else {
      const key = strings + load<u32>(segment, MaskSegment.key);
      if (!equalBytes(key, load<u32>(segment, MaskSegment.keyLen), path + start, len)) return false;
    }
    start += len + 1;
  }
  return start > pathLen;
}
