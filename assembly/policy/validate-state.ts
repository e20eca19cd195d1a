/** Bounds and order of a state, checked once. */
import {
  Attribute,
  Band,
  FORMAT_VERSION,
  RESERVED_BYTES,
  RevokedDigest,
  RevokedInstance,
  RiskBand,
  STATE_MAGIC,
  STATE_MAX_BYTES,
  Signal,
  StateHeader,
  StateSection,
} from '../layout';
import { compareBytes } from '../memory/bytes';
import { isString } from './checks';
import { Refusal, refuse } from './refusal';
import { checkSections, isReservedZero, sectionCount, sectionPtr } from './sections';

const SECTION_COUNT: u32 = 5;

/** Checks a whole file. Linear in its size. Never traps, whatever the bytes. */
export function validateState(file: usize, fileLen: u32): Refusal {
  if (fileLen > STATE_MAX_BYTES) return refuse(Refusal.TooLong, 0, 0);
  if (fileLen < RESERVED_BYTES + <u32>StateHeader.SIZE) return refuse(Refusal.TooShort, 0, 0);
  if (!isReservedZero(file)) return refuse(Refusal.ReservedNotZero, 0, 0);
  const payload = file + RESERVED_BYTES;
  let refusal = checkHeader(payload, fileLen - RESERVED_BYTES);
  if (refusal != Refusal.None) return refusal;
  refusal = checkSorted(payload, StateSection.RevokedDigests, RevokedDigest.SIZE);
  if (refusal != Refusal.None) return refusal;
  refusal = checkSorted(payload, StateSection.RevokedInstances, RevokedInstance.SIZE);
  if (refusal != Refusal.None) return refusal;
  refusal = checkSignals(payload);
  if (refusal != Refusal.None) return refusal;
  return checkBands(payload);
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
    if (i != 0 && compareSubjects(payload, record - RiskBand.SIZE, record) >= 0) {
      return refuse(Refusal.SortOrder, kind, i);
    }
  }
  return Refusal.None;
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
    default:
      return 1;
  }
}
