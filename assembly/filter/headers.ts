/** The header callbacks: decide on a request, arm the masks, mend headers that masking makes untrue. */
import { HeadersAction, MapType, Status } from '../abi/enums';
import { dataLen, dataPtr, readPairs, readProperty, removeHeader } from '../abi/hostcalls';
import * as request from '../context/request';
import * as response from '../context/response';
import { Audit, Direction, Reason } from '../layout';
import { blockAlloc } from '../memory/block';
import { startsWith } from '../memory/bytes';
import { Text, text } from '../memory/text';
import { Bundle } from '../policy/bundle';
import { Decision } from '../policy/decision-cache';
import { RECORD_MAX, writeRecord } from './audit-record';
import { commitRecord, dropRecord, nextDecision, reserveRecord } from './audit-queue';
import { armBody, holdHeaders, refuseRequestBody, refuseResponseBody } from './bodies';
import { decide, decided, decidedBundle, decidedIdentity } from './decide';
import { denyRequest } from './deny';
import { Counter, count } from './metrics';
import { grantedClearance, masksRequest, masksResponse, restrict } from './restrict';
import { Root } from './roots';
import { Stream, freeBody, listStream } from './streams';

const CONTENT_LENGTH = text('content-length');
const ACCEPT_ENCODING = text('accept-encoding');
const RANGE = text('range');
const IF_RANGE = text('if-range');
const IF_NONE_MATCH = text('if-none-match');
const IF_MATCH = text('if-match');
const ETAG = text('etag');
const CONTENT_MD5 = text('content-md5');
const DIGEST = text('digest');
const CONTENT_DIGEST = text('content-digest');
const REPR_DIGEST = text('repr-digest');
const ACCEPT_RANGES = text('accept-ranges');

const CODE_DETAILS = text('response\0code_details');
const NO_UPSTREAM = text('no_healthy_upstream');
const RESET_BEFORE = text('upstream_reset_before_response_started');
const TIMED_OUT = text('upstream_response_timeout');
const TRY_TIMED_OUT = text('upstream_per_try_timeout');

/** One in this many allowed requests is recorded where rules ask for `sampled`. */
const SAMPLE_EVERY: u64 = 16;

/** Decides a request. */
export function onRequest(id: u32, stream: Stream, isEnd: bool): HeadersAction {
  const number = nextDecision();
  stream.decision = number;
  if (stream.isStandIn) return refuse(id, stream, Reason.NoMemory);
  const hasPairs = readPairs(MapType.RequestHeaders) == Status.Ok;
  if (!hasPairs || !request.readRequest(dataPtr, dataLen)) {
    return refuse(id, stream, Reason.HeadersUnreadable);
  }
  stream.isGrpc = request.isGrpc;
  const root = changetype<Root>(stream.root);
  let reason = decide(root);
  if (reason == Reason.Permitted) reason = restrict(root);
  if (reason == Reason.Permitted) reason = admit(stream, isEnd);
  const recorded = record(stream, reason, number);
  if (reason == Reason.Permitted) reason = recorded;
  if (reason != Reason.Permitted) return refuse(id, stream, reason);
  count(Counter.Allowed, 1);
  if (request.spoofedCount != 0) removeSpoofed();
  return passRequest(id, stream, isEnd);
}

/** Response headers of a stream that was allowed. */
export function onResponse(id: u32, stream: Stream, isEnd: bool): HeadersAction {
  const body = stream.response;
  if (body.holder == 0) return HeadersAction.Continue;
  const hasPairs = readPairs(MapType.ResponseHeaders) == Status.Ok;
  const isReadable = hasPairs && response.readResponse(dataPtr, dataLen) && !response.isSwitching;
  if (!isReadable || (!isEnd && (!response.isJson || response.isEncoded || response.isPartial))) {
    if (isAnswerOfRouter()) {
      freeBody(body);
      return HeadersAction.Continue;
    }
    refuseResponseBody(id, stream, Reason.BodyUnreadable);
    return HeadersAction.StopIteration;
  }
  mendResponse();
  if (isEnd) {
    body.isDone = true;
    return HeadersAction.Continue;
  }
  return holdHeaders(body);
}

/**
 * Whether Envoy's router made the answer itself because there was none of the application: such a text holds nothing of
 * it, and its status is the truth. Answers of anybody else (a cache, a script) are judged like the application's.
 */
function isAnswerOfRouter(): bool {
  readProperty(CODE_DETAILS.ptr, CODE_DETAILS.len);
  return (
    startsWith(dataPtr, dataLen, NO_UPSTREAM.ptr, NO_UPSTREAM.len) ||
    startsWith(dataPtr, dataLen, RESET_BEFORE.ptr, RESET_BEFORE.len) ||
    startsWith(dataPtr, dataLen, TIMED_OUT.ptr, TIMED_OUT.len) ||
    startsWith(dataPtr, dataLen, TRY_TIMED_OUT.ptr, TRY_TIMED_OUT.len)
  );
}

function refuse(id: u32, stream: Stream, reason: Reason): HeadersAction {
  count(Counter.Denied, 1);
  if (reason >= Reason.ReadOnly && reason <= Reason.Isolated) count(Counter.Restricted, 1);
  denyRequest(id, stream, reason);
  return HeadersAction.StopIteration;
}

/** What an allowed stream needs before it may go on. */
function admit(stream: Stream, isEnd: bool): Reason {
  const bundle = changetype<Bundle>(decidedBundle);
  stream.clearance = grantedClearance;
  if ((masksRequest || masksResponse) && isTunnel()) return Reason.UpgradeRefused;
  if (masksRequest && !isEnd) armBody(stream.request, bundle.requestMask);
  if (masksResponse) armBody(stream.response, bundle.responseMask);
  return listStream(stream, decidedIdentity) ? Reason.Permitted : Reason.NoMemory;
}

/** An upgraded connection carries bytes that nobody masks. */
function isTunnel(): bool {
  return request.isUpgrade || (request.methodLen == 7 && load<u8>(request.methodPtr, 1) == 0x4f);
}

/**
 * Records a decision: at once, or, when bodies will be masked, at the end of the stream. A synchronous record is written
 * at once in any case, and a second one with the same decision completes it. Returns Reason.AuditFull when a rule asks
 * for a synchronous record and there is no room.
 */
function record(stream: Stream, reason: Reason, number: u64): Reason {
  const isAllowed = reason == Reason.Permitted;
  const audit = decided == 0 ? Audit.Always : changetype<Decision>(decided).audit;
  // Shadow rules that disagree are always recorded.
  const differs = decided != 0 && changetype<Decision>(decided).shadowDiffers;
  const isSampled = audit == Audit.Sampled && !differs;
  if (isAllowed && isSampled && number % SAMPLE_EVERY != 0) return reason;
  const mustRecord = isAllowed && audit == Audit.Synchronous;
  const direction =
    decidedBundle == 0 ? Direction.Inbound : changetype<Bundle>(decidedBundle).direction;
  const waits = isAllowed && (stream.request.holder != 0 || stream.response.holder != 0);
  if (waits) {
    stream.isRecorded = mustRecord;
    stream.record = blockAlloc(RECORD_MAX);
    if (stream.record != 0) writeRecord(stream.record, number, reason, direction);
    else if (!mustRecord) dropRecord();
    if (!mustRecord) return reason;
  }
  const place = reserveRecord(RECORD_MAX);
  if (place == 0) {
    dropRecord();
    return mustRecord ? Reason.AuditFull : reason;
  }
  commitRecord(writeRecord(place, number, reason, direction));
  return reason;
}

/** What the caller says about us is removed before the application can believe it. */
function removeSpoofed(): void {
  count(Counter.SpoofedHeaders, request.spoofedCount);
  for (let i: u32 = 0; i < request.spoofedCount; i++) {
    const entry = request.spoofed + ((<usize>i) << 3);
    removeHeader(MapType.RequestHeaders, load<u32>(entry), load<u32>(entry, 4));
  }
}

function passRequest(id: u32, stream: Stream, isEnd: bool): HeadersAction {
  if (stream.response.holder != 0) askForPlainResponse();
  if (stream.request.holder == 0) return HeadersAction.Continue;
  if (!request.isJson || request.isEncoded) {
    refuseRequestBody(id, stream, Reason.BodyUnreadable);
    return HeadersAction.StopIteration;
  }
  drop(MapType.RequestHeaders, CONTENT_LENGTH);
  drop(MapType.RequestHeaders, CONTENT_MD5);
  drop(MapType.RequestHeaders, DIGEST);
  drop(MapType.RequestHeaders, CONTENT_DIGEST);
  drop(MapType.RequestHeaders, REPR_DIGEST);
  return isEnd ? HeadersAction.Continue : holdHeaders(stream.request);
}

/** A compressed response could not be read, a part of one has no reading, and a validator would lie about a masked one. */
function askForPlainResponse(): void {
  drop(MapType.RequestHeaders, ACCEPT_ENCODING);
  drop(MapType.RequestHeaders, RANGE);
  drop(MapType.RequestHeaders, IF_RANGE);
  drop(MapType.RequestHeaders, IF_NONE_MATCH);
  drop(MapType.RequestHeaders, IF_MATCH);
}

function mendResponse(): void {
  drop(MapType.ResponseHeaders, CONTENT_LENGTH);
  drop(MapType.ResponseHeaders, ETAG);
  drop(MapType.ResponseHeaders, CONTENT_MD5);
  drop(MapType.ResponseHeaders, DIGEST);
  drop(MapType.ResponseHeaders, CONTENT_DIGEST);
  drop(MapType.ResponseHeaders, REPR_DIGEST);
  drop(MapType.ResponseHeaders, ACCEPT_RANGES);
}

function drop(map: MapType, name: Text): void {
  removeHeader(map, name.ptr, name.len);
}
