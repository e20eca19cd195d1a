/**
 * Masking of bodies as a stream, in both directions.
 *
 * Invariant: on a masked route no byte goes on that the masker did not write, unless the declared action says so. What it
 * cannot read ends the stream: with a status while nothing went on, with a reset after that.
 */
import { BodyAction, Status, TrailersAction } from '../abi/enums';
import { dataLen, dataPtr, readBuffer, readProperty, replaceBuffer } from '../abi/hostcalls';
import { Reason } from '../layout';
import {
  MASKER_BYTES,
  MaskStatus,
  bodyCount,
  bodyHeld,
  bodyLabels,
  feedBody,
  maskedLen,
  maskedPtr,
  openBody,
} from '../mask/body';
import { heldBlob } from '../mask/holder';
import { arenaAlloc } from '../memory/arena';
import { blockAlloc } from '../memory/block';
import { text } from '../memory/text';
import { resetStream } from './deny';
import { showBodyLabels } from './labels';
import { maskTrailers, saysBodyWasLost } from './masked-trailers';
import { count } from './metrics';
import { Side, bodyOf, bufferOf, maskedCounter } from './sides';
import { Body, BodyState, Stream, UNTYPED, freeMasker } from './streams';
import { refuseBody, replaceByRedaction, stopChunk, stopTrailers } from './unreadable';

const UPSTREAM_DONE = text('response\0backend_latency');
/** Most bytes that the host holds back, so that trailers find them: below Envoy's limit of 1 MiB, with a chunk to come. */
const WAITING_MAX: usize = 786_432;

/** A chunk of a body; `size` counts what the host held back before. */
export function takeChunk(id: u32, stream: Stream, side: Side, size: u32, isEnd: bool): BodyAction {
  const body = bodyOf(stream, side);
  if (body.holder == 0) return BodyAction.Continue;
  switch (body.state) {
    case BodyState.Masking:
      return maskChunk(id, stream, body, side, size, isEnd);
    case BodyState.Passing:
    case BodyState.Plain:
      return BodyAction.Continue;
    case BodyState.Redacting:
      if (size == 0 || replaceByRedaction(body, side)) return BodyAction.Continue;
      break;
    case BodyState.Redacted:
      if (size == 0 || replaceBuffer(bufferOf(side), 0, 0) == Status.Ok) return BodyAction.Continue;
      break;
    default:
      if (size == 0) return BodyAction.Continue;
  }
  return stopChunk(id, stream, side, Reason.BodyUnreadable);
}

/** Bytes before the answer to an upgrade are those of nobody: a server that does not upgrade would take them for a request. */
export function takeTunnelChunk(id: u32, stream: Stream, size: u32): BodyAction {
  if (stream.isTunnelOpen || size == 0) return BodyAction.Continue;
  resetStream(id, stream);
  return BodyAction.StopNoBuffer;
}

/** Trailers end a body. */
export function takeTrailers(id: u32, stream: Stream, side: Side): TrailersAction {
  const body = bodyOf(stream, side);
  if (body.holder == 0) return TrailersAction.Continue;
  if (!maskTrailers(stream, side)) {
    refuseBody(id, stream, side, Reason.BodyUnreadable);
    return TrailersAction.StopIteration;
  }
  if (body.state != BodyState.Masking) return TrailersAction.Continue;
  if (!endByTrailers(stream, body, side)) return stopTrailers(id, stream, side);
  finish(stream, body, side);
  return TrailersAction.Continue;
}

/** Why the last chunk could not be masked. */
let fault: Reason = Reason.BodyUnreadable;

function maskChunk(
  id: u32,
  stream: Stream,
  body: Body,
  side: Side,
  size: u32,
  isLast: bool,
): BodyAction {
  const isEnd = isLast || endsUnsaid(body, side, size);
  fault = Reason.BodyUnreadable;
  // Letting an empty chunk go would let the headers go, and it would be too late for a status.
  if (size == 0 && !isEnd && !body.isForwarded) return BodyAction.StopAndBuffer;
  if (!feedChunk(stream, body, side, size, isEnd)) return stopChunk(id, stream, side, fault);
  body.isStarted = body.isStarted || size != 0;
  if (!body.isForwarded) showBodyLabels(stream, body, side);
  if (isEnd) {
    finish(stream, body, side);
  } else if (body.mayWait && bodyHeld(body.masker) != 0) {
    const waiting = body.buffered + maskedLen;
    if (waiting <= WAITING_MAX) {
      body.buffered = <u32>waiting;
      body.isWaiting = true;
      return BodyAction.StopAndBuffer;
    }
    // Letting go now could let the trailers go past, and what is held back would be missing.
    if (body.mayBeDecoded && body.isWaiting)
      return stopChunk(id, stream, side, Reason.BodyUnreadable);
  }
  body.buffered = 0;
  body.isWaiting = false;
  body.isForwarded = true;
  return BodyAction.Continue;
}

/**
 * Whether a decoded response of a format that does not say where it ends is over with this chunk, though the host does not
 * say so: its decompressor's trailers follow in the same call. Stopping would stop them for good.
 */
function endsUnsaid(body: Body, side: Side, size: u32): bool {
  if (side != Side.Response || !body.mayBeDecoded || !body.isOpenEnded) return false;
  // An empty body is judged by its trailers.
  if (size == 0 && !body.isStarted) return false;
  // Known once the last byte of the upstream was received.
  return readProperty(UPSTREAM_DONE.ptr, UPSTREAM_DONE.len) == Status.Ok && dataLen != 0;
}

/** Masks what is new of a chunk and leaves the host all of it. */
function feedChunk(stream: Stream, body: Body, side: Side, size: u32, isEnd: bool): bool {
  if (body.format == UNTYPED) return size == 0;
  if (size < body.buffered || (body.masker == 0 && !openMasker(stream, body))) return false;
  let ptr: usize = 0;
  if (size != 0) {
    if (readBuffer(bufferOf(side), 0, size) != Status.Ok || dataLen != size) return false;
    ptr = dataPtr;
  }
  const status = feedBody(body.masker, ptr + body.buffered, size - body.buffered, isEnd);
  if (status == MaskStatus.NoRoom) fault = Reason.NoMemory;
  if (status != MaskStatus.Ok) return false;
  if (size == 0 && maskedLen == 0) return true;
  return leaveAtHost(body, side, ptr);
}

/** Gives the host what it held back, which lies at `before`, and the masker's output behind it. */
function leaveAtHost(body: Body, side: Side, before: usize): bool {
  if (body.buffered == 0)
    return replaceBuffer(bufferOf(side), maskedPtr, <u32>maskedLen) == Status.Ok;
  const all = arenaAlloc(<usize>body.buffered + maskedLen);
  if (all == 0) {
    fault = Reason.NoMemory;
    return false;
  }
  memory.copy(all, before, body.buffered);
  memory.copy(all + body.buffered, maskedPtr, maskedLen);
  return replaceBuffer(bufferOf(side), all, body.buffered + <u32>maskedLen) == Status.Ok;
}

/** The host takes bytes in a trailer callback only in front of which it holds some back: else there may be none left. */
function endByTrailers(stream: Stream, body: Body, side: Side): bool {
  // Envoy makes an encoded body that it cannot decode an empty one.
  if (!body.isStarted && saysBodyWasLost) return false;
  if (body.masker == 0) return true;
  if (feedBody(body.masker, 0, 0, true) != MaskStatus.Ok) return false;
  if (maskedLen == 0) return true;
  if (!body.isWaiting) return false;
  if (body.buffered == 0) return leaveAtHost(body, side, 0);
  if (readBuffer(bufferOf(side), 0, body.buffered) != Status.Ok || dataLen != body.buffered)
    return false;
  return leaveAtHost(body, side, dataPtr);
}

/** The state of a masker is big: it is there only while bytes come. False when there is no room. */
function openMasker(stream: Stream, body: Body): bool {
  const masker = blockAlloc(MASKER_BYTES);
  if (masker == 0) {
    fault = Reason.NoMemory;
    return false;
  }
  body.masker = masker;
  openBody(
    masker,
    heldBlob(body.holder),
    stream.clearance,
    stream.band,
    body.format,
    body.charset,
    body.boundary,
    body.argLen,
  );
  return true;
}

function finish(stream: Stream, body: Body, side: Side): void {
  body.state = BodyState.Done;
  body.isForwarded = true;
  if (body.masker == 0) return;
  stream.labels |= bodyLabels(body.masker);
  const masked = bodyCount(body.masker);
  body.masked += masked;
  count(maskedCounter(side), masked);
  freeMasker(body);
}
