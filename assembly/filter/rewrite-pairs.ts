/** Masks the lines of a header map: each name that has a masked line is removed, and its lines come back. */
import {
  pairNameLen,
  pairNamePtr,
  pairValueLen,
  pairValuePtr,
  pairsNext,
  pairsOpen,
} from '../abi/header-pairs';
import { MapType } from '../abi/enums';
import { addHeader, removeHeader } from '../abi/hostcalls';
import { ValuePlace } from '../layout';
import { areCookiesChanged, maskCookies, maskSetCookie } from '../mask/cookies';
import { isQueryChanged, maskQuery } from '../mask/query';
import {
  clearRewritten,
  isOverfull,
  putBytes,
  rewrittenLen,
  rewrittenPtr,
} from '../mask/rewritten';
import {
  ValueOutcome,
  Writing,
  hasDetectors,
  maskValue,
  maskedValues,
  strengthOfValue,
  valueLen,
  valuePtr,
} from '../mask/values';
import { equalBytes } from '../memory/bytes';
import { Text, text } from '../memory/text';

const COOKIE = text('cookie');
const SET_COOKIE = text('set-cookie');
const REFERER = text('referer');
const HASH: u8 = 0x23;
const LOCATION = text('location');
const CONTENT_LOCATION = text('content-location');
const REFRESH = text('refresh');
const GRPC_MESSAGE = text('grpc-message');
const QUESTION_MARK: u8 = 0x3f;
const COLON: u8 = 0x3a;

/** Names of one map that can be rewritten; more than Envoy lets through by default. */
const NAMES_MAX: u32 = 128;
/** Address and length of each, 8 bytes. */
const names: usize = memory.data(1024, 4);
let nameCount: u32 = 0;

/** Values that the last `rewritePairs` masked. */
export let rewrittenValues: u32 = 0;

/**
 * Masks every line of a map whose encoded pairs are given, under the values that `openValues` opened. `looks`: what detectors
 * find is masked in all of them. False when there are more names than can be rewritten: nothing was changed then.
 */
export function rewritePairs(map: MapType, pairs: usize, len: u32, looks: bool): bool {
  const before = maskedValues;
  nameCount = 0;
  pairsOpen(pairs, len);
  while (pairsNext()) {
    if (rewritePair(map, looks) != ValueOutcome.Same && !noteName()) return false;
  }
  // The second pass masks the same values again.
  rewrittenValues = maskedValues - before;
  for (let i: u32 = 0; i < nameCount; i++) {
    const entry = names + ((<usize>i) << 3);
    removeHeader(map, load<u32>(entry), load<u32>(entry, 4));
  }
  if (nameCount == 0) return true;
  pairsOpen(pairs, len);
  while (pairsNext()) {
    if (isNoted()) putBack(map, rewritePair(map, looks));
  }
  return true;
}

function putBack(map: MapType, outcome: ValueOutcome): void {
  if (outcome == ValueOutcome.Dropped) return;
  const isSame = outcome == ValueOutcome.Same;
  addHeader(
    map,
    pairNamePtr,
    pairNameLen,
    isSame ? pairValuePtr : rewrittenPtr,
    isSame ? pairValueLen : rewrittenLen,
  );
}

/** Masks the current pair into the value that is being rewritten. */
function rewritePair(map: MapType, looks: bool): ValueOutcome {
  if (pairNameLen == 0 || load<u8>(pairNamePtr) == COLON) return ValueOutcome.Same;
  clearRewritten();
  const outcome = maskPair(map, looks);
  // Too long for any header: it is safer without it.
  return isOverfull ? ValueOutcome.Dropped : outcome;
}

function maskPair(map: MapType, looks: bool): ValueOutcome {
  const strength = strengthOfValue(ValuePlace.Header, pairNamePtr, pairNameLen);
  if (strength != 0) return maskWhole(strength, Writing.Plain);
  if (map == MapType.RequestHeaders) {
    if (is(COOKIE)) return maskCookieLine();
    if (is(REFERER)) return maskAddress();
  } else {
    if (is(SET_COOKIE)) {
      const isKept = maskSetCookie(pairValuePtr, pairValueLen);
      if (!isKept) return ValueOutcome.Dropped;
      return areCookiesChanged ? ValueOutcome.Changed : ValueOutcome.Same;
    }
    if (is(LOCATION) || is(CONTENT_LOCATION) || is(REFRESH)) return maskAddress();
    if (is(GRPC_MESSAGE)) return maskWhole(0, Writing.Percent);
  }
  return looks ? maskWhole(0, Writing.Plain) : ValueOutcome.Same;
}

function maskWhole(strength: u32, writing: Writing): ValueOutcome {
  if (strength == 0 && !hasDetectors()) return ValueOutcome.Same;
  const outcome = maskValue(pairValuePtr, pairValueLen, strength, writing);
  if (outcome == ValueOutcome.Changed) putBytes(valuePtr, valueLen);
  return outcome;
}

function maskCookieLine(): ValueOutcome {
  maskCookies(pairValuePtr, pairValueLen);
  if (!areCookiesChanged) return ValueOutcome.Same;
  return rewrittenLen == 0 ? ValueOutcome.Dropped : ValueOutcome.Changed;
}

/**
 * An address: what stands before its query as a whole, its query and its fragment by their parameters, as those of the
 * request itself.
 */
function maskAddress(): ValueOutcome {
  const queryAt = firstOf(0, QUESTION_MARK, HASH);
  let isChanged = false;
  const front = hasDetectors()
    ? maskValue(pairValuePtr, queryAt, 0, Writing.Percent)
    : ValueOutcome.Same;
  if (front == ValueOutcome.Changed) {
    isChanged = true;
    putBytes(valuePtr, valueLen);
  } else putBytes(pairValuePtr, queryAt);
  for (let at = queryAt; at < pairValueLen;) {
    putBytes(pairValuePtr + at, 1);
    const next = firstOf(at + 1, HASH, HASH);
    maskQuery(pairValuePtr + at + 1, next - at - 1);
    isChanged = isChanged || isQueryChanged;
    at = next;
  }
  return isChanged ? ValueOutcome.Changed : ValueOutcome.Same;
}

/** Index of the first of two bytes from `from` on, or the length of the value. */
function firstOf(from: u32, one: u8, other: u8): u32 {
  for (let at = from; at < pairValueLen; at++) {
    const byte = load<u8>(pairValuePtr + at);
    if (byte == one || byte == other) return at;
  }
  return pairValueLen;
}

function is(name: Text): bool {
  return name.equals(pairNamePtr, pairNameLen);
}

function noteName(): bool {
  if (isNoted()) return true;
  if (nameCount == NAMES_MAX) return false;
  const entry = names + ((<usize>nameCount) << 3);
  store<u32>(entry, <u32>pairNamePtr);
  store<u32>(entry, pairNameLen, 4);
  nameCount += 1;
  return true;
}

function isNoted(): bool {
  for (let i: u32 = 0; i < nameCount; i++) {
    const entry = names + ((<usize>i) << 3);
    if (equalBytes(load<u32>(entry), load<u32>(entry, 4), pairNamePtr, pairNameLen)) return true;
  }
  return false;
}
