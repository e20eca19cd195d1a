/**
 * A filter for tests of host/ and assembly/abi: a request header `x-plan` of nine characters says what it does, its log what it saw.
 *   0..2  answers to request headers (c continue, s stop, a stop all), body (c, b buffer, B buffer up to the end, w watermark, d drop), trailers (c, s)
 *   3..5  the same for the response
 *   6     where a terminal call is made: h b t request headers, body, trailers; H B T response; k tick; - nowhere
 *   7     r local response, x reset, 2 local response and a second one through abi, ! two resets past abi
 *   8     w: every body chunk is wrapped in brackets
 */
import '../../../assembly/abi/abort';
import {
  contextCount,
  contextFind,
  contextInsert,
  contextRemove,
} from '../../../assembly/abi/contexts';
import { currentContext, enterCallback, leaveCallback } from '../../../assembly/abi/current';
import {
  BodyAction,
  BufferType,
  HeadersAction,
  MapType,
  MetricType,
  Status,
} from '../../../assembly/abi/enums';
import { environmentValue, valueLen, valuePtr } from '../../../assembly/abi/environment';
import {
  pairNameLen,
  pairNamePtr,
  pairsNext,
  pairsOpen,
  pairValueLen,
  pairValuePtr,
} from '../../../assembly/abi/header-pairs';
import {
  encodedLen,
  encodedPtr,
  pairsAddText,
  pairsFinish,
  pairsStart,
} from '../../../assembly/abi/header-pairs-writer';
import * as hostcalls from '../../../assembly/abi/hostcalls';
import { addHeader, continueStream } from './more-calls';
import * as raw from '../../../assembly/abi/imports';
import { randomU64 } from '../../../assembly/abi/random';
import { closeStream, sendLocalResponse } from '../../../assembly/abi/stream-terminal';
import { arenaAlloc } from '../../../assembly/memory/arena';
import { blockAlloc, blockFree } from '../../../assembly/memory/block';
import { Text, text } from '../../../assembly/memory/text';
import { endLine, say, sayBytes, sayNumber, silence } from './log-line';

const PLAN = text('x-plan');
const PLAIN = text('ccccccccc');
const QUIET = text('quiet');
const ROOT_ID = text('plugin_root_id');
const PEER = text('connection\0uri_san_peer_certificate');
const METHOD = text(':method');
const POST = text('POST');
const PATH = text(':path');
const AUDIT = text('/v1/audit');
const AUTHORITY = text(':authority');
const AGENT = text('dta-agent');
const COUNTER = text('probe_requests');
const SEEN = text('x-seen');
const YES = text('yes');
const DETAILS = text('probe said no');
const DENIED = text('denied');
const REFUSE = text('refuse');
const TRAP = text('trap');
const MODE = text('PROBE_MODE');

const WRAPPED: usize = memory.data(65536);
let counter: u32 = 0;
let lastStream: u32 = 0;

const CREATE = text('create');
const CONFIGURE = text('configure');
const ENVIRONMENT = text('environment');
const RANDOM = text('random');
const TICK = text('tick');
const DONE = text('done');
const DELETE = text('delete');
const REQUEST_HEADERS = text('request headers');
const REQUEST_BODY = text('request body');
const REQUEST_TRAILERS = text('request trailers');
const RESPONSE_HEADERS = text('response headers');
const RESPONSE_BODY = text('response body');
const RESPONSE_TRAILERS = text('response trailers');
const HTTP_ANSWER = text('http answer');
const SECOND = text('second call');
const PROPERTY = text('property');

/** Name of the ABI. */
export function proxy_abi_version_0_2_1(): void {}

/** Memory for the host. */
export function proxy_on_memory_allocate(size: usize): usize {
  return arenaAlloc(size);
}

/** Logs `create <id> <parent>`. */
export function proxy_on_context_create(id: u32, parent: u32): void {
  const outer = enterCallback(id);
  say(CREATE);
  sayNumber(id);
  sayNumber(parent);
  endLine();
  if (parent != 0) {
    const plan = blockAlloc(16);
    PLAIN.writeTo(plan);
    contextInsert(id, plan);
    lastStream = id;
  }
  leaveCallback(outer);
}

/** Logs the environment variable and a random number. */
export function proxy_on_vm_start(root: u32, size: u32): bool {
  const outer = enterCallback(root);
  say(ENVIRONMENT);
  if (environmentValue(MODE)) sayBytes(valuePtr, valueLen);
  endLine();
  if (QUIET.equals(valuePtr, valueLen)) silence();
  say(RANDOM);
  sayNumber(randomU64());
  endLine();
  hostcalls.defineMetric(MetricType.Counter, COUNTER.ptr, COUNTER.len);
  counter = hostcalls.metricId;
  hostcalls.setTickPeriod(250);
  leaveCallback(outer);
  return true;
}

/** Refuses a configuration that reads `refuse`, traps on `trap`. */
export function proxy_on_configure(root: u32, size: u32): bool {
  const outer = enterCallback(root);
  hostcalls.readBuffer(BufferType.PluginConfiguration, 0, size);
  const accepted = !REFUSE.equals(hostcalls.dataPtr, hostcalls.dataLen);
  if (TRAP.equals(hostcalls.dataPtr, hostcalls.dataLen)) throw new Error('broken invariant');
  say(CONFIGURE);
  sayBytes(hostcalls.dataPtr, min(hostcalls.dataLen, 64));
  hostcalls.readProperty(ROOT_ID.ptr, ROOT_ID.len);
  sayBytes(hostcalls.dataPtr, hostcalls.dataLen);
  endLine();
  leaveCallback(outer);
  return accepted;
}

/** Acts on the newest stream where its plan says so, and posts. */
export function proxy_on_tick(root: u32): void {
  const outer = enterCallback(root);
  say(TICK);
  sayNumber(hostcalls.currentTimeNs());
  endLine();
  act(lastStream, 0x6b);
  pairsStart();
  pairsAddText(METHOD, POST);
  pairsAddText(PATH, AUDIT);
  pairsAddText(AUTHORITY, AGENT);
  pairsFinish();
  hostcalls.httpCall(AGENT.ptr, AGENT.len, encodedPtr, encodedLen, YES.ptr, YES.len, 1000);
  leaveCallback(outer);
}

/** Logs the status and body of an answer. */
export function proxy_on_http_call_response(
  root: u32,
  token: u32,
  headers: u32,
  bodySize: u32,
  trailers: u32,
): void {
  const outer = enterCallback(root);
  say(HTTP_ANSWER);
  sayNumber(token);
  hostcalls.readPairs(MapType.HttpCallResponseHeaders);
  pairsOpen(hostcalls.dataPtr, hostcalls.dataLen);
  if (pairsNext()) sayBytes(pairValuePtr, pairValueLen);
  hostcalls.readBuffer(BufferType.HttpCallResponseBody, 0, bodySize);
  sayBytes(hostcalls.dataPtr, hostcalls.dataLen);
  endLine();
  leaveCallback(outer);
}

/** Logs `done <id>`. */
export function proxy_on_done(id: u32): bool {
  const outer = enterCallback(id);
  say(DONE);
  sayNumber(id);
  endLine();
  leaveCallback(outer);
  return true;
}

/** Logs `delete <id> <contexts left>`. */
export function proxy_on_delete(id: u32): void {
  const outer = enterCallback(id);
  blockFree(contextRemove(id));
  say(DELETE);
  sayNumber(id);
  sayNumber(contextCount());
  endLine();
  leaveCallback(outer);
}

/** Takes the plan, counts, and logs the peer when it is known. */
export function proxy_on_request_headers(id: u32, count: u32, end: bool): u32 {
  const outer = enterCallback(id);
  hostcalls.readPairs(MapType.RequestHeaders);
  pairsOpen(hostcalls.dataPtr, hostcalls.dataLen);
  while (pairsNext()) {
    if (PLAN.equals(pairNamePtr, pairNameLen) && pairValueLen == 9) {
      memory.copy(contextFind(id), pairValuePtr, 9);
    }
  }
  hostcalls.incrementMetric(counter, 1);
  addHeader(MapType.RequestHeaders, SEEN.ptr, SEEN.len, YES.ptr, YES.len);
  hostcalls.removeHeader(MapType.RequestHeaders, PLAN.ptr, PLAN.len);
  logStep(REQUEST_HEADERS, count, end);
  if (hostcalls.readProperty(PEER.ptr, PEER.len) == Status.Ok) {
    say(PROPERTY);
    sayBytes(hostcalls.dataPtr, hostcalls.dataLen);
    endLine();
  }
  act(id, 0x68);
  const action = headersAction(id, 0);
  leaveCallback(outer);
  return action;
}

/** Follows the plan. */
export function proxy_on_request_body(id: u32, size: u32, end: bool): u32 {
  return body(id, size, end, 1, BufferType.RequestBody, REQUEST_BODY, 0x62);
}

/** Follows the plan. */
export function proxy_on_request_trailers(id: u32, count: u32): u32 {
  return trailers(id, count, 2, REQUEST_TRAILERS, 0x74);
}

/** Follows the plan. */
export function proxy_on_response_headers(id: u32, count: u32, end: bool): u32 {
  const outer = enterCallback(id);
  addHeader(MapType.ResponseHeaders, SEEN.ptr, SEEN.len, YES.ptr, YES.len);
  logStep(RESPONSE_HEADERS, count, end);
  act(id, 0x48);
  const action = headersAction(id, 3);
  leaveCallback(outer);
  return action;
}

/** Follows the plan. */
export function proxy_on_response_body(id: u32, size: u32, end: bool): u32 {
  return body(id, size, end, 4, BufferType.ResponseBody, RESPONSE_BODY, 0x42);
}

/** Follows the plan. */
export function proxy_on_response_trailers(id: u32, count: u32): u32 {
  return trailers(id, count, 5, RESPONSE_TRAILERS, 0x54);
}

function step(id: u32, index: usize): u8 {
  const plan = contextFind(id);
  return plan == 0 ? 0x63 : load<u8>(plan + index);
}

function logStep(name: Text, size: u32, end: bool): void {
  say(name);
  sayNumber(size);
  if (end) sayBytes(YES.ptr, YES.len);
  endLine();
}

function headersAction(id: u32, index: usize): u32 {
  const wanted = step(id, index);
  if (wanted == 0x73) return HeadersAction.StopIteration;
  return wanted == 0x61 ? HeadersAction.StopAllAndBuffer : HeadersAction.Continue;
}

function body(id: u32, size: u32, end: bool, index: usize, type: u32, name: Text, place: u8): u32 {
  const outer = enterCallback(id);
  logStep(name, size, end);
  if (step(id, 8) == 0x77) {
    hostcalls.readBuffer(type, 0, size);
    const len = min(hostcalls.dataLen, 65534);
    store<u8>(WRAPPED, 0x5b);
    memory.copy(WRAPPED + 1, hostcalls.dataPtr, len);
    store<u8>(WRAPPED + 1 + <usize>len, 0x5d);
    hostcalls.replaceBuffer(type, WRAPPED, len + 2);
  }
  act(id, place);
  const wanted = step(id, index);
  let action: u32 = BodyAction.Continue;
  if (wanted == 0x62 || (wanted == 0x42 && !end)) action = BodyAction.StopAndBuffer;
  else if (wanted == 0x77) action = BodyAction.StopAndWatermark;
  else if (wanted == 0x64) action = BodyAction.StopNoBuffer;
  leaveCallback(outer);
  return action;
}

function trailers(id: u32, count: u32, index: usize, name: Text, place: u8): u32 {
  const outer = enterCallback(id);
  logStep(name, count, true);
  act(id, place);
  const action: u32 = step(id, index) == 0x73 ? 1 : 0;
  leaveCallback(outer);
  return action;
}

/** Makes the terminal call of the plan when this is its place; `c` at the end lets a stopped stream go on instead. */
function act(id: u32, place: u8): void {
  if (step(id, 6) != place) return;
  const what = step(id, 7);
  if (what == 0x63) {
    hostcalls.setEffectiveContext(id);
    continueStream(0);
    continueStream(1);
    hostcalls.setEffectiveContext(currentContext);
  } else if (what == 0x78) {
    closeStream(id);
  } else if (what == 0x21) {
    hostcalls.setEffectiveContext(id);
    raw.proxy_close_stream(0);
    raw.proxy_close_stream(1);
  } else {
    reply(id);
    if (what == 0x32) {
      say(SECOND);
      sayNumber(reply(id));
      sayNumber(closeStream(id));
      endLine();
    }
  }
}

function reply(id: u32): u32 {
  pairsStart();
  pairsAddText(SEEN, YES);
  pairsFinish();
  return sendLocalResponse(id, 403, DETAILS, DENIED.ptr, DENIED.len, encodedPtr, encodedLen, 7);
}
