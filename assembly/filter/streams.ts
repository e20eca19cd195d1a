/**
 * Streams, and the table of live ones by identity: a revocation finds the streams of a certificate without walking all.
 *
 *   sources: digest -> Source -> Stream <-> Stream <-> ...
 *
 * A source that has lost its last stream stays for the next one, one of them in each bucket.
 */
import { contextInsert } from '../abi/contexts';
import { closeBody } from '../mask/body';
import { releaseMask } from '../mask/holder';
import { blockAlloc, blockFree } from '../memory/block';
import { copyShort, equalBytes } from '../memory/bytes';
import { Identity } from '../policy/identity';
import { ContextKind, Root } from './roots';

/** Where a body stands. */
export const enum BodyState {
  /** it goes through the masker */
  Masking = 0,
  /** another body stands for it, and did not go on yet */
  Redacting = 1,
  /** the other body went on: nothing more does */
  Redacted = 2,
  /** it goes on as it came */
  Passing = 3,
  Done = 4,
  /** nothing in its messages is ever masked: they go on as they came, what stands beside them does not */
  Plain = 5,
}

/** No gRPC method of the profile: a message of it cannot be read. */
export const NO_METHOD: u32 = 0xfffffffe;

/** Format of a body without a content type: it can be nothing but empty. */
export const UNTYPED: i32 = -1;
/** Charset of a body whose type is not kept when another stands for it. */
export const NO_KNOWN_CHARSET: i32 = -1;

/** Life of one body. */
@unmanaged
export class Body {
  /** MaskHolder that the stream keeps, or 0: nothing is masked. */
  holder: usize;
  /** Masker state, made with the first bytes. */
  masker: usize;
  /** Block with the boundary of a multipart body, or 0. */
  boundary: usize;
  /** What its format asks for, see `openBody`. */
  argLen: u32;
  /** MaskMessage of the gRPC method, NONE when nothing in it is masked, or NO_METHOD. */
  message: u32;
  /** Values masked. */
  masked: u32;
  /** Masked bytes that the host holds back in front of the next chunk. */
  buffered: u32;
  state: i32;
  /** BodyFormat, or UNTYPED */
  format: i32;
  /** Charset, or NO_KNOWN_CHARSET */
  charset: i32;
  /** UnreadableAction */
  action: i32;
  /** Whether bytes of it, or its headers, went on: too late for a status. */
  isForwarded: bool;
  /** Whether a chunk of it was read: too late to let it pass as it came. */
  isStarted: bool;
  /** Whether its format does not say where it ends. */
  isOpenEnded: bool;
  /** Whether the host may hold back what trailers would cut off from its end. */
  mayWait: bool;
  /**
   * Whether a decompressor of Envoy may have made it: its trailers then come together with its last bytes, and go past this
   * filter when the host lets go what it held back in the same call (envoy-facts, "Callbacks and bodies").
   */
  mayBeDecoded: bool;
  /** Whether it belongs to a gRPC method whose requests are streams. */
  isStreamed: bool;
  /** Whether the host holds bytes back now. */
  isWaiting: bool;
}


@unmanaged
export class Stream {
  kind: u32;
  id: u32;
  root: usize;
  clearance: u64;
  /** Number of its decision. */
  decision: u64;
  /** Source that it is listed under, or 0. */
  source: usize;
  previous: usize;
  next: usize;
  /** Audit record that waits for the end of the bodies, or 0. */
  record: usize;
  /** Labels found so far, one bit each. */
  labels: u64;
  isClosed: bool;
  isGrpc: bool;
  /** The one that stands for streams which found no room: always denied. */
  isStandIn: bool;
  /** Ended while it ran, because its source was revoked. */
  wasCut: bool;
  /** Its decision was recorded at once: what waits in `record` only completes it. */
  isRecorded: bool;
  /** `record` is only wanted if something happens to a body. */
  isRecordOptional: bool;
  /** An upgrade or CONNECT that may pass, unmasked. */
  isTunnel: bool;
  /** It is CONNECT, not an upgrade. */
  isConnect: bool;
  /** Its answer was that it is one. */
  isTunnelOpen: bool;
  wasPassed: bool;
  wasRedacted: bool;
  bodyReason: u8;
  /** Band of the decision. */
  band: u8;
  request: Body;
  response: Body;
}


@unmanaged
export class Source {
  /** 32 bytes of digest, 16 of UUID: what `isRevoked` looks for. */
  digest0: u64;
  digest1: u64;
  digest2: u64;
  digest3: u64;
  uuid0: u64;
  uuid1: u64;
  nextInBucket: usize;
  firstStream: usize;
  /** SPIFFE ID, behind this struct. */
  textLen: u32;
}

const BUCKETS: u32 = 1024;
const buckets: usize = memory.data(4096, 8);
/** The digest and the UUID at the start of an Identity. */
const SOURCE_KEY: u32 = 48;
const BODY_BYTES: usize = offsetof<Body>();
/** In steps of 16: blocks are that large at least. */
const STREAM_BYTES: usize = (offsetof<Stream>() + 2 * BODY_BYTES + 15) & ~15;

/** Stream of a new context. Without room it gets the stand-in; without room even for that, nothing. */
export function openStream(id: u32, root: Root): void {
  const block = blockAlloc(STREAM_BYTES);
  if (block == 0) {
    contextInsert(id, standIn());
    return;
  }
  for (let at = block; at < block + STREAM_BYTES; at += 16) v128.store(at, i64x2.splat(0));
  const stream = changetype<Stream>(block);
  stream.kind = ContextKind.Stream;
  stream.id = id;
  stream.root = changetype<usize>(root);
  stream.request = changetype<Body>(block + offsetof<Stream>());
  stream.response = changetype<Body>(block + offsetof<Stream>() + BODY_BYTES);
  if (!contextInsert(id, block)) blockFree(block);
}

/** Frees a stream and all it holds. Its context was removed before. */
export function freeStream(stream: Stream): void {
  if (stream.isStandIn) return;
  unlist(stream);
  freeBody(stream.request);
  freeBody(stream.response);
  if (stream.record != 0) blockFree(stream.record);
  blockFree(changetype<usize>(stream));
}

/** Frees the masker of a body. */
export function freeMasker(body: Body): void {
  if (body.masker == 0) return;
  closeBody(body.masker);
  blockFree(body.masker);
  body.masker = 0;
}

/** Frees the masker and the profile of a body. */
export function freeBody(body: Body): void {
  freeMasker(body);
  if (body.boundary != 0) blockFree(body.boundary);
  if (body.holder != 0) releaseMask(body.holder);
  body.boundary = 0;
  body.holder = 0;
}

/** Lists a stream under its source, an Identity. False when there is no room. */
export function listStream(stream: Stream, identity: usize): bool {
  const bucket = buckets + <usize>(load<u32>(identity) & (BUCKETS - 1)) * sizeof<usize>();
  let at = load<usize>(bucket);
  while (at != 0 && !equalBytes(at, SOURCE_KEY, identity, SOURCE_KEY)) {
    at = changetype<Source>(at).nextInBucket;
  }
  if (at == 0) {
    const known = changetype<Identity>(identity);
    at = blockAlloc(offsetof<Source>() + known.textLen);
    if (at == 0) return false;
    copyShort(at, identity, SOURCE_KEY);
    copyShort(at + offsetof<Source>(), known.text, known.textLen);
    changetype<Source>(at).textLen = known.textLen;
    changetype<Source>(at).nextInBucket = load<usize>(bucket);
    changetype<Source>(at).firstStream = 0;
    store<usize>(bucket, at);
  }
  const source = changetype<Source>(at);
  stream.source = at;
  stream.previous = 0;
  stream.next = source.firstStream;
  if (source.firstStream != 0) {
    changetype<Stream>(source.firstStream).previous = changetype<usize>(stream);
  }
  source.firstStream = changetype<usize>(stream);
  return true;
}

/** First source of a bucket, for a walk over all: buckets 0 to SOURCE_BUCKETS - 1. */
export function firstSource(bucket: u32): usize {
  return load<usize>(buckets + <usize>bucket * sizeof<usize>());
}

/** Number of buckets of the walk. */
export const SOURCE_BUCKETS: u32 = BUCKETS;

function unlist(stream: Stream): void {
  if (stream.source == 0) return;
  const source = changetype<Source>(stream.source);
  if (stream.previous != 0) changetype<Stream>(stream.previous).next = stream.next;
  else source.firstStream = stream.next;
  if (stream.next != 0) changetype<Stream>(stream.next).previous = stream.previous;
  stream.source = 0;
  if (source.firstStream == 0) dropIdle(source);
}

/** Frees the other source of the bucket that has no stream, if there is one: it was idle for longer. */
function dropIdle(idle: Source): void {
  let link = buckets + <usize>((<u32>idle.digest0) & (BUCKETS - 1)) * sizeof<usize>();
  for (let at = load<usize>(link); at != 0; at = load<usize>(link)) {
    const source = changetype<Source>(at);
    if (source.firstStream == 0 && at != changetype<usize>(idle)) {
      store<usize>(link, source.nextInBucket);
      blockFree(at);
      return;
    }
    link = at + offsetof<Source>('nextInBucket');
  }
}

const standInBlock: usize = memory.data(512, 8);
const STAND_IN_REQUEST: usize = 256;
const STAND_IN_RESPONSE: usize = 384;

function standIn(): usize {
  const stream = changetype<Stream>(standInBlock);
  stream.kind = ContextKind.Stream;
  stream.isStandIn = true;
  stream.request = changetype<Body>(standInBlock + STAND_IN_REQUEST);
  stream.response = changetype<Body>(standInBlock + STAND_IN_RESPONSE);
  return standInBlock;
}

// INVARIANT: the stand-in's parts do not overlap.
assert(offsetof<Stream>() <= STAND_IN_REQUEST && BODY_BYTES <= 128);
