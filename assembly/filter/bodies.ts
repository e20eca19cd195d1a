/**
 * Masking of bodies as a stream, in both directions.
 *
 * Invariant: on a masked route no byte goes on that the masker did not write. What it cannot read ends the stream: with a
 * status while nothing went on, with a reset after that.
 */
import { BodyAction, BufferType, HeadersAction, Status, TrailersAction } from '../abi/enums';
import { dataLen, dataPtr, readBuffer, replaceBuffer } from '../abi/hostcalls';
import { Reason } from '../layout';
import { heldBlob, retainMask } from '../mask/holder';
import {
  MASKER_BYTES,
  MaskStatus,
  maskedLen,
  maskedPtr,
  maskerCount,
  maskerFeed,
  maskerInit,
} from '../mask/masker';
import { blockAlloc } from '../memory/block';
import { denyRequest, denyResponse, resetStream } from './deny';
import { Counter, count } from './metrics';
import { holdsHeaders } from './settings';
import { Body, Stream, freeBody } from './streams';
import { decisionsMade } from './audit-queue';

/** Starts masking a body: the stream keeps the profile, whatever becomes of the bundle. False when there is no room. */
export function armBody(stream: Stream, body: Body, holder: usize): bool {
  const masker = blockAlloc(MASKER_BYTES);
  if (masker == 0) return false;
  retainMask(holder);
  body.holder = holder;
  body.masker = masker;
  maskerInit(masker, heldBlob(holder), stream.clearance);
  return true;
}

/** Answer of a header callback whose body will be masked: hold the headers where the host lets us. */
export function holdHeaders(body: Body): HeadersAction {
  if (holdsHeaders) return HeadersAction.StopIteration;
  body.isForwarded = true;
  return HeadersAction.Continue;
}

/** A chunk of a request body. */
export function maskRequestChunk(id: u32, stream: Stream, size: u32, isEnd: bool): BodyAction {
  const body = stream.request;
  if (body.masker == 0) return stream.isClosed ? BodyAction.StopNoBuffer : BodyAction.Continue;
  if (maskChunk(body, BufferType.RequestBody, size, isEnd)) {
    if (isEnd) finishRequest(stream);
    return BodyAction.Continue;
  }
  refuseRequestBody(id, stream);
  return BodyAction.StopNoBuffer;
}

/** A chunk of a response body. */
export function maskResponseChunk(id: u32, stream: Stream, size: u32, isEnd: bool): BodyAction {
  const body = stream.response;
  if (body.masker == 0) return BodyAction.Continue;
  if (maskChunk(body, BufferType.ResponseBody, size, isEnd)) {
    if (isEnd) finishResponse(stream);
    return BodyAction.Continue;
  }
  refuseResponseBody(id, stream);
  return BodyAction.StopNoBuffer;
}

/** Trailers end a request body. */
export function endRequestBody(id: u32, stream: Stream): TrailersAction {
  const body = stream.request;
  if (body.masker == 0) return TrailersAction.Continue;
  if (isEndedByTrailers(body)) {
    finishRequest(stream);
    return TrailersAction.Continue;
  }
  refuseRequestBody(id, stream);
  return TrailersAction.StopIteration;
}

/** Trailers end a response body. */
export function endResponseBody(id: u32, stream: Stream): TrailersAction {
  const body = stream.response;
  if (body.masker == 0) return TrailersAction.Continue;
  if (isEndedByTrailers(body)) {
    finishResponse(stream);
    return TrailersAction.Continue;
  }
  refuseResponseBody(id, stream);
  return TrailersAction.StopIteration;
}

/** Ends a stream whose request body cannot be read as its content type says. */
export function refuseRequestBody(id: u32, stream: Stream): void {
  count(Counter.BodyUnreadable, 1);
  stream.bodyReason = <u8>Reason.BodyUnreadable;
  const isLate = stream.request.isForwarded;
  freeBody(stream.request);
  if (isLate) resetStream(id, stream);
  else denyRequest(id, stream, Reason.BodyUnreadable, decisionsMade);
}

/** Ends a stream whose response body cannot be read as its content type says. */
export function refuseResponseBody(id: u32, stream: Stream): void {
  count(Counter.BodyUnreadable, 1);
  stream.bodyReason = <u8>Reason.BodyUnreadable;
  const isLate = stream.response.isForwarded;
  freeBody(stream.response);
  if (isLate) resetStream(id, stream);
  else denyResponse(id, stream, Reason.BodyUnreadable, decisionsMade);
}

function maskChunk(body: Body, buffer: BufferType, size: u32, isEnd: bool): bool {
  if (body.isDone) return size == 0;
  let ptr: usize = 0;
  if (size != 0) {
    if (readBuffer(buffer, 0, size) != Status.Ok || dataLen != size) return false;
    ptr = dataPtr;
  }
  if (maskerFeed(body.masker, ptr, size, isEnd) != MaskStatus.Ok) return false;
  if (size == 0 && maskedLen == 0) return true;
  if (replaceBuffer(buffer, maskedPtr, <u32>maskedLen) != Status.Ok) return false;
  body.isForwarded = true;
  return true;
}

/** A trailer callback can add no bytes: a document that is only complete with its end (a bare number) cannot be passed. */
function isEndedByTrailers(body: Body): bool {
  if (body.isDone) return true;
  return maskerFeed(body.masker, 0, 0, true) == MaskStatus.Ok && maskedLen == 0;
}

function finishRequest(stream: Stream): void {
  const body = stream.request;
  body.isDone = true;
  body.masked = maskerCount(body.masker);
  count(Counter.MaskedRequest, body.masked);
}

function finishResponse(stream: Stream): void {
  const body = stream.response;
  body.isDone = true;
  body.masked = maskerCount(body.masker);
  count(Counter.MaskedResponse, body.masked);
}
