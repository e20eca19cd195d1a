/** What the state's restrictions take from one request (policy-model, "Meaning", 8): their effects add up. */
import { Restriction, RestrictionFlag, RestrictionSide, Verdict } from '../layout';
import { State, compareString } from './state';

/**
 * Strictest verdict of the restrictions that count, or Verdict.Allow. Valid until the next call, as all that follows; with
 * Verdict.Allow the rest says nothing.
 */
export let strictest: u32 = Verdict.Allow;
/** Whether only methods that do not write may pass. */
export let isReadOnly: bool = false;
/** Whether the caller is treated as one without any clearance. */
export let takesClearance: bool = false;
/** Least rate, requests a second; 0: none. `rateBurst` goes with it. */
export let leastRate: f64 = 0;
export let rateBurst: u32 = 0;
/** Longest wait that one of them names, in seconds; 0: none does. */
export let longestRetryAfter: u32 = 0;

/**
 * Adds up the restrictions that count at `nowMs` for calls from one `<environment>/<service>` to another. Costs nothing
 * but a comparison when the state has none, else two binary searches.
 */
export function findRestrictions(
  state: State,
  source: usize,
  sourceLen: u32,
  destination: usize,
  destinationLen: u32,
  nowMs: u64,
): void {
  strictest = Verdict.Allow;
  if (state.restrictionCount == 0) return;
  isReadOnly = false;
  takesClearance = false;
  leastRate = 0;
  rateBurst = 0;
  longestRetryAfter = 0;
  addSide(state, source, sourceLen, RestrictionSide.Source, nowMs);
  addSide(state, destination, destinationLen, RestrictionSide.Destination, nowMs);
}

/** Whether calls of (Source) or to (Destination) a service are cut off at `nowMs`. */
export function isIsolated(
  state: State,
  subject: usize,
  subjectLen: u32,
  side: RestrictionSide,
  nowMs: u64,
): bool {
  let i = firstOf(state, subject, subjectLen, side);
  for (; i < state.restrictionCount; i++) {
    const record = recordAt(state, i);
    if (compareKey(state, record, subject, subjectLen, side) != 0) return false;
    const verdict = <u32>load<u8>(record, Restriction.verdict);
    if (verdict == <u32>Verdict.Isolate && counts(record, nowMs)) return true;
  }
  return false;
}

function addSide(
  state: State,
  subject: usize,
  subjectLen: u32,
  side: RestrictionSide,
  nowMs: u64,
): void {
  let i = firstOf(state, subject, subjectLen, side);
  for (; i < state.restrictionCount; i++) {
    const record = recordAt(state, i);
    if (compareKey(state, record, subject, subjectLen, side) != 0) return;
    if (counts(record, nowMs)) add(record);
  }
}

function add(record: usize): void {
  // INVARIANT: the numbers of Verdict rise with strictness from Degrade on, and Allow is below them.
  strictest = max(strictest, <u32>load<u8>(record, Restriction.verdict));
  const flags = <u32>load<u8>(record, Restriction.flags);
  if ((flags & (1 << RestrictionFlag.ReadOnly)) != 0) isReadOnly = true;
  if ((flags & (1 << RestrictionFlag.NoClearance)) != 0) takesClearance = true;
  longestRetryAfter = max(longestRetryAfter, load<u32>(record, Restriction.retryAfterSeconds));
  const rate = load<f64>(record, Restriction.ratePerSecond);
  const burst = load<u32>(record, Restriction.burst);
  if (rate == 0) return;
  const isLess = leastRate == 0 || rate < leastRate || (rate == leastRate && burst < rateBurst);
  if (!isLess) return;
  leastRate = rate;
  rateBurst = burst;
}

function counts(record: usize, nowMs: u64): bool {
  const untilMs = load<u64>(record, Restriction.untilMs);
  return untilMs == 0 || nowMs < untilMs;
}

/** Index of the first record at or above a key. */
function firstOf(state: State, subject: usize, subjectLen: u32, side: RestrictionSide): u32 {
  let low: u32 = 0;
  let high = state.restrictionCount;
  while (low < high) {
    const mid = (low + high) >> 1;
    const order = compareKey(state, recordAt(state, mid), subject, subjectLen, side);
    if (order < 0) low = mid + 1;
    else high = mid;
  }
  return low;
}

function compareKey(
  state: State,
  record: usize,
  subject: usize,
  subjectLen: u32,
  side: RestrictionSide,
): i32 {
  const order = compareString(state, record + Restriction.subject, subject, subjectLen);
  return order != 0 ? order : <i32>load<u8>(record, Restriction.side) - <i32>side;
}

function recordAt(state: State, index: u32): usize {
  return state.restrictions + <usize>index * Restriction.SIZE;
}
