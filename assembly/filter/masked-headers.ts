/** Masks headers, cookies, parameters and segments of paths, in requests and responses. */
import { MapType } from '../abi/enums';
import { replaceHeader } from '../abi/hostcalls';
import * as request from '../context/request';
import { MaskHeader } from '../layout';
import { foundLabels, hasDetectors, openValues } from '../mask/values';
import { isOverfull, rewrittenLen, rewrittenPtr } from '../mask/rewritten';
import { text } from '../memory/text';
import { isTargetChanged, rewriteTarget } from './masked-path';
import { dropStatusDetails } from './mend';
import { rewritePairs, rewrittenValues } from './rewrite-pairs';
import { Body, Stream } from './streams';

const PATH = text(':path');

/**
 * Masks what stands beside the body of the request that `context/request` read, and notes its labels. False when it cannot
 * be done.
 */
export function maskRequestValues(stream: Stream, blob: usize): bool {
  openValues(blob, stream.clearance, stream.band);
  let masked: u32 = 0;
  if (load<u32>(blob, MaskHeader.valueCount) != 0 || hasDetectors()) {
    const map = MapType.RequestHeaders;
    if (!rewritePairs(map, request.pairsPtr, request.pairsLen, false)) return false;
    masked = rewrittenValues;
  }
  masked += rewriteTarget(blob, false);
  if (isTargetChanged) {
    if (isOverfull) return false;
    replaceHeader(MapType.RequestHeaders, PATH.ptr, PATH.len, rewrittenPtr, rewrittenLen);
  }
  stream.labels |= foundLabels;
  stream.request.masked += masked;
  return true;
}

/**
 * Masks what stands beside the body of a response; `pairs` are its headers. `areTrailers`: gRPC sent nothing else, and they
 * are masked as its trailers are. False when it cannot be done.
 */
export function maskResponseValues(
  stream: Stream,
  blob: usize,
  pairs: usize,
  len: u32,
  areTrailers: bool,
): bool {
  dropStatusDetails(MapType.ResponseHeaders);
  openValues(blob, stream.clearance, stream.band);
  if (load<u32>(blob, MaskHeader.valueCount) == 0 && !hasDetectors()) return true;
  if (!rewritePairs(MapType.ResponseHeaders, pairs, len, areTrailers)) return false;
  takeFound(stream, stream.response);
  return true;
}

/** Adds what the last `rewritePairs` found to a stream. */
export function takeFound(stream: Stream, body: Body): void {
  stream.labels |= foundLabels;
  body.masked += rewrittenValues;
}
