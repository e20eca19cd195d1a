/** One pass over the header pairs of a request: what decides, and what has to be changed on the way. */
import {
  pairNameLen,
  pairNamePtr,
  pairValueLen,
  pairValuePtr,
  pairsMalformed,
  pairsNext,
  pairsOpen,
} from '../abi/header-pairs';
import { findByte, lowerAscii } from '../memory/bytes';
import { Text, text } from '../memory/text';
import { readContentType } from './content';
import { isIdentityEncoding } from './encodings';

const METHOD = text(':method');
const AUTHORITY = text(':authority');
const FORWARDED = text('x-forwarded-client-cert');
const CONTENT_TYPE = text('content-type');
const CONTENT_ENCODING = text('content-encoding');
const CONTENT_LENGTH = text('content-length');
const ACCEPT_ENCODING = text('accept-encoding');
const UPGRADE = text('upgrade');
const WEBSOCKET = text('websocket');
const GRPC = text('application/grpc');
/** `:pat` and `x-dt` as numbers: headers that are asked for by name are few, those that are passed over many. */
const PATH_START: u32 = 0x7461703a;
const OURS_START: u32 = 0x74642d78;
const OURS_LEN: u32 = 6;
const QUESTION_MARK: u8 = 0x3f;

/** Names of our own headers that the caller sent: at most this many are listed one by one. */
export const SPOOFED_MAX: u32 = 16;

/** The encoded pairs, until the callback returns. */
export let pairsPtr: usize = 0;
export let pairsLen: u32 = 0;
export let methodPtr: usize = 0;
export let methodLen: u32 = 0;
export let pathPtr: usize = 0;
export let pathAndQueryLen: u32 = 0;
/** Without the query. */
export let pathLen: u32 = 0;
export let authorityPtr: usize = 0;
export let authorityLen: u32 = 0;
export let forwardedPtr: usize = 0;
export let forwardedLen: u32 = 0;
export let hasForwarded: bool = false;
export let isGrpc: bool = false;
export let isEncoded: bool = false;
export let hasLength: bool = false;
export let isUpgrade: bool = false;
/** An upgrade to nothing but WebSocket. */
export let isWebSocket: bool = false;
/** First line of it. */
export let acceptEncodingPtr: usize = 0;
export let acceptEncodingLen: u32 = 0;
export let spoofedCount: u32 = 0;
/** (name, length) of each `x-dta-*` header, 8 bytes an entry. */
export const spoofed: usize = memory.data(128);

const upgrade: usize = memory.data(16);
let typeCount: u32 = 0;
let typePtr: usize = 0;
let typeLen: u32 = 0;

/**
 * Reads all pairs. False when they are malformed, a pseudo header is missing or repeated, or the certificate header
 * stands there twice: nothing is decided on such a request.
 */
export function readRequest(pairs: usize, len: u32): bool {
  reset();
  pairsPtr = pairs;
  pairsLen = len;
  if (!pairsOpen(pairs, len)) return false;
  while (pairsNext()) {
    if (!readPair()) return false;
  }
  if (pairsMalformed) return false;
  return methodPtr != 0 && pathPtr != 0;
}

/** Whether there is no content type. */
export function isUntyped(): bool {
  return typeCount == 0;
}

/** Whether the content type says how to read the body; `context/content` then says as what. Two types are two readings. */
export function isTypeReadable(): bool {
  return typeCount == 1 && readContentType(typePtr, typeLen);
}

function reset(): void {
  methodPtr = 0;
  pathPtr = 0;
  pathAndQueryLen = 0;
  pathLen = 0;
  authorityPtr = 0;
  authorityLen = 0;
  forwardedLen = 0;
  hasForwarded = false;
  acceptEncodingLen = 0;
  isGrpc = false;
  isEncoded = false;
  hasLength = false;
  isUpgrade = false;
  isWebSocket = false;
  spoofedCount = 0;
  typeCount = 0;
}

/** The length picks the few names that can be meant. */
function readPair(): bool {
  switch (pairNameLen) {
    case 5:
      return isPath() ? takePath() : true;
    case 7:
      if (is(METHOD)) return takeMethod();
      if (is(UPGRADE)) takeUpgrade();
      break;
    case 10:
      return is(AUTHORITY) ? takeAuthority() : readOurs();
    case 12:
      if (is(CONTENT_TYPE)) {
        typeCount += 1;
        typePtr = pairValuePtr;
        typeLen = pairValueLen;
        isGrpc = isGrpc || (pairValueLen >= GRPC.len && GRPC.equals(pairValuePtr, GRPC.len));
        return true;
      }
      break;
    case 14:
      if (is(CONTENT_LENGTH)) hasLength = true;
      return readOurs();
    case 15:
      if (is(ACCEPT_ENCODING) && acceptEncodingLen == 0) {
        acceptEncodingPtr = pairValuePtr;
        acceptEncodingLen = pairValueLen;
      }
      return readOurs();
    case 16:
      if (is(CONTENT_ENCODING)) {
        isEncoded = isEncoded || !isIdentityEncoding(pairValuePtr, pairValueLen);
        return true;
      }
      break;
    case 23:
      if (is(FORWARDED)) return takeForwarded();
      break;
  }
  return readOurs();
}

function isPath(): bool {
  return load<u32>(pairNamePtr) == PATH_START && load<u8>(pairNamePtr, 4) == 0x68;
}

function is(name: Text): bool {
  return name.equals(pairNamePtr, pairNameLen);
}

function takePath(): bool {
  if (pathPtr != 0) return false;
  pathPtr = pairValuePtr;
  pathAndQueryLen = pairValueLen;
  const query = findByte(pairValuePtr, pairValueLen, QUESTION_MARK);
  pathLen = query < 0 ? pairValueLen : <u32>query;
  return true;
}

function takeMethod(): bool {
  if (methodPtr != 0) return false;
  methodPtr = pairValuePtr;
  methodLen = pairValueLen;
  return true;
}

function takeAuthority(): bool {
  if (authorityPtr != 0) return false;
  authorityPtr = pairValuePtr;
  authorityLen = pairValueLen;
  return true;
}

function takeUpgrade(): void {
  isWebSocket = !isUpgrade && pairValueLen == WEBSOCKET.len;
  isUpgrade = true;
  if (!isWebSocket) return;
  lowerAscii(upgrade, pairValuePtr, pairValueLen);
  isWebSocket = WEBSOCKET.equals(upgrade, pairValueLen);
}

function takeForwarded(): bool {
  if (hasForwarded) return false;
  hasForwarded = true;
  forwardedPtr = pairValuePtr;
  forwardedLen = pairValueLen;
  return true;
}

/** More spoofed headers than can be listed make the request unreadable. */
function readOurs(): bool {
  if (pairNameLen < OURS_LEN || load<u32>(pairNamePtr) != OURS_START) return true;
  if (load<u8>(pairNamePtr, 4) != 0x61 || load<u8>(pairNamePtr, 5) != 0x2d) return true;
  if (spoofedCount == SPOOFED_MAX) return false;
  store<u32>(spoofed + ((<usize>spoofedCount) << 3), <u32>pairNamePtr);
  store<u32>(spoofed + ((<usize>spoofedCount) << 3), pairNameLen, 4);
  spoofedCount += 1;
  return true;
}
