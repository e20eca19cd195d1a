/**
 * The values that conditions read out of a request, held against their tests: one more pass over the header pairs, and one
 * over the query. Only for bundles that have RequestNames.
 *
 * A line of a header is a list with commas, as repeated lines are one list (RFC 9110, sections 5.3 and 5.6.1): each element
 * is a value, without blanks around it. AnyHeader takes the whole line instead.
 *
 * The query is what stands between the first `?` and a `#`: pieces
 * between `&`, name and value apart at the first `=`, `+` a blank and `%XX` a byte (WHATWG URL, section 5.1). Where that
 * standard would leave a broken escape or a `;` as it is, and others would not, the request is ambiguous.
 */
import {
  pairNameLen,
  pairNamePtr,
  pairValueLen,
  pairValuePtr,
  pairsNext,
  pairsOpen,
} from '../abi/header-pairs';
import { QUERY_PIECES_MAX, Reason, REQUEST_VALUES_MAX } from '../layout';
import { arenaAlloc } from '../memory/arena';
import { findByte, hexValue, lowerAscii } from '../memory/bytes';
import { Bundle } from '../policy/bundle';
import { addRequestValue, internRequestClass, startRequestClass } from '../policy/request-class';
import {
  anyHeaderNames,
  authorityNames,
  headersNamed,
  methodNames,
  parameterNames,
  parametersNamed,
} from '../policy/request-names';
import * as request from './request';

/** Class of the last request that was read, or 0 when a bundle reads no values. */
export let requestClass: usize = 0;

/** Reads the request that `context/request` has read, and leaves its class in `requestClass`. */
export function classifyRequest(bundle: Bundle): Reason {
  requestClass = 0;
  valueCount = 0;
  if (bundle.requestNameCount == 0) return Reason.Permitted;
  startRequestClass();
  if (!addToEach(bundle, methodNames(bundle), request.methodPtr, request.methodLen)) {
    return Reason.QueryAmbiguous;
  }
  let reason = readAuthority(bundle);
  if (reason == Reason.Permitted) reason = readHeaders(bundle);
  if (reason == Reason.Permitted && parameterNames(bundle) != 0) reason = readQuery(bundle);
  if (reason != Reason.Permitted) return reason;
  requestClass = internRequestClass(bundle);
  return requestClass == 0 ? Reason.NoMemory : Reason.Permitted;
}

function readAuthority(bundle: Bundle): Reason {
  const names = authorityNames(bundle);
  if (names == 0 || request.authorityPtr == 0) return Reason.Permitted;
  const lowered = arenaAlloc(request.authorityLen);
  if (lowered == 0) return Reason.NoMemory;
  lowerAscii(lowered, request.authorityPtr, request.authorityLen);
  const isRoom = addToEach(bundle, names, lowered, request.authorityLen);
  return isRoom ? Reason.Permitted : Reason.QueryAmbiguous;
}

function readHeaders(bundle: Bundle): Reason {
  pairsOpen(request.pairsPtr, request.pairsLen);
  while (pairsNext()) {
    const names = headersNamed(bundle, pairNamePtr, pairNameLen);
    if (names == 0) continue;
    const whole = names & anyHeaderNames(bundle);
    if (whole != 0 && !addTrimmed(bundle, whole, pairValuePtr, pairValueLen)) {
      return Reason.QueryAmbiguous;
    }
    const split = names ^ whole;
    if (split != 0 && !addElements(bundle, split)) return Reason.QueryAmbiguous;
  }
  return Reason.Permitted;
}

/** The elements of the current pair's list; a line without a comma is one, and an empty element is one too. */
function addElements(bundle: Bundle, names: u64): bool {
  let start = pairValuePtr;
  const end = start + pairValueLen;
  let comma: i32;
  do {
    const rest = <u32>(end - start);
    comma = findByte(start, rest, 0x2c);
    const len = comma < 0 ? rest : <u32>comma;
    if (!addTrimmed(bundle, names, start, len)) return false;
    start += len + 1;
  } while (comma >= 0);
  return true;
}

/** Adds a value without blanks around it (RFC 9110, section 5.5). */
function addTrimmed(bundle: Bundle, names: u64, ptr: usize, len: u32): bool {
  let start = ptr;
  let end = start + len;
  while (start < end && isBlank(load<u8>(start))) start += 1;
  while (end > start && isBlank(load<u8>(end - 1))) end -= 1;
  return addCounted(bundle, names, start, <u32>(end - start));
}

function isBlank(byte: u8): bool {
  return byte == 0x20 || byte == 0x09;
}

function readQuery(bundle: Bundle): Reason {
  const start = request.pathPtr + request.pathLen + 1;
  const end = request.pathPtr + request.pathAndQueryLen;
  if (start >= end) return Reason.Permitted;
  const fragment = findByte(start, <u32>(end - start), 0x23);
  const queryLen = fragment < 0 ? <u32>(end - start) : <u32>fragment;
  // To some a semicolon separates pieces, to others it is part of one.
  if (findByte(start, queryLen, 0x3b) >= 0) return Reason.QueryAmbiguous;
  // Decoding never makes bytes more.
  const target = arenaAlloc(queryLen);
  if (target == 0) return Reason.NoMemory;
  let pieces: u32 = 0;
  for (let at: u32 = 0; at < queryLen;) {
    const ampersand = findByte(start + at, queryLen - at, 0x26);
    const len = ampersand < 0 ? queryLen - at : <u32>ampersand;
    const piece = start + at;
    at += len + 1;
    if (len == 0) continue;
    pieces += 1;
    if (pieces > QUERY_PIECES_MAX) return Reason.QueryAmbiguous;
    if (!readParameter(bundle, piece, len, target)) return Reason.QueryAmbiguous;
  }
  return Reason.Permitted;
}

/** False when it cannot be decoded or has too many matches. `target` has room for `len` bytes. */
function readParameter(bundle: Bundle, ptr: usize, len: u32, target: usize): bool {
  const equals = findByte(ptr, len, 0x3d);
  const nameLen = equals < 0 ? len : <u32>equals;
  const name = decode(target, ptr, nameLen);
  if (name < 0) return false;
  const value = target + <usize>name;
  const rest = equals < 0 ? len : nameLen + 1;
  const valueBytes = decode(value, ptr + rest, len - rest);
  if (valueBytes < 0) return false;
  const names = parametersNamed(bundle, target, <u32>name);
  return names == 0 || addCounted(bundle, names, value, <u32>valueBytes);
}

/** Bytes written to `target`, or -1 for an escape without two hexadecimal digits. */
function decode(target: usize, ptr: usize, len: u32): i32 {
  let at = target;
  for (let i: u32 = 0; i < len; i++, at++) {
    let byte = load<u8>(ptr + i);
    if (byte == 0x2b) {
      byte = 0x20;
    } else if (byte == 0x25) {
      if (len - i < 3) return -1;
      const escaped = (hexValue(load<u8>(ptr + i, 1)) << 4) | hexValue(load<u8>(ptr + i, 2));
      if (escaped < 0) return -1;
      byte = <u8>escaped;
      i += 2;
    }
    store<u8>(at, byte);
  }
  return <i32>(at - target);
}

/** Values of headers and parameters so far. */
let valueCount: u32 = 0;

/** A value of a header or a parameter. False when there are more than can be compared in bounded time. */
function addCounted(bundle: Bundle, names: u64, value: usize, valueLength: u32): bool {
  valueCount += 1;
  return valueCount <= REQUEST_VALUES_MAX && addToEach(bundle, names, value, valueLength);
}

/** False when the request has more matches than can be kept. */
function addToEach(bundle: Bundle, names: u64, value: usize, valueLength: u32): bool {
  for (let left = names; left != 0; left &= left - 1) {
    if (!addRequestValue(bundle, <u32>ctz(left), value, valueLength)) return false;
  }
  return true;
}
