/** Bounds and order of a state, checked once. */
import {
  Attribute,
  Band,
  FORMAT_VERSION,
  RESERVED_BYTES,
  Restriction,
  RestrictionSide,
  RevokedDigest,
  RevokedInstance,
  RiskBand,
  STATE_MAGIC,
  STATE_MAX_BYTES,
  Signal,
  StateHeader,
  StateSection,
  Verdict,
} from '../layout';
import { compareBytes } from '../memory/bytes';
import { isString } from './checks';
import { Refusal, refuse } from './refusal';
import { checkSections, isReservedZero, sectionCount, sectionPtr } from './sections';

const SECTION_COUNT: u32 = 6;
/** Bits of RestrictionFlag that have a meaning. */
const FLAGS: u32 = 3;
/**
 * Bytes of subjects that may be compared for each byte of the file: overlapping strings would make the check of the order
 * quadratic. Subjects of services have 127 bytes at most and the smallest record 16, so no honest file comes near.
 */
const COMPARED_PER_BYTE: u32 = 8;

let comparableBytes: u32 = 0;

/** Checks a whole file. Linear in its size. Never traps, whatever the bytes. */
export function validateState(file: usize, fileLen: u32): Refusal {
  if (fileLen > STATE_MAX_BYTES) return refuse(Refusal.TooLong, 0, 0);
  if (fileLen < RESERVED_BYTES + <u32>StateHeader.SIZE) return refuse(Refusal.TooShort, 0, 0);
  if (!isReservedZero(file)) return refuse(Refusal.ReservedNotZero, 0, 0);
  const payload = file + RESERVED_BYTES;
  comparableBytes = fileLen * COMPARED_PER_BYTE;
  let refusal = checkHeader(payload, fileLen - RESERVED_BYTES);
  if (refusal != Refusal.None) return refusal;
  refusal = checkSorted(payload, StateSection.RevokedDigests, RevokedDigest.SIZE);
  if (refusal != Refusal.None) return refusal;
  refusal = checkSorted(payload, StateSection.RevokedInstances, RevokedInstance.SIZE);
  if (refusal != Refusal.None) return refusal;
  refusal = checkSignals(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkBands(payload);
  if (refusal != Refusal.None) return refusal;
  return checkRestrictions(payload);
}

function checkHeader(payload: usize, len: u32): Refusal {
  if (load<u32>(payload, StateHeader.magic) != STATE_MAGIC) return refuse(Refusal.Magic, 0, 0);
  if (load<u16>(payload, StateHeader.formatVersion) != <u16>FORMAT_VERSION) {
    return refuse(Refusal.FormatVersion, 0, 0);
  }
  if (load<u32>(payload, StateHeader.payloadLen) != len) return refuse(Refusal.Length, 0, 0);
  if (load<u16>(payload, StateHeader.sectionCount) != <u16>SECTION_COUNT) {
    return refuse(Refusal.SectionCount, 0, 0);
  }
  if (load<u32>(payload, StateHeader.reserved) != 0) return refuse(Refusal.ReservedNotZero, 0, 1);
  if (load<u64>(payload, StateHeader.epoch) == 0) return refuse(Refusal.Header, 0, 2);
  const refusal = checkSections(payload, len, StateHeader.SIZE, SECTION_COUNT, recordSize);
  if (refusal != Refusal.None) return refusal;
  const stringsLen = sectionCount(payload, StateHeader.SIZE, StateSection.Strings);
  if (
    !isString(payload + StateHeader.mesh, stringsLen) ||
    !isString(payload + StateHeader.self, stringsLen) ||
    !isString(payload + StateHeader.selfSubject, stringsLen)
  ) {
    return refuse(Refusal.StringSpan, 0, 3);
  }
  if (load<u32>(payload, StateHeader.meshLen) == 0) return refuse(Refusal.Header, 0, 3);
  return Refusal.None;
}

function checkSorted(payload: usize, kind: u32, size: u32): Refusal {
  const count = sectionCount(payload, StateHeader.SIZE, kind);
  const records = sectionPtr(payload, StateHeader.SIZE, kind);
  for (let i: u32 = 1; i < count; i++) {
    const record = records + <usize>i * size;
    if (compareBytes(record - size, size, record, size) >= 0)
      return refuse(Refusal.SortOrder, kind, i);
  }
  return Refusal.None;
}

function checkSignals(payload: usize): Refusal {
  const kind = StateSection.Signals;
  const count = sectionCount(payload, StateHeader.SIZE, kind);
  const stringsLen = sectionCount(payload, StateHeader.SIZE, StateSection.Strings);
  let record = sectionPtr(payload, StateHeader.SIZE, kind);
  for (let i: u32 = 0; i < count; i++, record += Signal.SIZE) {
    if (!isString(record + Signal.subject, stringsLen)) return refuse(Refusal.StringSpan, kind, i);
    const attribute = load<u16>(record, Signal.attribute);
    if (attribute <= <u16>Attribute.RequestTime || attribute > <u16>Attribute.EnvironmentFact) {
      return refuse(Refusal.EnumValue, kind, i);
    }
    if (load<u16>(record, Signal.reserved) != 0) return refuse(Refusal.ReservedNotZero, kind, i);
    if (!isFinite<f64>(load<f64>(record, Signal.value))) return refuse(Refusal.Number, kind, i);
    if (i == 0) continue;
    const previous = record - Signal.SIZE;
    if (!spendComparison(previous, record)) return refuse(Refusal.Entangled, kind, i);
    let order = compareSubjects(payload, previous, record);
    if (order == 0) order = <i32>load<u16>(previous, Signal.attribute) - <i32>attribute;
    if (order >= 0) return refuse(Refusal.SortOrder, kind, i);
  }
  return Refusal.None;
}

function checkBands(payload: usize): Refusal {
  const kind = StateSection.Bands;
  const count = sectionCount(payload, StateHeader.SIZE, kind);
  const stringsLen = sectionCount(payload, StateHeader.SIZE, StateSection.Strings);
  let record = sectionPtr(payload, StateHeader.SIZE, kind);
  for (let i: u32 = 0; i < count; i++, record += RiskBand.SIZE) {
    if (!isString(record + RiskBand.subject, stringsLen))
      return refuse(Refusal.StringSpan, kind, i);
    if (load<u32>(record, RiskBand.band) > <u32>Band.Critical)
      return refuse(Refusal.EnumValue, kind, i);
    if (load<u32>(record, RiskBand.reserved) != 0) return refuse(Refusal.ReservedNotZero, kind, i);
    if (i == 0) continue;
    const previous = record - RiskBand.SIZE;
    if (!spendComparison(previous, record)) return refuse(Refusal.Entangled, kind, i);
    if (compareSubjects(payload, previous, record) >= 0) return refuse(Refusal.SortOrder, kind, i);
  }
  return Refusal.None;
}

function checkRestrictions(payload: usize): Refusal {
  const kind = StateSection.Restrictions;
  const count = sectionCount(payload, StateHeader.SIZE, kind);
  const stringsLen = sectionCount(payload, StateHeader.SIZE, StateSection.Strings);
  let record = sectionPtr(payload, StateHeader.SIZE, kind);
  for (let i: u32 = 0; i < count; i++, record += Restriction.SIZE) {
    if (!isString(record + Restriction.subject, stringsLen)) {
      return refuse(Refusal.StringSpan, kind, i);
    }
    const problem = checkRestriction(record);
    if (problem != Refusal.None) return refuse(problem, kind, i);
    if (i == 0) continue;
    const previous = record - Restriction.SIZE;
    if (!spendComparison(previous, record)) return refuse(Refusal.Entangled, kind, i);
    let order = compareSubjects(payload, previous, record);
    if (order == 0) {
      order = <i32>load<u8>(previous, Restriction.side) - <i32>load<u8>(record, Restriction.side);
    }
    if (order > 0) return refuse(Refusal.SortOrder, kind, i);
  }
  return Refusal.None;
}

/** What one restriction may say; its place is added by the caller. */
function checkRestriction(record: usize): Refusal {
  const verdict = <u32>load<u8>(record, Restriction.verdict);
  if (<u32>load<u8>(record, Restriction.side) > <u32>RestrictionSide.Destination) {
    return Refusal.EnumValue;
  }
  if (verdict < <u32>Verdict.Degrade || verdict > <u32>Verdict.Isolate) return Refusal.EnumValue;
  const flags = <u32>load<u8>(record, Restriction.flags);
  if ((flags & ~FLAGS) != 0) return Refusal.EnumValue;
  if (flags != 0 && verdict != <u32>Verdict.Degrade) return Refusal.EnumValue;
  if (load<u8>(record, Restriction.reserved) != 0) return Refusal.ReservedNotZero;
  if (load<u32>(record, Restriction.reserved2) != 0) return Refusal.ReservedNotZero;
  const waits = verdict == <u32>Verdict.Break || verdict == <u32>Verdict.Throttle;
  if ((load<u32>(record, Restriction.retryAfterSeconds) != 0) != waits) return Refusal.Number;
  const rate = load<f64>(record, Restriction.ratePerSecond);
  if (!isFinite<f64>(rate) || rate < 0) return Refusal.Number;
  if ((load<u32>(record, Restriction.burst) != 0) != rate > 0) return Refusal.Number;
  if (verdict == <u32>Verdict.Throttle) return rate > 0 ? Refusal.None : Refusal.Number;
  if (verdict == <u32>Verdict.Degrade || rate == 0) return Refusal.None;
  return Refusal.Number;
}

/** Takes what a comparison of two subjects may cost from the budget; false when it is used up. */
function spendComparison(a: usize, b: usize): bool {
  const bytes = min(load<u32>(a, 4), load<u32>(b, 4));
  if (bytes > comparableBytes) return false;
  comparableBytes -= bytes;
  return true;
}

/** Both records start with their subject. */
function compareSubjects(payload: usize, a: usize, b: usize): i32 {
  const strings = sectionPtr(payload, StateHeader.SIZE, StateSection.Strings);
  return compareBytes(
    strings + load<u32>(a),
    load<u32>(a, 4),
    strings + load<u32>(b),
    load<u32>(b, 4),
  );
}

/** Bytes of one record of a section. */
function recordSize(kind: u32): u32 {
  switch (kind) {
    case StateSection.RevokedDigests:
      return RevokedDigest.SIZE;
    case StateSection.RevokedInstances:
      return RevokedInstance.SIZE;
    case StateSection.Signals:
      return Signal.SIZE;
    case StateSection.Bands:
      return RiskBand.SIZE;
    case StateSection.Restrictions:
      return Restriction.SIZE;
    default:
      return 1;
  }
}
