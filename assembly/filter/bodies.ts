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
import { blockAlloc, blockFree } from '../memory/block';
import { denyRequest, denyResponse, resetStream } from './deny';
import { Counter, count } from './metrics';
import { holdsHeaders } from './settings';
import { Body, Stream, freeBody } from './streams';

/** Says that a body will be masked: the stream keeps the profile, whatever becomes of the bundle. */
export function armBody(body: Body, holder: usize): void {
  retainMask(holder);
  body.holder = holder;
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
  if (stream.isClosed) return BodyAction.StopNoBuffer;
  if (body.holder == 0) return BodyAction.Continue;
  if (maskChunk(stream, body, BufferType.RequestBody, size, isEnd)) {
    if (isEnd) finish(body, Counter.MaskedRequest);
    return BodyAction.Continue;
  }
  refuseRequestBody(id, stream, fault);
  return BodyAction.StopNoBuffer;
}

/** A chunk of a response body. */
export function maskResponseChunk(id: u32, stream: Stream, size: u32, isEnd: bool): BodyAction {
  const body = stream.response;
  if (body.holder == 0) return BodyAction.Continue;
  if (maskChunk(stream, body, BufferType.ResponseBody, size, isEnd)) {
    if (isEnd) finish(body, Counter.MaskedResponse);
    return BodyAction.Continue;
  }
  refuseResponseBody(id, stream, fault);
  return BodyAction.StopNoBuffer;
}

/** Trailers end a request body. */
export function endRequestBody(id: u32, stream: Stream): TrailersAction {
  const body = stream.request;
  if (body.holder == 0) return TrailersAction.Continue;
  if (isEndedByTrailers(body)) {
    finish(body, Counter.MaskedRequest);
    return TrailersAction.Continue;
  }
  refuseRequestBody(id, stream, Reason.BodyUnreadable);
  return TrailersAction.StopIteration;
}

/** Trailers end a response body. */
export function endResponseBody(id: u32, stream: Stream): TrailersAction {
  const body = stream.response;
  if (body.holder == 0) return TrailersAction.Continue;
  if (isEndedByTrailers(body)) {
    finish(body, Counter.MaskedResponse);
    return TrailersAction.Continue;
  }
  refuseResponseBody(id, stream, Reason.BodyUnreadable);
  return TrailersAction.StopIteration;
}

/** Ends a stream whose request body cannot be masked: read as its content type says, or for want of room. */
export function refuseRequestBody(id: u32, stream: Stream, reason: Reason): void {
  count(Counter.BodyUnreadable, 1);
  stream.bodyReason = <u8>reason;
  const isLate = stream.request.isForwarded;
  freeBody(stream.request);
  if (isLate) resetStream(id, stream);
  else denyRequest(id, stream, reason);
}

/** Ends a stream whose response body cannot be masked. */
export function refuseResponseBody(id: u32, stream: Stream, reason: Reason): void {
  count(Counter.BodyUnreadable, 1);
  stream.bodyReason = <u8>reason;
  const isLate = stream.response.isForwarded;
  freeBody(stream.response);
  if (isLate) resetStream(id, stream);
  else denyResponse(id, stream, reason);
}

/** Why the last chunk could not be masked. */
let fault: Reason = Reason.BodyUnreadable;

function maskChunk(stream: Stream, body: Body, buffer: BufferType, size: u32, isEnd: bool): bool {
  fault = Reason.BodyUnreadable;
  if (body.isDone) return size == 0;
  if (body.masker == 0 && !openMasker(stream, body)) return false;
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
  // No masker was made: no bytes came, and an empty body is fine.
  if (body.isDone || body.masker == 0) return true;
  return maskerFeed(body.masker, 0, 0, true) == MaskStatus.Ok && maskedLen == 0;
}

/** The state of a masker is big: it is there only while bytes come. False when there is no room. */
function openMasker(stream: Stream, body: Body): bool {
  const masker = blockAlloc(MASKER_BYTES);
  if (masker == 0) {
    fault = Reason.NoMemory;
    return false;
  }
  body.masker = masker;
  maskerInit(masker, heldBlob(body.holder), stream.clearance);
  return true;
}

function finish(body: Body, counter: Counter): void {
  body.isDone = true;
  if (body.masker == 0) return;
  body.masked = maskerCount(body.masker);
  count(counter, body.masked);
  blockFree(body.masker);
  body.masker = 0;
}
