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
import { isIdentityEncoding, isJsonType } from './content';

const STATUS = text(':status');
const CONTENT_TYPE = text('content-type');
const CONTENT_ENCODING = text('content-encoding');
const CONTENT_RANGE = text('content-range');
const PARTIAL = text('206');
const SWITCHING = text('101');

export let isJson: bool = false;
export let isEncoded: bool = false;
/** A part of a document, which has no reading of its own. */
export let isPartial: bool = false;
export let isSwitching: bool = false;

/** Reads all pairs. False when they are malformed. */
export function readResponse(pairs: usize, len: u32): bool {
  isJson = false;
  isEncoded = false;
  isPartial = false;
  isSwitching = false;
  let types = 0;
  if (!pairsOpen(pairs, len)) return false;
  while (pairsNext()) {
    if (is(CONTENT_TYPE)) {
      types += 1;
      isJson = isJsonType(pairValuePtr, pairValueLen);
    } else if (is(CONTENT_ENCODING)) {
      isEncoded = isEncoded || !isIdentityEncoding(pairValuePtr, pairValueLen);
    } else if (is(CONTENT_RANGE)) {
      isPartial = true;
    } else if (is(STATUS)) {
      isPartial = isPartial || PARTIAL.equals(pairValuePtr, pairValueLen);
      isSwitching = SWITCHING.equals(pairValuePtr, pairValueLen);
    }
  }
  if (types > 1) isJson = false;
  return !pairsMalformed;
}

function is(name: Text): bool {
  return name.equals(pairNamePtr, pairNameLen);
}
