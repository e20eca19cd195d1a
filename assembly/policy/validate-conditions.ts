/** Checks programs, atoms, intervals and labels of a bundle. */
import {
  Atom,
  AtomOp,
  Attribute,
  BundleSection,
  Interval,
  LABELS_MAX,
  Label,
  Op,
  PROGRAM_STACK_MAX,
  Program,
  Truth,
} from '../layout';
import { isInLists, isSpan, isString, listAt, spendEntries } from './checks';
import { Refusal, refuse } from './refusal';
import { bundleCount, bundleSection } from './sections';

/** The section table was checked before. */
export function validateConditions(payload: usize): Refusal {
  let refusal = checkAtoms(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkPrograms(payload);
  if (refusal != Refusal.None) return refusal;
  return checkLabels(payload);
}

function checkPrograms(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Programs);
  const code = bundleSection(payload, BundleSection.Code);
  const codeCount = bundleCount(payload, BundleSection.Code);
  let program = bundleSection(payload, BundleSection.Programs);
  for (let i: u32 = 0; i < count; i++, program += Program.SIZE) {
    const start = load<u32>(program, Program.start);
    const len = load<u32>(program, Program.count);
    if (!isSpan(start, len, codeCount)) return refuse(Refusal.ListSpan, BundleSection.Programs, i);
    if (!spendEntries(len)) return refuse(Refusal.Entangled, BundleSection.Programs, i);
    if (!isWellFormed(payload, code + ((<usize>start) << 2), len)) {
      return refuse(Refusal.Program, BundleSection.Programs, i);
    }
  }
  return Refusal.None;
}

/** INVARIANT afterwards: the operand stack never underflows, never exceeds its bound and ends with one value. */
function isWellFormed(payload: usize, code: usize, count: u32): bool {
  const atoms = bundleSection(payload, BundleSection.Atoms);
  const atomCount = bundleCount(payload, BundleSection.Atoms);
  let depth: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const word = load<u32>(code + ((<usize>i) << 2));
    const operand = word & 0xff_ffff;
    switch (word >> 24) {
      case Op.Atom:
        if (operand >= atomCount || !isComparison(atoms + <usize>operand * Atom.SIZE)) return false;
        depth += 1;
        break;
      case Op.Has:
        if (operand >= atomCount || !mayBeAbsent(atoms + <usize>operand * Atom.SIZE)) return false;
        depth += 1;
        break;
      case Op.Constant:
        if (operand > <u32>Truth.Unknown) return false;
        depth += 1;
        break;
      case Op.And:
      case Op.Or:
        if (depth < 2 || operand != 0) return false;
        depth -= 1;
        break;
      case Op.Not:
        if (depth < 1 || operand != 0) return false;
        break;
      default:
        return false;
    }
    if (depth > PROGRAM_STACK_MAX) return false;
  }
  return depth == 1;
}

/** Whether an atom has a truth value; the name of a part of requests has none. */
function isComparison(atom: usize): bool {
  return load<u16>(atom, Atom.attribute) != <u16>Attribute.RequestName;
}

/** Whether `has()` can be asked of an atom: of signals, of the time, and of parts of requests. */
function mayBeAbsent(atom: usize): bool {
  const attribute = load<u16>(atom, Atom.attribute);
  return attribute <= <u16>Attribute.EnvironmentFact || attribute == <u16>Attribute.RequestName;
}

function checkAtoms(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Atoms);
  let atom = bundleSection(payload, BundleSection.Atoms);
  for (let i: u32 = 0; i < count; i++, atom += Atom.SIZE) {
    if (!isAtomOf(load<u16>(atom, Atom.attribute), load<u8>(atom, Atom.op))) {
      return refuse(Refusal.EnumValue, BundleSection.Atoms, i);
    }
    if (load<u8>(atom, Atom.reserved) != 0) {
      return refuse(Refusal.ReservedNotZero, BundleSection.Atoms, i);
    }
    if (!isFinite<f64>(load<f64>(atom, Atom.number)))
      return refuse(Refusal.Number, BundleSection.Atoms, i);
    const refusal = checkOperand(payload, atom, i);
    if (refusal != Refusal.None) return refusal;
  }
  return Refusal.None;
}

/** Whether both are known and belong together. */
function isAtomOf(attribute: i32, op: i32): bool {
  if (attribute == Attribute.RequestTime) return op == AtomOp.Within;
  if (attribute >= Attribute.SourceCpu && attribute <= Attribute.EnvironmentFact) {
    return op >= AtomOp.Less && op <= AtomOp.NotEqual;
  }
  const isRecord = attribute >= Attribute.Identity && attribute <= Attribute.RequestName;
  return isRecord && op == AtomOp.Matches;
}

/** What an atom points to: intervals, the name of a fact, a record, or nothing. */
function checkOperand(payload: usize, atom: usize, record: u32): Refusal {
  const index = load<u32>(atom, Atom.index);
  const attribute = <u32>load<u16>(atom, Atom.attribute);
  if (attribute == Attribute.RequestTime) return checkIntervals(payload, index, record);
  if (attribute != Attribute.EnvironmentFact) {
    const isThere = index < recordsOf(payload, attribute);
    return isThere ? Refusal.None : refuse(Refusal.Index, BundleSection.Atoms, record);
  }
  if (!isInLists(payload, index, 2)) return refuse(Refusal.ListSpan, BundleSection.Atoms, record);
  return isString(listAt(payload, index), bundleCount(payload, BundleSection.Strings))
    ? Refusal.None
    : refuse(Refusal.StringSpan, BundleSection.Atoms, record);
}

function checkIntervals(payload: usize, index: u32, record: u32): Refusal {
  const isThere = isInLists(payload, index, 2);
  const start = isThere ? load<u32>(listAt(payload, index)) : 0;
  const count = isThere ? load<u32>(listAt(payload, index), 4) : 0;
  if (!isThere || !isSpan(start, count, bundleCount(payload, BundleSection.Intervals))) {
    return refuse(Refusal.ListSpan, BundleSection.Atoms, record);
  }
  if (!spendEntries(count)) return refuse(Refusal.Entangled, BundleSection.Atoms, record);
  const intervals = bundleSection(payload, BundleSection.Intervals);
  return areRising(intervals + <usize>start * Interval.SIZE, count)
    ? Refusal.None
    : refuse(Refusal.Interval, BundleSection.Atoms, record);
}

/** Number of the records that the index of an atom may name; 1 where it is 0 in any case. */
function recordsOf(payload: usize, attribute: u32): u32 {
  switch (attribute) {
    case Attribute.Identity:
      return bundleCount(payload, BundleSection.IdentityTests);
    case Attribute.Path:
      return bundleCount(payload, BundleSection.PathPatterns);
    case Attribute.Host:
      return bundleCount(payload, BundleSection.Hosts);
    case Attribute.RequestValue:
      return bundleCount(payload, BundleSection.RequestTests);
    case Attribute.RequestName:
      return bundleCount(payload, BundleSection.RequestNames);
    default:
      return 1;
  }
}

function areRising(intervals: usize, count: u32): bool {
  let end: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const interval = intervals + <usize>i * Interval.SIZE;
    const start = load<u64>(interval, Interval.startMs);
    const next = load<u64>(interval, Interval.endMs);
    if (start < end || next <= start) return false;
    end = next;
  }
  return true;
}

function checkLabels(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Labels);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  if (count > LABELS_MAX) return refuse(Refusal.Index, BundleSection.Labels, count);
  let label = bundleSection(payload, BundleSection.Labels);
  for (let i: u32 = 0; i < count; i++, label += Label.SIZE) {
    if (!isString(label + Label.name, stringsLen))
      return refuse(Refusal.StringSpan, BundleSection.Labels, i);
  }
  return Refusal.None;
}
