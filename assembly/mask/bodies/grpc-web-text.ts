/**
 * Masks gRPC-Web in base64. The output is cut into texts with padding where a frame ends with one of the input, so that no
 * frame waits for the next one; padding inside a frame goes.
 */
import {
  Base64,
  Base64Event,
  base64Step,
  quantum,
  quantumLen,
  writeQuantum,
} from '../../protobuf/base64';
import { cutOutput, lacksRoom, maskedLen, maskedPtr, reserveOutput } from '../output';
import { Masker, formatOf } from '../state';
import { closeFrames, feedFrames, frameNeeds, isBetweenFrames, openFrames } from './grpc';

/** Where in the format's part the state lies: behind that of frames. */
const STATE: usize = 256;
const QUANTUM: u32 = 3;
const WRITTEN: u32 = 4;
/** Decoded bytes that are masked at once. */
const PART_MAX: u32 = 3_072;

const part: usize = memory.data(3072, 8);

// @ts-ignore: decorator
@unmanaged
class Texts extends Base64 {
  /** bytes of the output that wait for a third one */
  restLen: u32;
  rest: u32;
}

// @ts-ignore: decorator
@inline
function stateOf(m: Masker): Texts {
  return changetype<Texts>(formatOf(m) + STATE);
}

/** Puts a state before the texts. */
export function openTexts(m: Masker, message: u32): bool {
  return openFrames(m, message);
}

/** Takes characters. False when they are malformed or there is no room. */
export function feedTexts(m: Masker, src: usize, len: usize): bool {
  const s = stateOf(m);
  let from = maskedLen;
  let partLen: u32 = 0;
  for (let i: usize = 0; i < len; i++) {
    const event = base64Step(s, load<u8>(src + i));
    if (event == Base64Event.Malformed) return false;
    if (event == Base64Event.More) continue;
    memory.copy(part + partLen, quantum, quantumLen);
    partLen += quantumLen;
    // A text may end here, with or without padding: whether a frame does has to be known.
    if (partLen + QUANTUM <= PART_MAX && !mayEndFrame(m, partLen)) continue;
    if (!feedFrames(m, part, partLen)) return false;
    partLen = 0;
    if (!encode(s, from, isBetweenFrames(m))) return false;
    from = maskedLen;
  }
  if (!feedFrames(m, part, partLen)) return false;
  return encode(s, from, false) && !lacksRoom;
}

/** Ends the texts. */
export function closeTexts(m: Masker): bool {
  const s = stateOf(m);
  const from = maskedLen;
  return s.count == 0 && closeFrames(m) && encode(s, from, true) && !lacksRoom;
}

/** Whether a frame could end with the bytes that were not fed. */
function mayEndFrame(m: Masker, partLen: u32): bool {
  return partLen >= frameNeeds(m);
}

/** Turns the output behind `from` into base64; `isEnd` pads it. False when there is no room. */
function encode(s: Texts, from: usize, isEnd: bool): bool {
  const len = maskedLen - from;
  const grown = len + len / 2 + 16;
  if (!reserveOutput(grown)) return false;
  // The bytes move to where those that are written will not reach them.
  const source = maskedPtr + maskedLen + grown - len;
  memory.copy(source, maskedPtr + from, len);
  return writeTexts(s, from, source, len, isEnd);
}

/** Writes what waits and `len` bytes at `source`. */
function writeTexts(s: Texts, from: usize, source: usize, len: usize, isEnd: bool): bool {
  let target = maskedPtr + from;
  for (let i: usize = 0; i < len; i++) {
    store<u8>(waiting(s) + s.restLen, load<u8>(source + i));
    s.restLen++;
    if (s.restLen < QUANTUM) continue;
    target = writeWaiting(s, target);
  }
  if (isEnd && s.restLen != 0) target = writeWaiting(s, target);
  cutOutput(target - maskedPtr);
  return true;
}

function writeWaiting(s: Texts, target: usize): usize {
  writeQuantum(target, waiting(s), s.restLen);
  s.restLen = 0;
  return target + WRITTEN;
}

// @ts-ignore: decorator
@inline
function waiting(s: Texts): usize {
  return changetype<usize>(s) + offsetof<Texts>('rest');
}
