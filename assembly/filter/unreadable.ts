/**
 * What happens to a body that cannot be read: the declared action, as far as it is not too late for it.
 *
 * Invariant: raw bytes go on only under PassUnmasked, and only as long as the masker has written none.
 */
import { BodyAction, HeadersAction, TrailersAction } from '../abi/enums';
import { replaceBuffer } from '../abi/hostcalls';
import { Reason, UnreadableAction } from '../layout';
import { denyRequest, denyResponse, resetStream } from './deny';
import { describeOtherBody, mendHeaders } from './mend';
import { Counter, count } from './metrics';
import { isRedactable, keepsType, redactionLen, redactionPtr, writeRedaction } from './redaction';
import { Side, bodyOf, bufferOf } from './sides';
import { Body, BodyState, NO_KNOWN_CHARSET, Stream, freeBody, freeMasker } from './streams';

/**
 * A body that its headers say cannot be read, before any of it came. `hasType`: its type says how a body in its place would
 * be written.
 */
export function startUnreadable(
  id: u32,
  stream: Stream,
  side: Side,
  hasType: bool,
  isRedactableHere: bool,
): HeadersAction {
  const body = bodyOf(stream, side);
  const keeps = hasType && keepsType(body.charset);
  if (body.action == UnreadableAction.PassUnmasked) {
    letPass(stream, body);
    return HeadersAction.Continue;
  }
  const canRedact = isRedactableHere && !(keeps && !isRedactable(body.format));
  if (body.action == UnreadableAction.RedactBody && canRedact) {
    mendHeaders(side);
    describeOtherBody(side, keeps);
    if (!keeps) body.charset = NO_KNOWN_CHARSET;
    startRedaction(stream, body);
    return HeadersAction.Continue;
  }
  refuseBody(id, stream, side, Reason.BodyUnreadable);
  return HeadersAction.StopIteration;
}

/** A chunk that could not be read; the host still has it as it came, behind what was masked before. */
export function stopChunk(id: u32, stream: Stream, side: Side, reason: Reason): BodyAction {
  const body = bodyOf(stream, side);
  if (reason == Reason.BodyUnreadable) {
    if (body.action == UnreadableAction.PassUnmasked && !body.isStarted) {
      letPass(stream, body);
      return BodyAction.Continue;
    }
    if (redactHeld(stream, body, side)) return BodyAction.Continue;
  }
  refuseBody(id, stream, side, reason);
  return BodyAction.StopNoBuffer;
}

/** A body that turned out unreadable with its trailers. */
export function stopTrailers(id: u32, stream: Stream, side: Side): TrailersAction {
  const body = bodyOf(stream, side);
  if (body.isWaiting && redactHeld(stream, body, side)) return TrailersAction.Continue;
  refuseBody(id, stream, side, Reason.BodyUnreadable);
  return TrailersAction.StopIteration;
}

/** Puts the body that stands for another in the place of a chunk. False when the host does not take it. */
export function replaceByRedaction(body: Body, side: Side): bool {
  writeRedaction(body);
  body.state = BodyState.Redacted;
  body.isForwarded = true;
  return replaceBuffer(bufferOf(side), redactionPtr, redactionLen) == 0;
}

/** Ends a stream whose body may not go on. */
export function refuseBody(id: u32, stream: Stream, side: Side, reason: Reason): void {
  count(Counter.BodyUnreadable, 1);
  stream.bodyReason = <u8>reason;
  const body = bodyOf(stream, side);
  const isLate = body.isForwarded;
  freeBody(body);
  if (isLate) resetStream(id, stream);
  else if (side == Side.Request) denyRequest(id, stream, reason);
  else denyResponse(id, stream, reason);
}

function letPass(stream: Stream, body: Body): void {
  count(Counter.BodyPassed, 1);
  stream.bodyReason = <u8>Reason.BodyUnreadable;
  stream.wasPassed = true;
  body.state = BodyState.Passing;
  body.isForwarded = true;
  freeMasker(body);
}

function startRedaction(stream: Stream, body: Body): void {
  count(Counter.BodyRedacted, 1);
  stream.bodyReason = <u8>Reason.BodyUnreadable;
  stream.wasRedacted = true;
  body.state = BodyState.Redacting;
  body.isForwarded = true;
  freeMasker(body);
}

/** Redacts a body of which nothing went on, not even its headers. False when that is not to be. */
function redactHeld(stream: Stream, body: Body, side: Side): bool {
  if (body.action != UnreadableAction.RedactBody) return false;
  if (body.isForwarded || !isRedactable(body.format)) return false;
  const keeps = keepsType(body.charset);
  describeOtherBody(side, keeps);
  startRedaction(stream, body);
  return replaceByRedaction(body, side);
}
