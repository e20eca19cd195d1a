/**
 * Streams, and the table of live ones by identity: a revocation finds the streams of a certificate without walking all.
 *
 *   sources: digest -> Source -> Stream <-> Stream <-> ...
 *
 * A source that has lost its last stream stays for the next one, one of them in each bucket.
 */
import { contextInsert } from '../abi/contexts';
import { releaseMask } from '../mask/holder';
import { blockAlloc, blockFree } from '../memory/block';
import { copyShort, equalBytes } from '../memory/bytes';
import { Identity } from '../policy/identity';
import { ContextKind, Root } from './roots';

/** Life of one body. */
@unmanaged
export class Body {
  /** MaskHolder that the stream keeps, or 0: nothing is masked. */
  holder: usize;
  /** Masker state, made with the first bytes. */
  masker: usize;
  /** Values masked. */
  masked: u32;
  /** Whether bytes of it, or its headers, went on: too late for a status. */
  isForwarded: bool;
  isDone: bool;
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
  isClosed: bool;
  isGrpc: bool;
  /** The one that stands for streams which found no room: always denied. */
  isStandIn: bool;
  /** Ended while it ran, because its source was revoked. */
  wasCut: bool;
  /** Its decision was recorded at once: what waits in `record` only completes it. */
  isRecorded: bool;
  bodyReason: u8;
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

/** Frees the masker and the profile of a body. */
export function freeBody(body: Body): void {
  if (body.masker != 0) blockFree(body.masker);
  if (body.holder != 0) releaseMask(body.holder);
  body.masker = 0;
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

const standInBlock: usize = memory.data(256, 8);

function standIn(): usize {
  const stream = changetype<Stream>(standInBlock);
  stream.kind = ContextKind.Stream;
  stream.isStandIn = true;
  stream.request = changetype<Body>(standInBlock + 160);
  stream.response = changetype<Body>(standInBlock + 200);
  return standInBlock;
}
