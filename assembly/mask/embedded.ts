/**
 * A JSON document inside the text of another format: in a JSON string, in the data of a server-sent event, in a form field.
 * The characters of the text are decoded into a scratch and read by a masker of their own; what stays goes out as it was
 * written, and what the masker writes is escaped as the text asks for. One level deep.
 *
 *   scratch: | decoded bytes | u16 for each: where what it was written as begins | written bytes |
 */
import { blockAlloc, blockFree } from '../memory/block';
import { copyShort } from '../memory/bytes';
import { appendUtf8 } from '../memory/utf8';
import { DETECTOR_SET_BYTES } from '../classify/detector-set';
import { closeMap, noteNoRoom, openMap } from './output';
import {
  Masker,
  MASKER_BYTES,
  clearState,
  detectorsOf,
  maskerAt,
  nodeAt,
  rawOf,
  scannerOf,
  setEndAt,
} from './state';
import { Escape } from './escape';

const DECODED_MAX: u32 = 2_048;
const WRITTEN_MAX: u32 = 16_384;
const CHARACTER_BYTES_MAX: u32 = 4;

const decoded: usize = memory.data(2048, 8);
const offsets: usize = memory.data(4098, 8);
const written: usize = memory.data(16384, 8);
let decodedLen: u32 = 0;
let writtenLen: u32 = 0;

type Feed = (m: Masker, src: usize, len: usize) => bool;
type Close = (m: Masker) => bool;
let feed: Feed = refuseFeed;
let close: Close = refuseClose;
let open: Close = refuseClose;
let feedQuery: Feed = refuseFeed;
let closeQuery: Close = refuseClose;
let openQuery: Close = refuseClose;

/**
 * Names the masker of documents. It reads strings that hold documents itself: the two would import one another.
 */
export function useDocumentMasker(opens: Close, feeds: Feed, closes: Close): void {
  open = opens;
  feed = feeds;
  close = closes;
}

/** Names the masker of GraphQL documents. */
export function useQueryMasker(opens: Close, feeds: Feed, closes: Close): void {
  openQuery = opens;
  feedQuery = feeds;
  closeQuery = closes;
}

/** Starts a GraphQL document in the text that is the next value of `m`. False when there is no room. */
export function openEmbeddedQuery(m: Masker): bool {
  m.preparedInner = false;
  if (!openInner(m)) return false;
  const n = maskerAt(m.inner);
  n.isQuery = true;
  // A JSON document that follows needs a state without what a query leaves in it.
  m.preparedInner = false;
  return openQuery(n);
}

/**
 * Starts the document in the text that is the next value of `m`: the rules that lead there go on inside. False when there
 * is no room.
 */
export function openEmbedded(m: Masker): bool {
  if (!openInner(m)) return false;
  const n = maskerAt(m.inner);
  if (!open(n)) return false;
  inheritNodes(m, n);
  return true;
}

/** Makes a state for a document inside, or takes the one of the document before. */
function openInner(m: Masker): bool {
  const inner = takeInner(m);
  if (inner == 0) return false;
  const n = maskerAt(inner);
  if (!m.preparedInner) prepareInner(m, n);
  n.count = 0;
  n.found = 0;
  decodedLen = 0;
  writtenLen = 0;
  return true;
}

/** Sets what is the same for every document of a body. */
function prepareInner(m: Masker, n: Masker): void {
  m.preparedInner = true;
  clearState(m.inner);
  n.blob = m.blob;
  n.clearance = m.clearance;
  n.band = m.band;
  n.detectorStrength = m.detectorStrength;
  n.escape = Escape.Json;
  n.isInner = true;
  memory.copy(
    changetype<usize>(detectorsOf(n)),
    changetype<usize>(detectorsOf(m)),
    DETECTOR_SET_BYTES,
  );
}

/** State block for a document inside: the one that is there, or a new one; 0 when there is no room. */
export function takeInner(m: Masker): usize {
  if (m.inner == 0) m.inner = blockAlloc(MASKER_BYTES);
  if (m.inner == 0) noteNoRoom();
  return m.inner;
}

/** Frees the state of a document inside. */
export function dropInner(m: Masker): void {
  if (m.inner != 0) blockFree(m.inner);
  m.inner = 0;
  m.preparedInner = false;
}

/** Takes a character whose bytes are all that is in the text window of `m`. False when the document is malformed. */
export function embeddedChar(m: Masker, codePoint: u32): bool {
  const len = m.rawLen;
  m.rawLen = 0;
  return embeddedWritten(m, codePoint, rawOf(m), len);
}

/** As `embeddedChar`, for a character that is written as the `len` bytes at `from`. */
export function embeddedWritten(m: Masker, codePoint: u32, from: usize, len: u32): bool {
  if (decodedLen + CHARACTER_BYTES_MAX > DECODED_MAX || len > WRITTEN_MAX - writtenLen) {
    if (!flushEmbedded(m) || len > WRITTEN_MAX) return false;
  }
  copyShort(written + writtenLen, from, len);
  store<u16>(offsets + ((<usize>decodedLen) << 1), <u16>writtenLen);
  writtenLen += len;
  // A half of a surrogate pair that stands alone has no UTF-8.
  const isHalf = (codePoint & 0xfffff800) == 0xd800;
  const end = decodedLen + appendUtf8(decoded + decodedLen, isHalf ? 0xfffd : codePoint);
  // Its first byte stands for all that was written.
  for (let i = decodedLen + 1; i <= end; i++) {
    store<u16>(offsets + ((<usize>i) << 1), <u16>writtenLen);
  }
  decodedLen = end;
  return true;
}

/** Forgets what a call that failed left in the scratch: it belongs to another body. */
export function clearEmbedded(): void {
  decodedLen = 0;
  writtenLen = 0;
}

/** Masks what was gathered. Has to be called before the scratch is used for another body: at the end of each feed. */
export function flushEmbedded(m: Masker): bool {
  if (decodedLen == 0) return true;
  const len = <usize>decodedLen;
  decodedLen = 0;
  writtenLen = 0;
  openMap(decoded, offsets, written, m.escape);
  const n = maskerAt(m.inner);
  const isRead = n.isQuery ? feedQuery(n, decoded, len) : feed(n, decoded, len);
  closeMap();
  return isRead;
}

/** Most bytes of a document that `maskWhole` takes. */
export const WHOLE_DOCUMENT_MAX: u32 = DECODED_MAX;

/** Sets byte `index` of the document for `maskWhole`, and where what it was written as begins. */
// @ts-ignore: decorator
@inline
export function placeByte(index: u32, byte: u8, offset: u32): void {
  store<u8>(decoded + index, byte);
  store<u16>(offsets + ((<usize>index) << 1), <u16>offset);
}

/**
 * Masks a document that was placed whole, ASCII alone, written from `from` on up to `writtenEnd` behind it. False when it
 * cannot be read: what came out has to be taken back then.
 */
export function maskWhole(m: Masker, len: u32, from: usize, writtenEnd: u32): bool {
  store<u16>(offsets + ((<usize>len) << 1), <u16>writtenEnd);
  if (!openEmbedded(m)) return false;
  const n = maskerAt(m.inner);
  openMap(decoded, offsets, from, m.escape);
  const isWhole = feed(n, decoded, len) && close(n);
  closeMap();
  if (!isWhole) return false;
  m.count += n.count;
  m.found |= n.found;
  return true;
}

/** Ends the document. False when it is not whole. */
export function closeEmbedded(m: Masker): bool {
  if (!flushEmbedded(m)) return false;
  const n = maskerAt(m.inner);
  openMap(decoded, offsets, written, m.escape);
  const isWhole = n.isQuery ? closeQuery(n) : close(n);
  closeMap();
  m.count += n.count;
  m.found |= n.found;
  // The block stays for the next document of the body.
  return isWhole;
}

/** The document is where the text stands in the paths. */
function inheritNodes(m: Masker, n: Masker): void {
  const top = load<u16>(setEndAt(m, scannerOf(m).depth));
  for (let i: u32 = 0; i < m.nextCount; i++) {
    store<u16>(nodeAt(n, i), load<u16>(nodeAt(m, top + i)));
  }
  n.nextCount = m.nextCount;
  n.nextStrength = m.nextStrength;
}

function refuseFeed(m: Masker, src: usize, len: usize): bool {
  return false;
}

function refuseClose(m: Masker): bool {
  return false;
}
