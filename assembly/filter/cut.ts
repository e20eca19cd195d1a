/** Ends streams that are still running when their source is revoked (draft, "Service Identity Binding"). */
import { Reason } from '../layout';
import { blockAlloc, blockFree } from '../memory/block';
import { contextFind } from '../abi/contexts';
import { currentTimeNs } from '../abi/hostcalls';
import { commitRecord, dropRecord, reserveRecord } from './audit-queue';
import { RECORD_MAX, writeCut } from './audit-record';
import { State, isRevoked } from '../policy/state';
import { currentState, isStateUnswept, markSwept } from './configure';
import { resetStream } from './deny';
import { Counter, count } from './metrics';
import { SOURCE_BUCKETS, Source, Stream, firstSource } from './streams';

/** Streams ended in one tick; the rest waits for the next one, so that a tick stays short. */
const CUTS_PER_TICK: u32 = 1024;

/** Holds the live streams against a state that arrived since the last call. Called from the tick. */
export function cutRevoked(): void {
  if (!isStateUnswept || currentState == 0) return;
  const ids = blockAlloc((<usize>CUTS_PER_TICK) << 2);
  if (ids == 0) return;
  const found = collectRevoked(changetype<State>(currentState), ids);
  if (found < CUTS_PER_TICK) markSwept();
  // Only ids are kept: ending one stream may make the host delete others.
  for (let i: u32 = 0; i < found; i++) cut(load<u32>(ids + ((<usize>i) << 2)));
  blockFree(ids);
}

function collectRevoked(state: State, ids: usize): u32 {
  let found: u32 = 0;
  for (let bucket: u32 = 0; bucket < SOURCE_BUCKETS; bucket++) {
    for (let at = firstSource(bucket); at != 0; at = changetype<Source>(at).nextInBucket) {
      if (!isRevoked(state, at, at + offsetof<Source>('uuid0'))) continue;
      for (let s = changetype<Source>(at).firstStream; s != 0; s = changetype<Stream>(s).next) {
        if (changetype<Stream>(s).isClosed) continue;
        if (found == CUTS_PER_TICK) return found;
        store<u32>(ids + ((<usize>found) << 2), changetype<Stream>(s).id);
        found += 1;
      }
    }
  }
  return found;
}

function cut(id: u32): void {
  const at = contextFind(id);
  if (at == 0) return;
  const stream = changetype<Stream>(at);
  if (stream.isClosed) return;
  stream.bodyReason = <u8>Reason.Revoked;
  stream.wasCut = true;
  count(Counter.StreamsCut, 1);
  // A record that still waits for the end of the bodies will say it; one that has gone cannot.
  if (stream.record == 0) recordCut(stream);
  resetStream(id, stream);
}

function recordCut(stream: Stream): void {
  const place = reserveRecord(RECORD_MAX);
  if (place == 0 || stream.source == 0) {
    dropRecord();
    return;
  }
  const text = stream.source + offsetof<Source>();
  const textLen = changetype<Source>(stream.source).textLen;
  commitRecord(writeCut(place, stream, text, textLen, currentTimeNs() / 1_000_000));
}
