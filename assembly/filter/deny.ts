/** What a refused caller gets: a status, a reason code and a decision id, and nothing to learn from (RFC 9457). */
import { GrpcStatus } from '../abi/enums';
import {
  encodedLen,
  encodedPtr,
  pairsAdd,
  pairsAddText,
  pairsFinish,
  pairsStart,
} from '../abi/header-pairs-writer';
import { closeStream, sendLocalResponse } from '../abi/stream-terminal';
import { Reason } from '../layout';
import { writeDecimal, writeHex } from '../memory/bytes';
import { Text, text } from '../memory/text';
import { vmId } from './audit-queue';
import { retryAfterSeconds } from './restrict';
import { Stream } from './streams';

const CONTENT_TYPE = text('content-type');
const PROBLEM_JSON = text('application/problem+json');
const RETRY_AFTER = text('retry-after');
const FORBIDDEN = text('{"type":"about:blank","title":"Forbidden","status":403,"code":"DTA');
const BAD_GATEWAY = text('{"type":"about:blank","title":"Bad Gateway","status":502,"code":"DTA');
const TOO_MANY = text('{"type":"about:blank","title":"Too Many Requests","status":429,"code":"DTA');
const UNAVAILABLE = text(
  '{"type":"about:blank","title":"Service Unavailable","status":503,"code":"DTA',
);
const DECISION = text('","decision":"');
const END = text('"}\n');
const GRPC_DENIED = text('denied DTA');
const DETAILS = text('dta_denied');

const FIRST_CODE: u32 = 1000;
const body: usize = memory.data(256);
const idBytes: usize = memory.data(16, 8);
const secondsText: usize = memory.data(20);

/**
 * Ends a stream with 403, or status 7 for gRPC. A used-up rate is 429 or RESOURCE_EXHAUSTED, an open circuit 503 or
 * UNAVAILABLE, both with the seconds to wait.
 */
export function denyRequest(id: u32, stream: Stream, reason: Reason): void {
  stream.isClosed = true;
  const status = reason == Reason.RateLimited ? 429 : reason == Reason.CircuitOpen ? 503 : 403;
  answer(id, status, stream.isGrpc, reason, stream.decision);
}

/** Ends a stream with 502 because its response may not go on as it is. */
export function denyResponse(id: u32, stream: Stream, reason: Reason): void {
  stream.isClosed = true;
  answer(id, 502, stream.isGrpc, reason, stream.decision);
}

/** Resets a stream for which it is too late to answer with a status. */
export function resetStream(id: u32, stream: Stream): void {
  stream.isClosed = true;
  closeStream(id);
}

function answer(id: u32, status: u32, isGrpc: bool, reason: Reason, decision: u64): void {
  let at = (isGrpc ? GRPC_DENIED : problemOf(status)).writeTo(body);
  at += writeDecimal(at, FIRST_CODE + reason);
  if (isGrpc) {
    store<u8>(at, 0x20);
    at = writeDecisionId(at + 1, decision);
  } else {
    at = DECISION.writeTo(at);
    at = writeDecisionId(at, decision);
    at = END.writeTo(at);
  }
  pairsStart();
  if (!isGrpc) pairsAddText(CONTENT_TYPE, PROBLEM_JSON);
  if (status == 429 || status == 503) {
    pairsAdd(RETRY_AFTER, secondsText, writeDecimal(secondsText, retryAfterSeconds));
  }
  const hasHeaders = pairsFinish();
  const grpcStatus = isGrpc ? grpcStatusOf(status) : GrpcStatus.None;
  sendLocalResponse(
    id,
    status,
    DETAILS,
    body,
    <u32>(at - body),
    hasHeaders ? encodedPtr : 0,
    hasHeaders ? encodedLen : 0,
    grpcStatus,
  );
}

/** Start of the body, up to the reason. */
function problemOf(status: u32): Text {
  switch (status) {
    case 429:
      return TOO_MANY;
    case 502:
      return BAD_GATEWAY;
    case 503:
      return UNAVAILABLE;
    default:
      return FORBIDDEN;
  }
}

function grpcStatusOf(status: u32): GrpcStatus {
  switch (status) {
    case 429:
      return GrpcStatus.ResourceExhausted;
    case 503:
      return GrpcStatus.Unavailable;
    default:
      return GrpcStatus.PermissionDenied;
  }
}

/** Writes `<vm id>-<decision>`, both as 16 hexadecimal digits; the address behind it. */
export function writeDecisionId(at: usize, decision: u64): usize {
  store<u64>(idBytes, bswap<u64>(vmId));
  store<u64>(idBytes, bswap<u64>(decision), 8);
  writeHex(at, idBytes, 8);
  store<u8>(at + 16, 0x2d);
  writeHex(at + 17, idBytes + 8, 8);
  return at + 33;
}
