/** Bench-only module: the sources of the filter, a host inside the VM (`host.ts`), and loops over requests. */
import '../../../assembly/abi/abort';
import {
  logged as loggedPtr,
  loggedLen as loggedBytes,
  offerConfiguration,
  setPeer,
  setTime,
} from '../../../assembly/abi/imports';
import * as request from '../../../assembly/context/request';
import { configureBundle, configureState, currentState } from '../../../assembly/filter/configure';
import {
  decide,
  decideByRules,
  decidedBundle,
  decidedIdentity,
} from '../../../assembly/filter/decide';
import { Root } from '../../../assembly/filter/roots';
import { readSettings } from '../../../assembly/filter/settings';
import { Reason } from '../../../assembly/layout';
import { arenaAlloc, arenaEnter, arenaLeave } from '../../../assembly/memory/arena';
import { blockAlloc } from '../../../assembly/memory/block';
import { Bundle } from '../../../assembly/policy/bundle';
import { cacheMisses, isHit } from '../../../assembly/policy/decision-cache';
import { Identity } from '../../../assembly/policy/identity';
import { findIdentityByDigits } from '../../../assembly/policy/identity-table';
import { knownPathClass } from '../../../assembly/policy/path-class';
import { startGeneration } from '../../../assembly/policy/refresh';
import { State } from '../../../assembly/policy/state';

/** What a loop does with each request beside reading its headers. */
const enum Work {
  Nothing,
  /** All that follows the look-up of the caller. */
  Rules,
  /** The whole decision. */
  Decide,
}

/** One bit each. */
const enum Change {
  /** The path is one that the filter has not met; its template stays. */
  Path = 1,
  /** The certificate is one that the filter has not met; what it says stays. */
  Certificate = 2,
  /** Every decision so far is forgotten, and nothing else. */
  Decisions = 4,
}

/** One request, made by the host; addresses but for the places in the pairs. */
@unmanaged
class Ask {
  pairs: usize;
  pairsLen: u32;
  /** Where 8 digits of the path stand in the pairs, and the 64 digits of the digest. */
  serialAt: u32;
  digitsAt: u32;
  uri: usize;
  uriLen: u32;
  subject: usize;
  subjectLen: u32;
  /** Set by `remember`. */
  identity: usize;
}

const root: usize = memory.data(offsetof<Root>(), 8);
const DIGITS: u32 = 64;
let serial: u32 = 0;

/** A block of the module's memory. */
export function take(size: usize): usize {
  return blockAlloc(size);
}

/** Where the host writes a file of `size` bytes. */
export function room(size: usize): usize {
  arenaEnter();
  return arenaAlloc(size);
}

/** Takes the file in the `room` as a bundle. */
export function takeBundle(ptr: usize, size: u32, ns: u64): bool {
  setTime(ns);
  readSettings();
  offerConfiguration(ptr, size);
  const accepted = configureBundle(changetype<Root>(root), size);
  arenaLeave();
  return accepted;
}

/** Takes the file in the `room` as a state. */
export function takeState(ptr: usize, size: u32): bool {
  offerConfiguration(ptr, size);
  const accepted = configureState(size);
  arenaLeave();
  return accepted;
}

export function logPtr(): usize {
  return loggedPtr;
}

export function logLen(): usize {
  return loggedBytes;
}

/** Decisions that were not in the cache, since the start. */
export function misses(): u32 {
  return cacheMisses;
}

/**
 * Runs the requests whose indexes stand at `order`. `asks` is the table of all. Answers how many were not permitted.
 */
export function run(asks: usize, order: usize, count: u32, work: u32, changes: u32): u32 {
  const state = changetype<State>(currentState);
  let refused: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const ask = askAt(asks, load<u32>(order + ((<usize>i) << 2)));
    arenaEnter();
    const pairs = arrive(ask, changes);
    const isRead = request.readRequest(pairs, ask.pairsLen);
    if (work != Work.Nothing) {
      const bundle = changetype<Bundle>(decidedBundle);
      if ((changes & Change.Decisions) != 0) startGeneration(bundle);
      const reason =
        work == Work.Rules
          ? decideByRules(bundle, state, changetype<Identity>(ask.identity))
          : decide(changetype<Root>(root));
      if (reason != Reason.Permitted) refused += 1;
    }
    if (!isRead) refused += 1;
    arenaLeave();
  }
  return refused;
}

/** Decides one request, and remembers the caller in it: the reason. */
export function remember(asks: usize, index: u32): u32 {
  const ask = askAt(asks, index);
  arenaEnter();
  const isRead = request.readRequest(arrive(ask, 0), ask.pairsLen);
  const reason: u32 = isRead ? decide(changetype<Root>(root)) : Reason.PathAmbiguous;
  ask.identity = decidedIdentity;
  arenaLeave();
  return reason;
}

/** What the caches of the filter hold of a request, one bit each: its caller, the class of its path. */
export function held(asks: usize, index: u32): u32 {
  const ask = askAt(asks, index);
  const bundle = changetype<Bundle>(decidedBundle);
  arenaEnter();
  request.readRequest(arrive(ask, 0), ask.pairsLen);
  const caller = findIdentityByDigits(bundle, ask.pairs + ask.digitsAt);
  const path = knownPathClass(bundle, request.pathPtr, request.pathLen);
  arenaLeave();
  return (caller != 0 && caller == ask.identity ? 1 : 0) | (path != 0 ? 2 : 0);
}

/** Whether the last decision was in the cache. */
export function wasHit(): bool {
  return isHit;
}

/** The pairs of a request as a host hands them over: in memory that the filter allocated for this callback. */
// @ts-ignore: decorator
@inline
function arrive(ask: Ask, changes: u32): usize {
  const pairs = arenaAlloc(ask.pairsLen);
  memory.copy(pairs, ask.pairs, ask.pairsLen);
  serial += 1;
  if ((changes & Change.Path) != 0) writeDigits(pairs + ask.serialAt, serial);
  // An odd factor spreads the certificates over the table, as digests do.
  if ((changes & Change.Certificate) != 0) writeDigits(pairs + ask.digitsAt, serial * 0x9e3779b1);
  setPeer(ask.uri, ask.uriLen, ask.subject, ask.subjectLen, pairs + ask.digitsAt, DIGITS);
  return pairs;
}

function writeDigits(target: usize, value: u32): void {
  for (let at: usize = 0; at < 8; at++, value >>= 4) {
    const digit = value & 15;
    store<u8>(target + at, <u8>(digit < 10 ? 0x30 + digit : 0x57 + digit));
  }
}

function askAt(asks: usize, index: u32): Ask {
  return changetype<Ask>(asks + <usize>index * offsetof<Ask>());
}
