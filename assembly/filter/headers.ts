/** The header callbacks: decide on a request, arm the masks, mend headers that masking makes untrue. */
import { HeadersAction, MapType, Status } from '../abi/enums';
import { dataLen, dataPtr, readPairs, readProperty, removeHeader } from '../abi/hostcalls';
import { contentFormat } from '../context/content';
import { methodBit } from '../context/method';
import * as request from '../context/request';
import * as response from '../context/response';
import { Audit, Direction, MaskFlag, MaskHeader, MethodBit, Reason } from '../layout';
import { BodyFormat } from '../mask/body';
import { heldBlob } from '../mask/holder';
import { blockAlloc } from '../memory/block';
import { startsWith } from '../memory/bytes';
import { text } from '../memory/text';
import { Bundle } from '../policy/bundle';
import { Decision } from '../policy/decision-cache';
import { tellAccessLog } from './access-log';
import { commitRecord, dropRecord, nextDecision, reserveRecord } from './audit-queue';
import { RECORD_MAX, writeRecord } from './audit-record';
import { Reading, armBody, startBody } from './body-start';
import { decide, decided, decidedBundle, decidedIdentity } from './decide';
import { denyRequest } from './deny';
import { showLabels } from './labels';
import { maskRequestValues, maskResponseValues } from './masked-headers';
import { askForReadableResponse, mendHeaders } from './mend';
import { Counter, count } from './metrics';
import { grantedClearance, masksRequest, masksResponse, restrict } from './restrict';
import { Root } from './roots';
import { hasDecompressors } from './settings';
import { Side } from './sides';
import { BodyState, Stream, freeBody, listStream } from './streams';
import { refuseBody } from './unreadable';

const SWITCHING: u32 = 101;
const OK: u32 = 200;
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
  const mask: usize = decidedBundle == 0 ? 0 : changetype<Bundle>(decidedBundle).requestMask;
  if (reason == Reason.Permitted && mask != 0 && !maskRequestValues(stream, heldBlob(mask))) {
    reason = Reason.HeadersUnreadable;
  }
  const recorded = record(stream, reason, number);
  if (reason == Reason.Permitted) reason = recorded;
  tellAccessLog(stream, mask);
  if (reason != Reason.Permitted) return refuse(id, stream, reason);
  count(Counter.Allowed, 1);
  if (request.spoofedCount != 0) removeSpoofed();
  if (mask != 0) showLabels(stream, mask);
  return passRequest(id, stream, isEnd);
}

/** Response headers of a stream that was allowed. */
export function onResponse(id: u32, stream: Stream, isEnd: bool): HeadersAction {
  const body = stream.response;
  if (body.holder == 0) return HeadersAction.Continue;
  const isReadable = readPairs(MapType.ResponseHeaders) == Status.Ok && readResponse();
  if (isReadable && isTunnelAnswer(stream)) return HeadersAction.Continue;
  const isKnown = isReadable && response.status != SWITCHING;
  if (isKnown && isEnd) {
    mendHeaders(Side.Response);
    body.state = BodyState.Done;
    return maskValues(id, stream, isGrpcResponse(stream));
  }
  const reading = isKnown ? readingOfResponse() : Reading.Unknown;
  if (reading != Reading.Whole && isAnswerOfRouter()) {
    freeBody(body);
    return HeadersAction.Continue;
  }
  if (isEnd || response.status == SWITCHING || !isReadable) {
    refuseBody(id, stream, Side.Response, Reason.BodyUnreadable);
    return HeadersAction.StopIteration;
  }
  const masked = maskValues(id, stream, false);
  if (masked != HeadersAction.Continue) return masked;
  body.mayBeDecoded = hasDecompressors && !response.hasLength;
  body.mayWait = response.announcesTrailers && !body.mayBeDecoded;
  return startBody(id, stream, Side.Response, reading);
}

function readResponse(): bool {
  responsePairs = dataPtr;
  responsePairsLen = dataLen;
  return response.readResponse(responsePairs, responsePairsLen);
}

let responsePairs: usize = 0;
let responsePairsLen: u32 = 0;

function readingOfResponse(): Reading {
  if (response.isPartial) return Reading.Partial;
  if (response.isUntyped()) return Reading.Untyped;
  if (!response.isTypeReadable()) return Reading.Unknown;
  return response.isEncoded ? Reading.Encoded : Reading.Whole;
}

/** Whether it is of gRPC, or gRPC-Web, whatever its messages are. */
function isGrpcResponse(stream: Stream): bool {
  if (stream.isGrpc) return true;
  return response.isTypeReadable() && contentFormat >= <u32>BodyFormat.Grpc;
}

function maskValues(id: u32, stream: Stream, areTrailers: bool): HeadersAction {
  const blob = heldBlob(stream.response.holder);
  if (maskResponseValues(stream, blob, responsePairs, responsePairsLen, areTrailers)) {
    return HeadersAction.Continue;
  }
  refuseBody(id, stream, Side.Response, Reason.BodyUnreadable);
  return HeadersAction.StopIteration;
}

/** Whether the answer opens a tunnel that may pass: from then on nothing is masked. */
function isTunnelAnswer(stream: Stream): bool {
  if (!stream.isTunnel) return false;
  if (response.status != SWITCHING && !(stream.isConnect && response.status == OK)) return false;
  stream.isTunnelOpen = true;
  freeBody(stream.response);
  return true;
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
  stream.band = changetype<Decision>(decided).band;
  if ((masksRequest || masksResponse) && isTunnel()) {
    if (!mayTunnel(bundle)) return Reason.UpgradeRefused;
    stream.isTunnel = true;
    stream.isConnect = !request.isUpgrade;
  }
  if (masksRequest && !isEnd && !stream.isTunnel) {
    armBody(stream.request, bundle.requestMask);
    stream.request.mayWait = true;
    stream.request.mayBeDecoded = hasDecompressors && !request.hasLength;
  }
  if (masksResponse) armBody(stream.response, bundle.responseMask);
  return listStream(stream, decidedIdentity) ? Reason.Permitted : Reason.NoMemory;
}

/** An upgraded connection carries bytes that nobody masks. */
function isTunnel(): bool {
  return request.isUpgrade || isConnect();
}

/** Where the policy lets them: WebSocket as browsers ask for it, and CONNECT; any other upgrade may be a body in disguise. */
function mayTunnel(bundle: Bundle): bool {
  if (masksRequest && !allowsUpgrades(bundle.requestMask)) return false;
  if (masksResponse && !allowsUpgrades(bundle.responseMask)) return false;
  return request.isUpgrade ? request.isWebSocket && isGet() : isConnect();
}

function allowsUpgrades(holder: usize): bool {
  return (load<u32>(heldBlob(holder), MaskHeader.flags) & MaskFlag.AllowUpgrades) != 0;
}

function isConnect(): bool {
  return methodBit(request.methodPtr, request.methodLen) == MethodBit.CONNECT;
}

function isGet(): bool {
  return methodBit(request.methodPtr, request.methodLen) == MethodBit.GET;
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
  const waits = isAllowed && (stream.request.holder != 0 || stream.response.holder != 0);
  // What becomes of a body may have to be recorded all the same.
  stream.isRecordOptional = isAllowed && isSampled && number % SAMPLE_EVERY != 0;
  if (stream.isRecordOptional && !waits) return reason;
  const mustRecord = isAllowed && audit == Audit.Synchronous;
  const direction =
    decidedBundle == 0 ? Direction.Inbound : changetype<Bundle>(decidedBundle).direction;
  if (waits) {
    stream.isRecorded = mustRecord;
    stream.record = blockAlloc(RECORD_MAX);
    if (stream.record != 0) writeRecord(stream.record, stream, reason, direction);
    else if (!mustRecord && !stream.isRecordOptional) dropRecord();
    if (!mustRecord) return reason;
  }
  const place = reserveRecord(RECORD_MAX);
  if (place == 0) {
    dropRecord();
    return mustRecord ? Reason.AuditFull : reason;
  }
  commitRecord(writeRecord(place, stream, reason, direction));
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
  if (stream.response.holder != 0) askForReadableResponse();
  if (stream.request.holder == 0 || isEnd) return HeadersAction.Continue;
  return startBody(id, stream, Side.Request, readingOfRequest());
}

function readingOfRequest(): Reading {
  if (request.isUntyped()) return Reading.Untyped;
  if (!request.isTypeReadable()) return Reading.Unknown;
  return request.isEncoded ? Reading.Encoded : Reading.Whole;
}
