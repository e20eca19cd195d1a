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
import { isSpan, isString, spendEntries } from './checks';
import { Refusal, refuse } from './refusal';
import { bundleCount, bundleSection } from './sections';

/** The section table was checked before. */
export function validateConditions(payload: usize): Refusal {
  let refusal = checkPrograms(payload);
  if (refusal != Refusal.None) return refusal;
  refusal = checkAtoms(payload);
  if (refusal != Refusal.None) return refusal;
  return checkLabels(payload);
}

function checkPrograms(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Programs);
  const code = bundleSection(payload, BundleSection.Code);
  const codeCount = bundleCount(payload, BundleSection.Code);
  const atoms = bundleCount(payload, BundleSection.Atoms);
  let program = bundleSection(payload, BundleSection.Programs);
  for (let i: u32 = 0; i < count; i++, program += Program.SIZE) {
    const start = load<u32>(program, Program.start);
    const len = load<u32>(program, Program.count);
    if (!isSpan(start, len, codeCount)) return refuse(Refusal.ListSpan, BundleSection.Programs, i);
    if (!spendEntries(len)) return refuse(Refusal.Entangled, BundleSection.Programs, i);
    if (!isWellFormed(code + ((<usize>start) << 2), len, atoms)) {
      return refuse(Refusal.Program, BundleSection.Programs, i);
    }
  }
  return Refusal.None;
}

/** INVARIANT afterwards: the operand stack never underflows, never exceeds its bound and ends with one value. */
function isWellFormed(code: usize, count: u32, atoms: u32): bool {
  let depth: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const word = load<u32>(code + ((<usize>i) << 2));
    const operand = word & 0xff_ffff;
    switch (word >> 24) {
      case Op.Atom:
      case Op.Has:
        if (operand >= atoms) return false;
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

function checkAtoms(payload: usize): Refusal {
  const count = bundleCount(payload, BundleSection.Atoms);
  const stringsLen = bundleCount(payload, BundleSection.Strings);
  const intervals = bundleSection(payload, BundleSection.Intervals);
  const intervalCount = bundleCount(payload, BundleSection.Intervals);
  let atom = bundleSection(payload, BundleSection.Atoms);
  for (let i: u32 = 0; i < count; i++, atom += Atom.SIZE) {
    const attribute = load<u16>(atom, Atom.attribute);
    const op = load<u8>(atom, Atom.op);
    const isTime = attribute == <u16>Attribute.RequestTime;
    if (
      attribute < <u16>Attribute.RequestTime ||
      attribute > <u16>Attribute.EnvironmentFact ||
      op < <u8>AtomOp.Less ||
      op > <u8>AtomOp.Within ||
      isTime != (op == <u8>AtomOp.Within)
    ) {
      return refuse(Refusal.EnumValue, BundleSection.Atoms, i);
    }
    if (load<u8>(atom, Atom.reserved) != 0 || load<u32>(atom, Atom.reserved2) != 0) {
      return refuse(Refusal.ReservedNotZero, BundleSection.Atoms, i);
    }
    if (!isFinite<f64>(load<f64>(atom, Atom.number)))
      return refuse(Refusal.Number, BundleSection.Atoms, i);
    if (!isString(atom + Atom.text, stringsLen))
      return refuse(Refusal.StringSpan, BundleSection.Atoms, i);
    const start = load<u32>(atom, Atom.intervalStart);
    const len = load<u32>(atom, Atom.intervalCount);
    if (!isSpan(start, len, intervalCount)) return refuse(Refusal.ListSpan, BundleSection.Atoms, i);
    if (!spendEntries(len)) return refuse(Refusal.Entangled, BundleSection.Atoms, i);
    if (!areRising(intervals + <usize>start * Interval.SIZE, len)) {
      return refuse(Refusal.Interval, BundleSection.Atoms, i);
    }
  }
  return Refusal.None;
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
