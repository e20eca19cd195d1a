/** Labels found, told to the application in a header of the request (draft, "Data Classification"). */
import { MapType } from '../abi/enums';
import { addHeader, removeHeader } from '../abi/hostcalls';
import { Direction, MaskHeader } from '../layout';
import { bodyLabels } from '../mask/body';
import { heldBlob, heldLabelCount, heldLabels } from '../mask/holder';
import {
  clearRewritten,
  isOverfull,
  putByte,
  putBytes,
  rewrittenLen,
  rewrittenPtr,
} from '../mask/rewritten';
import { Bundle } from '../policy/bundle';
import { tellLabels } from './access-log';
import { BundleEntry, Root } from './roots';
import { Side } from './sides';
import { Body, Stream } from './streams';

const COMMA: u8 = 0x2c;

/** Name of the header in a profile; length 0: there is none. */
let namePtr: usize = 0;
let nameLen: u32 = 0;

/**
 * Sets the header to what was found so far, and removes what the caller sent under its name. The sending side of a call
 * leaves it to the receiving one.
 */
export function showLabels(stream: Stream, holder: usize): void {
  readName(holder);
  const map = MapType.RequestHeaders;
  if (nameLen != 0) removeHeader(map, namePtr, nameLen);
  if (stream.labels == 0) return;
  clearRewritten();
  let label = heldLabels(holder);
  const count = heldLabelCount(holder);
  for (let i: u32 = 0; i < count; i++) {
    const len = load<u32>(label);
    if (((stream.labels >> i) & 1) != 0) {
      if (rewrittenLen != 0) putByte(COMMA);
      putBytes(label + 4, len);
    }
    label += 4 + len;
  }
  if (isOverfull) return;
  tellLabels(rewrittenPtr, rewrittenLen);
  if (nameLen == 0 || isOutbound(stream)) return;
  addHeader(map, namePtr, nameLen, rewrittenPtr, rewrittenLen);
}

/** Adds what the first bytes of a request's body hold, while its headers are still here. */
export function showBodyLabels(stream: Stream, body: Body, side: Side): void {
  if (side != Side.Request || body.masker == 0) return;
  const labels = stream.labels | bodyLabels(body.masker);
  if (labels == stream.labels) return;
  stream.labels = labels;
  showLabels(stream, body.holder);
}

function readName(holder: usize): void {
  const blob = heldBlob(holder);
  namePtr = blob + load<u32>(blob, MaskHeader.stringOff) + load<u32>(blob, MaskHeader.labelHeader);
  nameLen = load<u32>(blob, MaskHeader.labelHeaderLen);
}

function isOutbound(stream: Stream): bool {
  const entry = changetype<Root>(stream.root).entry;
  const bundle: usize = entry == 0 ? 0 : changetype<BundleEntry>(entry).bundle;
  return bundle != 0 && changetype<Bundle>(bundle).direction == Direction.Outbound;
}
