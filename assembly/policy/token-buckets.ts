/**
 * Token buckets of callers under a rate: a bounded table of two-way sets, so that a look-up is two comparisons.
 *
 * A caller that is new to a set without room inherits what the bucket that it displaces lacks: that is the bucket which is
 * full soonest, and the newcomer's is full no sooner. So whoever rotates identities through a set gets the rate of its two
 * buckets and nothing more; waiting is never dearer. The price is that callers of an overfull set slow one another down.
 */
import { blockAlloc } from '../memory/block';


@unmanaged
class Bucket {
  uuid0: u64;
  uuid1: u64;
  scope: u32;
  /** 0: the bucket was never used. */
  burst: u32;
  perSecond: f64;
  /** As of `atMs`. */
  tokens: f64;
  atMs: u64;
}

/** A power of two. */
const SETS: u32 = 4096;
const BUCKET_BYTES: usize = offsetof<Bucket>();
const SET_BYTES: usize = 2 * BUCKET_BYTES;

let table: usize = 0;

/** Milliseconds until the caller that `takeToken` refused last has a token, if it waits. */
export let waitMs: f64 = 0;

/**
 * Takes a token of the caller with this 16-byte UUID; false when it has none, or when there is no room for the table.
 * `scope` tells the buckets of one caller apart. `perSecond` is above 0; `burst`, at least 1, is what a new caller and a
 * full bucket have. A clock that goes back neither adds tokens nor takes some away, one that jumps ahead fills a bucket.
 */
export function takeToken(uuid: usize, scope: u32, perSecond: f64, burst: u32, nowMs: u64): bool {
  waitMs = 1000 / perSecond;
  if (table == 0 && !openTable()) return false;
  const set = table + <usize>setOf(uuid, scope) * SET_BYTES;
  let bucket = changetype<Bucket>(set);
  const other = changetype<Bucket>(set + BUCKET_BYTES);
  let isKnown = isOf(bucket, uuid, scope);
  if (!isKnown && isOf(other, uuid, scope)) {
    bucket = other;
    isKnown = true;
  }
  if (!isKnown && fullInMs(other, nowMs) < fullInMs(bucket, nowMs)) bucket = other;
  const tokens = isKnown
    ? min(<f64>burst, bucket.tokens + gained(bucket.atMs, perSecond, nowMs))
    : max(0, <f64>burst - (fullInMs(bucket, nowMs) * perSecond) / 1000);
  const isTaken = tokens >= 1;
  if (!isTaken) waitMs = ((1 - tokens) * 1000) / perSecond;
  // A newcomer that gets nothing leaves the bucket to the one that has it.
  if (!isTaken && !isKnown) return false;
  bucket.uuid0 = load<u64>(uuid);
  bucket.uuid1 = load<u64>(uuid, 8);
  bucket.scope = scope;
  bucket.burst = burst;
  bucket.perSecond = perSecond;
  bucket.tokens = isTaken ? tokens - 1 : tokens;
  bucket.atMs = nowMs;
  return isTaken;
}

/** Time until a bucket is full; 0 for one that was never used. */
function fullInMs(bucket: Bucket, nowMs: u64): f64 {
  if (bucket.burst == 0) return 0;
  // Where the clock went back the bucket fills from now on, as it does for its owner.
  if (nowMs < bucket.atMs) bucket.atMs = nowMs;
  const tokens = bucket.tokens + gained(bucket.atMs, bucket.perSecond, nowMs);
  return max(0, ((<f64>bucket.burst - tokens) * 1000) / bucket.perSecond);
}

function gained(sinceMs: u64, perSecond: f64, nowMs: u64): f64 {
  return nowMs <= sinceMs ? 0 : (<f64>(nowMs - sinceMs) * perSecond) / 1000;
}

function isOf(bucket: Bucket, uuid: usize, scope: u32): bool {
  return (
    bucket.burst != 0 &&
    bucket.uuid0 == load<u64>(uuid) &&
    bucket.uuid1 == load<u64>(uuid, 8) &&
    bucket.scope == scope
  );
}

function setOf(uuid: usize, scope: u32): u32 {
  const mixed = (load<u64>(uuid) ^ rotl<u64>(load<u64>(uuid, 8), 31) ^ scope) * 0x9e3779b97f4a7c15;
  return (<u32>(mixed >> 40)) & (SETS - 1);
}

function openTable(): bool {
  const bytes = <usize>SETS * SET_BYTES;
  table = blockAlloc(bytes);
  if (table == 0) return false;
  memory.fill(table, 0, bytes);
  return true;
}
