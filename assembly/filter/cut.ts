/**
 * Ends streams that are still running when their source is revoked, a side is isolated, or the trust domain of the source
 * is federated no more (draft, "Service Identity Binding").
 */
import { contextFind } from '../abi/contexts';
import { currentTimeNs } from '../abi/hostcalls';
import { parseIdentity } from '../context/spiffe-id';
import { Reason, RestrictionSide } from '../layout';
import { blockAlloc, blockFree } from '../memory/block';
import { equalBytes } from '../memory/bytes';
import { Bundle } from '../policy/bundle';
import { isFederated } from '../policy/federated-domains';
import { Identity, writeServiceKey } from '../policy/identity';
import { isIsolated } from '../policy/restrictions';
import { State, isRevoked } from '../policy/state';
import { commitRecord, dropRecord, reserveRecord } from './audit-queue';
import { RECORD_MAX, writeCut } from './audit-record';
import { currentState, isUnswept, markSwept } from './configure';
import { resetStream } from './deny';
import { Counter, count } from './metrics';
import { BundleEntry, Root } from './roots';
import { SOURCE_BUCKETS, Source, Stream, firstSource } from './streams';

/** Streams ended in one tick; the rest waits for the next one, so that a tick stays short. */
const CUTS_PER_TICK: u32 = 1024;
/** Bytes of a stream's id and of the reason to end it. */
const CUT_BYTES: usize = 8;
/** Bytes of `spiffe://`. */
const SCHEME_LEN: u32 = 9;
/** Key of a service in states: no longer than a SPIFFE ID. */
const subject: usize = memory.data(512, 8);
const sourceIdentity: usize = memory.data(256, 8);

let nowMs: u64 = 0;
/** The bundle entry that was looked at last, and whether its destination is isolated: streams mostly share one. */
let lastEntry: usize = 0;
let isLastIsolated: bool = false;

/** Holds the live streams against a state, or domains, that arrived since the last call. Called from the tick. */
export function cutRefused(): void {
  if (!isUnswept || currentState == 0) return;
  const cuts = blockAlloc(<usize>CUTS_PER_TICK * CUT_BYTES);
  if (cuts == 0) return;
  nowMs = currentTimeNs() / 1_000_000;
  const found = collect(changetype<State>(currentState), cuts);
  if (found < CUTS_PER_TICK) markSwept();
  // Only ids are kept: ending one stream may make the host delete others.
  for (let i: u32 = 0; i < found; i++) {
    const at = cuts + <usize>i * CUT_BYTES;
    cut(load<u32>(at), <Reason>load<u32>(at, 4));
  }
  blockFree(cuts);
}

function collect(state: State, cuts: usize): u32 {
  let found: u32 = 0;
  lastEntry = 0;
  for (let bucket: u32 = 0; bucket < SOURCE_BUCKETS; bucket++) {
    for (let at = firstSource(bucket); at != 0; at = changetype<Source>(at).nextInBucket) {
      const ofSource = refusalOf(state, at);
      const asksDomain = isForeign(state, at);
      // Without an isolation there is nothing to ask of each stream of our own.
      if (ofSource == Reason.Permitted && !state.hasIsolation && !asksDomain) continue;
      for (let s = changetype<Source>(at).firstStream; s != 0; s = changetype<Stream>(s).next) {
        const stream = changetype<Stream>(s);
        if (stream.isClosed) continue;
        let reason = ofSource;
        if (reason == Reason.Permitted && asksDomain) reason = refusalOfDomain(at, stream);
        if (reason == Reason.Permitted && isDestinationIsolated(state, stream)) {
          reason = Reason.Isolated;
        }
        if (reason == Reason.Permitted) continue;
        if (found == CUTS_PER_TICK) return found;
        store<u32>(cuts + <usize>found * CUT_BYTES, stream.id);
        store<u32>(cuts + <usize>found * CUT_BYTES, reason, 4);
        found += 1;
      }
    }
  }
  return found;
}

/** Why no stream of a source may go on, or Reason.Permitted. */
function refusalOf(state: State, at: usize): Reason {
  if (isRevoked(state, at, at + offsetof<Source>('uuid0'))) return Reason.Revoked;
  if (!state.hasIsolation) return Reason.Permitted;
  const identity = changetype<Identity>(sourceIdentity);
  const text = at + offsetof<Source>();
  if (!parseIdentity(identity, text, changetype<Source>(at).textLen)) return Reason.Permitted;
  const len = writeServiceKey(identity, isForeign(state, at), subject);
  const isCutOff = isIsolated(state, subject, len, RestrictionSide.Source, nowMs);
  return isCutOff ? Reason.Isolated : Reason.Permitted;
}

/** Whether a source is of another trust domain than the mesh, by what its text starts with. */
function isForeign(state: State, at: usize): bool {
  const text = at + offsetof<Source>() + SCHEME_LEN;
  const len = changetype<Source>(at).textLen;
  if (len <= SCHEME_LEN + state.meshLen) return true;
  return (
    !equalBytes(text, state.meshLen, state.mesh, state.meshLen) ||
    load<u8>(text + state.meshLen) != 0x2f
  );
}

/** Why the newest bundle of a stream accepts its foreign source no more, or Reason.Permitted. */
function refusalOfDomain(at: usize, stream: Stream): Reason {
  const entry = changetype<Root>(stream.root).entry;
  if (entry == 0 || changetype<BundleEntry>(entry).bundle == 0) return Reason.Permitted;
  const identity = changetype<Identity>(sourceIdentity);
  const text = at + offsetof<Source>();
  if (!parseIdentity(identity, text, changetype<Source>(at).textLen)) return Reason.Permitted;
  const bundle = changetype<Bundle>(changetype<BundleEntry>(entry).bundle);
  return isFederated(bundle, identity.domain, identity.domainLen)
    ? Reason.Permitted
    : Reason.UnknownTrustDomain;
}

function isDestinationIsolated(state: State, stream: Stream): bool {
  if (!state.hasIsolation) return false;
  const entry = changetype<Root>(stream.root).entry;
  if (entry == lastEntry && entry != 0) return isLastIsolated;
  const at: usize = entry == 0 ? 0 : changetype<BundleEntry>(entry).bundle;
  if (at == 0) return false;
  const bundle = changetype<Bundle>(at);
  const side = RestrictionSide.Destination;
  lastEntry = entry;
  isLastIsolated = isIsolated(state, bundle.subject, bundle.subjectLen, side, nowMs);
  return isLastIsolated;
}

function cut(id: u32, reason: Reason): void {
  const at = contextFind(id);
  if (at == 0) return;
  const stream = changetype<Stream>(at);
  if (stream.isClosed) return;
  stream.bodyReason = <u8>reason;
  stream.wasCut = reason == Reason.Revoked;
  count(Counter.StreamsCut, 1);
  // A record that still waits for the end of the bodies will say it; one that has gone cannot.
  if (stream.record == 0) recordCut(stream, reason);
  resetStream(id, stream);
}

function recordCut(stream: Stream, reason: Reason): void {
  const place = reserveRecord(RECORD_MAX);
  if (place == 0 || stream.source == 0) {
    dropRecord();
    return;
  }
  const text = stream.source + offsetof<Source>();
  const textLen = changetype<Source>(stream.source).textLen;
  commitRecord(writeCut(place, stream, text, textLen, reason, nowMs));
}
