/** Checks what a mask blob says of headers, cookies, parameters, paths and routes. */
import {
  MaskHeader,
  MaskPath,
  MaskRoute,
  MaskSegment,
  MaskValue,
  NameMode,
  PATH_SEGMENTS_MAX,
  SegmentMatch,
  UnreadableAction,
  ValuePlace,
} from '../layout';
import {
  KEY_LEN_MAX,
  isHeaderName,
  isIndexOrNone,
  isRunInside,
  isTextAbsent,
  isTextInside,
  tableAt,
  tableCount,
  textLen,
} from './blob-bounds';
import { isWrittenFor } from './validate-fields';

/** Most bytes of a literal segment: longer paths are denied before they are masked. */
const SEGMENT_LEN_MAX: u32 = 8_192;

/** Whether every header, cookie and parameter has its rule and is written as it is compared. */
export function areValuesValid(blob: usize): bool {
  const rules = tableCount(blob, MaskHeader.ruleOff);
  let value = tableAt(blob, MaskHeader.valueOff);
  for (let left = tableCount(blob, MaskHeader.valueOff); left > 0; left--) {
    const place = load<u32>(value, MaskValue.place);
    const mode = load<u32>(value, MaskValue.mode);
    const key = value + MaskValue.key;
    if (place > <u32>ValuePlace.Query || load<u32>(value, MaskValue.rule) >= rules) return false;
    if (load<u32>(value, MaskValue.reserved) != 0) return false;
    if (!isTextInside(blob, key, KEY_LEN_MAX) || textLen(key) == 0) return false;
    if (!isWrittenFor(mode, blob, key)) return false;
    if (place == <u32>ValuePlace.Header) {
      if (mode != <u32>NameMode.AnyCase || !isHeaderName(blob, key)) return false;
    }
    value += MaskValue.SIZE;
  }
  return true;
}

/** Whether every segment is one that is known. */
export function areSegmentsValid(blob: usize): bool {
  const rules = tableCount(blob, MaskHeader.ruleOff);
  let segment = tableAt(blob, MaskHeader.segmentOff);
  for (let left = tableCount(blob, MaskHeader.segmentOff); left > 0; left--) {
    const kind = load<u32>(segment, MaskSegment.kind);
    const key = segment + MaskSegment.key;
    if (!isIndexOrNone(load<u32>(segment, MaskSegment.rule), rules)) return false;
    if (kind == <u32>SegmentMatch.Literal) {
      if (!isTextInside(blob, key, SEGMENT_LEN_MAX)) return false;
    } else if (kind > <u32>SegmentMatch.Rest || !isTextAbsent(key)) return false;
    segment += MaskSegment.SIZE;
  }
  return true;
}

/** Whether every path is a run of segments. The segments were checked before. */
export function arePathsValid(blob: usize): bool {
  let path = tableAt(blob, MaskHeader.pathOff);
  for (let left = tableCount(blob, MaskHeader.pathOff); left > 0; left--) {
    const start = load<u32>(path, MaskPath.segmentStart);
    if (!isPath(blob, start, load<u32>(path, MaskPath.segmentCount))) return false;
    path += MaskPath.SIZE;
  }
  return true;
}

/** Whether every route is a run of segments with an action. The segments were checked before. */
export function areRoutesValid(blob: usize): bool {
  let route = tableAt(blob, MaskHeader.routeOff);
  for (let left = tableCount(blob, MaskHeader.routeOff); left > 0; left--) {
    const start = load<u32>(route, MaskRoute.segmentStart);
    if (!isPath(blob, start, load<u32>(route, MaskRoute.segmentCount))) return false;
    if (load<u32>(route, MaskRoute.action) > <u32>UnreadableAction.PassUnmasked) return false;
    if (load<u32>(route, MaskRoute.reserved) != 0) return false;
    route += MaskRoute.SIZE;
  }
  return true;
}

/** At most as many segments as a path that is matched, and Rest behind them. */
function isPath(blob: usize, start: u32, count: u32): bool {
  if (!isRunInside(start, count, tableCount(blob, MaskHeader.segmentOff))) return false;
  if (count == 0 || count > PATH_SEGMENTS_MAX + 1) return false;
  let segment = tableAt(blob, MaskHeader.segmentOff) + <usize>start * MaskSegment.SIZE;
  for (let left = count; left > 1; left--) {
    if (load<u32>(segment, MaskSegment.kind) == <u32>SegmentMatch.Rest) return false;
    segment += MaskSegment.SIZE;
  }
  return true;
}
