/** One pass over the header pairs of a response on a masked route. */
import {
  pairNameLen,
  pairNamePtr,
  pairValueLen,
  pairValuePtr,
  pairsMalformed,
  pairsNext,
  pairsOpen,
} from '../abi/header-pairs';
import { Text, text } from '../memory/text';
import { readContentType } from './content';
import { isIdentityEncoding } from './encodings';

const STATUS = text(':status');
const CONTENT_TYPE = text('content-type');
const CONTENT_ENCODING = text('content-encoding');
const CONTENT_RANGE = text('content-range');
const CONTENT_LENGTH = text('content-length');
const TRAILER = text('trailer');
const PARTIAL = text('206');

export let isEncoded: bool = false;
/** A part of a document, which has no reading of its own. */
export let isPartial: bool = false;
export let hasLength: bool = false;
/** Says that trailers follow. */
export let announcesTrailers: bool = false;
/** As a number; 0 when there is none. */
export let status: u32 = 0;

let typeCount: u32 = 0;
let typePtr: usize = 0;
let typeLen: u32 = 0;

/** Reads all pairs. False when they are malformed. */
export function readResponse(pairs: usize, len: u32): bool {
  isEncoded = false;
  isPartial = false;
  hasLength = false;
  announcesTrailers = false;
  status = 0;
  typeCount = 0;
  if (!pairsOpen(pairs, len)) return false;
  while (pairsNext()) readPair();
  return !pairsMalformed;
}

/** Whether there is no content type. */
export function isUntyped(): bool {
  return typeCount == 0;
}

/** Whether the content type says how to read the body; `context/content` then says as what. Two types are two readings. */
export function isTypeReadable(): bool {
  return typeCount == 1 && readContentType(typePtr, typeLen);
}

function readPair(): void {
  switch (pairNameLen) {
    case 7:
      if (is(STATUS)) takeStatus();
      else if (is(TRAILER)) announcesTrailers = true;
      break;
    case 12:
      if (!is(CONTENT_TYPE)) break;
      typeCount += 1;
      typePtr = pairValuePtr;
      typeLen = pairValueLen;
      break;
    case 13:
      if (is(CONTENT_RANGE)) isPartial = true;
      break;
    case 14:
      if (is(CONTENT_LENGTH)) hasLength = true;
      break;
    case 16:
      if (!is(CONTENT_ENCODING)) break;
      isEncoded = isEncoded || !isIdentityEncoding(pairValuePtr, pairValueLen);
      break;
  }
}

function takeStatus(): void {
  if (PARTIAL.equals(pairValuePtr, pairValueLen)) isPartial = true;
  status = 0;
  for (let i: u32 = 0; i < pairValueLen && i < 3; i++) {
    status = status * 10 + (<u32>load<u8>(pairValuePtr + i) - 0x30);
  }
}

function is(name: Text): bool {
  return name.equals(pairNamePtr, pairNameLen);
}
