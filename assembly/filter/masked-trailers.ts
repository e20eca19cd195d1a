/** Trailers of masked bodies: values in them are masked like the body, and what would be untrue of it goes. */
import { MapType, Status } from '../abi/enums';
import { dataLen, dataPtr, readPairs, removeHeader } from '../abi/hostcalls';
import {
  pairNameLen,
  pairNamePtr,
  pairValueLen,
  pairValuePtr,
  pairsNext,
  pairsOpen,
} from '../abi/header-pairs';
import { NONE } from '../layout';
import { heldBlob } from '../mask/holder';
import { openValues } from '../mask/values';
import { endsWith, startsWith } from '../memory/bytes';
import { text } from '../memory/text';
import { takeFound } from './masked-headers';
import { dropDigests, dropStatusDetails } from './mend';
import { rewritePairs } from './rewrite-pairs';
import { Side, bodyOf, trailersOf } from './sides';
import { BodyState, Stream } from './streams';

/** Envoy's decompressors say in trailers how many bytes they took. */
const DECOMPRESSOR = text('x-envoy-decompressor-');
const COMPRESSED_BYTES = text('-compressed-bytes');

/** Whether the last trailers said that a decompressor of Envoy took bytes. */
export let saysBodyWasLost: bool = false;

/** Masks the trailers of a side whose body has a profile. False when it cannot be done. */
export function maskTrailers(stream: Stream, side: Side): bool {
  saysBodyWasLost = false;
  const body = bodyOf(stream, side);
  const map = trailersOf(side);
  if (readPairs(map) != Status.Ok) return false;
  const pairs = dataPtr;
  const len = dataLen;
  removeOwn(map, pairs, len);
  // The declared action lets all of a body pass; one of which the descriptors say that nothing in it is masked is not so.
  if (body.state == BodyState.Passing && body.message != NONE) return true;
  dropDigests(map);
  dropStatusDetails(map);
  openValues(heldBlob(body.holder), stream.clearance, stream.band);
  if (readPairs(map) != Status.Ok || !rewritePairs(map, dataPtr, dataLen, true)) return false;
  takeFound(stream, body);
  return true;
}

/** What Envoy's filters around this one tell each other is no business of applications. */
function removeOwn(map: MapType, pairs: usize, len: u32): void {
  pairsOpen(pairs, len);
  while (pairsNext()) {
    if (!startsWith(pairNamePtr, pairNameLen, DECOMPRESSOR.ptr, DECOMPRESSOR.len)) continue;
    const isTaken =
      endsWith(pairNamePtr, pairNameLen, COMPRESSED_BYTES.ptr, COMPRESSED_BYTES.len) &&
      !(pairValueLen == 1 && load<u8>(pairValuePtr) == 0x30);
    saysBodyWasLost = saysBodyWasLost || isTaken;
    removeHeader(map, pairNamePtr, pairNameLen);
  }
}
