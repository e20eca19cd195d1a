/** The state of the mesh as this proxy may know it: one per VM, newest epoch (policy-model, "Bundle and state"). */
import {
  Band,
  RESERVED_BYTES,
  Restriction,
  RevokedDigest,
  RevokedInstance,
  RiskBand,
  Signal,
  StateHeader,
  StateSection,
  Verdict,
} from '../layout';
import { compareBytes, hash64 } from '../memory/bytes';
import { sectionCount, sectionPtr } from './sections';

/** Pointers into a checked state file. */
@unmanaged
export class State {
  file: usize;
  strings: usize;
  digests: usize;
  digestCount: u32;
  instances: usize;
  instanceCount: u32;
  signals: usize;
  signalCount: u32;
  bands: usize;
  bandCount: u32;
  restrictions: usize;
  restrictionCount: u32;
  /** Whether one of the restrictions isolates: only then streams that run have to be looked at. */
  hasIsolation: bool;
  epoch: u64;
  /** Counts states of this VM; what was computed under another serial is stale. */
  serial: u64;
  softExpiryMs: u64;
  hardExpiryMs: u64;
  mesh: usize;
  meshLen: u32;
  self: usize;
  selfLen: u32;
  selfSubject: usize;
  selfSubjectLen: u32;
  /** Stands for the certificate digest of the proxy’s own identity: 32 bytes, made anew with each state. */
  selfDigest0: u64;
  selfDigest1: u64;
  selfDigest2: u64;
  selfDigest3: u64;
}

/** Points a State to a checked file. */
export function openState(state: State, file: usize, serial: u64): void {
  const payload = file + RESERVED_BYTES;
  state.file = file;
  state.strings = at(payload, StateSection.Strings);
  state.digests = at(payload, StateSection.RevokedDigests);
  state.digestCount = countOf(payload, StateSection.RevokedDigests);
  state.instances = at(payload, StateSection.RevokedInstances);
  state.instanceCount = countOf(payload, StateSection.RevokedInstances);
  state.signals = at(payload, StateSection.Signals);
  state.signalCount = countOf(payload, StateSection.Signals);
  state.bands = at(payload, StateSection.Bands);
  state.bandCount = countOf(payload, StateSection.Bands);
  state.restrictions = at(payload, StateSection.Restrictions);
  state.restrictionCount = countOf(payload, StateSection.Restrictions);
  state.hasIsolation = isolates(state);
  state.epoch = load<u64>(payload, StateHeader.epoch);
  state.serial = serial;
  state.softExpiryMs = load<u64>(payload, StateHeader.softExpiryMs);
  state.hardExpiryMs = load<u64>(payload, StateHeader.hardExpiryMs);
  state.mesh = state.strings + load<u32>(payload, StateHeader.mesh);
  state.meshLen = load<u32>(payload, StateHeader.meshLen);
  state.self = state.strings + load<u32>(payload, StateHeader.self);
  state.selfLen = load<u32>(payload, StateHeader.selfLen);
  state.selfSubject = state.strings + load<u32>(payload, StateHeader.selfSubject);
  state.selfSubjectLen = load<u32>(payload, StateHeader.selfSubjectLen);
  state.selfDigest0 = hash64(state.self, state.selfLen);
  state.selfDigest1 = hash64(state.selfSubject, state.selfSubjectLen);
  state.selfDigest2 = serial;
  state.selfDigest3 = 0;
}

/** Whether a certificate (32-byte digest) or its instance (16-byte UUID) is revoked. */
export function isRevoked(state: State, digest: usize, uuid: usize): bool {
  return (
    hasRecord(state.digests, state.digestCount, RevokedDigest.SIZE, digest) ||
    hasRecord(state.instances, state.instanceCount, RevokedInstance.SIZE, uuid)
  );
}

/** Band of `<environment>/<service>`; the worst when the state has none. */
export function bandOf(state: State, subject: usize, subjectLen: u32): u32 {
  let low: u32 = 0;
  let high = state.bandCount;
  while (low < high) {
    const mid = (low + high) >> 1;
    const record = state.bands + <usize>mid * RiskBand.SIZE;
    const order = compareString(state, record + RiskBand.subject, subject, subjectLen);
    if (order == 0) return load<u32>(record, RiskBand.band);
    if (order < 0) low = mid + 1;
    else high = mid;
  }
  return Band.Critical;
}

/** Record of a signal by subject and attribute, or 0. Its age is the caller's business. */
export function findSignal(state: State, subject: usize, subjectLen: u32, attribute: u32): usize {
  let low: u32 = 0;
  let high = state.signalCount;
  while (low < high) {
    const mid = (low + high) >> 1;
    const record = state.signals + <usize>mid * Signal.SIZE;
    let order = compareString(state, record + Signal.subject, subject, subjectLen);
    if (order == 0) order = <i32>load<u16>(record, Signal.attribute) - <i32>attribute;
    if (order == 0) return record;
    if (order < 0) low = mid + 1;
    else high = mid;
  }
  return 0;
}

/** Index of the first signal of a subject, or of what stands in its place. */
export function firstSignal(state: State, subject: usize, subjectLen: u32): u32 {
  let low: u32 = 0;
  let high = state.signalCount;
  while (low < high) {
    const mid = (low + high) >> 1;
    const record = state.signals + <usize>mid * Signal.SIZE;
    if (compareString(state, record + Signal.subject, subject, subjectLen) < 0) low = mid + 1;
    else high = mid;
  }
  return low;
}

/** How many signals from `first` on are the subject's. */
export function countSignals(state: State, first: u32, subject: usize, subjectLen: u32): u32 {
  let at = first;
  for (; at < state.signalCount; at++) {
    const record = state.signals + <usize>at * Signal.SIZE;
    if (compareString(state, record + Signal.subject, subject, subjectLen) != 0) break;
  }
  return at - first;
}

/** Unix milliseconds from which a signal is unknown. */
export function signalEndMs(state: State, record: usize): u64 {
  const maxAgeMs = <u64>load<u32>(record, Signal.maxAgeMs);
  if (maxAgeMs == 0) return state.softExpiryMs;
  const observedAtMs = load<u64>(record, Signal.observedAtMs);
  const end = observedAtMs + maxAgeMs;
  // A time near the end of the range would wrap: such a value has no age that can be trusted.
  return end < observedAtMs ? 0 : min(end, state.softExpiryMs);
}

/** Compares the `str` field of a record with bytes: below, at or above zero. */
export function compareString(state: State, field: usize, bytes: usize, len: u32): i32 {
  return compareBytes(state.strings + load<u32>(field), load<u32>(field, 4), bytes, len);
}

function isolates(state: State): bool {
  let record = state.restrictions;
  for (let i: u32 = 0; i < state.restrictionCount; i++, record += Restriction.SIZE) {
    if (load<u8>(record, Restriction.verdict) == <u8>Verdict.Isolate) return true;
  }
  return false;
}

/** Binary search for a fixed-size record that is nothing but its key. */
function hasRecord(records: usize, count: u32, size: u32, key: usize): bool {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const mid = (low + high) >> 1;
    const order = compareBytes(records + <usize>mid * size, size, key, size);
    if (order == 0) return true;
    if (order < 0) low = mid + 1;
    else high = mid;
  }
  return false;
}

function at(payload: usize, kind: u32): usize {
  return sectionPtr(payload, StateHeader.SIZE, kind);
}

function countOf(payload: usize, kind: u32): u32 {
  return sectionCount(payload, StateHeader.SIZE, kind);
}
