/** What happens in each callback of the host. `abi/callbacks` calls these and nothing else. */
import { contextFind, contextInsert, contextRemove } from '../abi/contexts';
import { BodyAction, HeadersAction, MapType, Status, TrailersAction } from '../abi/enums';
import { dataLen, dataPtr, readPairs, readProperty, setTickPeriod } from '../abi/hostcalls';
import {
  pairNameLen,
  pairNamePtr,
  pairValueLen,
  pairValuePtr,
  pairsNext,
  pairsOpen,
} from '../abi/header-pairs';
import { AuditRecord } from '../layout';
import { blockAlloc, blockFree } from '../memory/block';
import { text } from '../memory/text';
import {
  commitRecord,
  dropRecord,
  forgetSender,
  openQueue,
  reserveRecord,
  sendAudit,
  takeAnswer,
} from './audit-queue';
import { takeChunk, takeTrailers, takeTunnelChunk } from './bodies';
import { configureBundle, configureState } from './configure';
import { cutRefused } from './cut';
import { onRequest, onResponse } from './headers';
import { defineMetrics, flushMetrics } from './metrics';
import { ContextKind, Root, releaseRoot } from './roots';
import { readSettings } from './settings';
import { Side } from './sides';
import { Stream, freeStream, openStream } from './streams';

const ROOT_ID = text('plugin_root_id');
const STATE_ROOT = text('dta-state');
const BUNDLE_ROOT = text('dta');
const STATUS = text(':status');
const OK = text('200');

/** Bits of AuditRecord.flags. */
const WAS_CUT: u8 = 1;
const WAS_PASSED: u8 = 4;
const WAS_REDACTED: u8 = 8;

/** How often audit and metrics leave the VM and revoked streams are looked for. */
const TICK_MS: u32 = 100;

/** A root when `parent` is 0, else a stream of that root. */
export function onContextCreate(id: u32, parent: u32): void {
  if (parent != 0) {
    const root = contextFind(parent);
    if (root != 0) openStream(id, changetype<Root>(root));
    return;
  }
  const block = blockAlloc(offsetof<Root>());
  if (block == 0) return;
  const root = changetype<Root>(block);
  root.kind = ContextKind.Root;
  root.id = id;
  root.entry = 0;
  root.checkedVersion = 0;
  if (!contextInsert(id, block)) blockFree(block);
}

/** A VM starts for a root. */
export function onVmStart(root: u32, size: u32): bool {
  readSettings();
  return contextFind(root) != 0;
}

/** A root gets its bundle or state. False refuses it: the host keeps the last good one. */
export function onConfigure(id: u32, size: u32): bool {
  const at = contextFind(id);
  if (at == 0) return false;
  readSettings();
  defineMetrics();
  openQueue();
  readProperty(ROOT_ID.ptr, ROOT_ID.len);
  const isState = STATE_ROOT.equals(dataPtr, dataLen);
  if (!isState && !BUNDLE_ROOT.equals(dataPtr, dataLen)) return false;
  const accepted = isState ? configureState(size) : configureBundle(changetype<Root>(at), size);
  setTickPeriod(TICK_MS);
  // INVARIANT: no managed object is held here; the log line of a refusal is garbage by now.
  __collect();
  return accepted;
}

/** The period is over. */
export function onTick(root: u32): void {
  openQueue();
  cutRefused();
  sendAudit(root);
  flushMetrics();
}

/** A context is gone. */
export function onDelete(id: u32): void {
  const at = contextRemove(id);
  if (at == 0) return;
  if (load<u32>(at) == ContextKind.Root) {
    forgetSender(id);
    releaseRoot(changetype<Root>(at));
    blockFree(at);
    return;
  }
  const stream = changetype<Stream>(at);
  if (stream.record != 0) recordEnd(stream);
  freeStream(stream);
}

/** A root without a context has no stream either: hold it, which is the safest answer there is. */
export function onRequestHeaders(id: u32, pairs: u32, isEnd: bool): u32 {
  const at = contextFind(id);
  if (at == 0) return HeadersAction.StopAllAndWatermark;
  return onRequest(id, changetype<Stream>(at), isEnd);
}

/** A chunk of the request. */
export function onRequestBody(id: u32, size: u32, isEnd: bool): u32 {
  const at = contextFind(id);
  if (at == 0) return BodyAction.StopNoBuffer;
  const stream = changetype<Stream>(at);
  if (stream.isClosed) return BodyAction.StopNoBuffer;
  if (stream.isTunnel) return takeTunnelChunk(id, stream, size);
  return takeChunk(id, stream, Side.Request, size, isEnd);
}

/** The request ends with trailers. */
export function onRequestTrailers(id: u32, pairs: u32): u32 {
  const at = contextFind(id);
  if (at == 0) return TrailersAction.StopIteration;
  const stream = changetype<Stream>(at);
  return stream.isClosed ? TrailersAction.StopIteration : takeTrailers(id, stream, Side.Request);
}

/** The response starts; also the one that a denial made. */
export function onResponseHeaders(id: u32, pairs: u32, isEnd: bool): u32 {
  const at = contextFind(id);
  if (at == 0) return HeadersAction.StopAllAndWatermark;
  const stream = changetype<Stream>(at);
  return stream.isClosed ? HeadersAction.Continue : onResponse(id, stream, isEnd);
}

/** A chunk of the response. */
export function onResponseBody(id: u32, size: u32, isEnd: bool): u32 {
  const at = contextFind(id);
  if (at == 0) return BodyAction.StopNoBuffer;
  const stream = changetype<Stream>(at);
  return stream.isClosed ? BodyAction.Continue : takeChunk(id, stream, Side.Response, size, isEnd);
}

/** The response ends with trailers. */
export function onResponseTrailers(id: u32, pairs: u32): u32 {
  const at = contextFind(id);
  if (at == 0) return TrailersAction.StopIteration;
  const stream = changetype<Stream>(at);
  return stream.isClosed ? TrailersAction.Continue : takeTrailers(id, stream, Side.Response);
}

/** The agent answered a batch, or did not. */
export function onHttpCallResponse(
  root: u32,
  token: u32,
  headers: u32,
  bodySize: u32,
  trailers: u32,
): void {
  takeAnswer(token, headers != 0 && isOk());
}

function isOk(): bool {
  if (readPairs(MapType.HttpCallResponseHeaders) != Status.Ok) return false;
  if (!pairsOpen(dataPtr, dataLen)) return false;
  while (pairsNext()) {
    if (STATUS.equals(pairNamePtr, pairNameLen)) return OK.equals(pairValuePtr, pairValueLen);
  }
  return false;
}

/** Completes the record that waited for the bodies. */
function recordEnd(stream: Stream): void {
  const record = stream.record;
  const masked = stream.request.masked + stream.response.masked;
  if (stream.bodyReason == 0 && (stream.isRecordOptional || (stream.isRecorded && masked == 0))) {
    return;
  }
  store<u32>(record, stream.request.masked, AuditRecord.maskedRequest);
  store<u32>(record, stream.response.masked, AuditRecord.maskedResponse);
  store<u8>(record, stream.bodyReason, AuditRecord.bodyReason);
  store<u64>(record, stream.labels, AuditRecord.labels);
  let flags = load<u8>(record, AuditRecord.flags);
  if (stream.wasCut) flags |= WAS_CUT;
  if (stream.wasPassed) flags |= WAS_PASSED;
  if (stream.wasRedacted) flags |= WAS_REDACTED;
  store<u8>(record, flags, AuditRecord.flags);
  const len = load<u32>(record, AuditRecord.recordLen);
  const place = reserveRecord(len);
  if (place == 0) {
    dropRecord();
    return;
  }
  memory.copy(place, record, len);
  commitRecord(len);
}
