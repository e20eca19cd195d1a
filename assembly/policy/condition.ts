/** Conditions: programs over atoms in Kleene's three-valued logic (policy-model, "Meaning" 4). */
import { Atom, AtomOp, Attribute, Interval, Op, Program, Signal, Truth } from '../layout';
import { Bundle, listEntry, listPtr, strLen, strPtr } from './bundle';
import { callerSignal } from './caller-values';
import { Identity } from './identity';
import { passesTest } from './identity-test';
import { hasPattern } from './path-class';
import { hasRequestName, requestTruth } from './request-class';
import { State, findSignal, signalEndMs } from './state';
import { Subject } from './subject';

/** PROGRAM_STACK_MAX operands, one byte each; validation proved that no program needs more. */
const stack: usize = memory.data(64);

/** Value of a program. */
export function runProgram(
  bundle: Bundle,
  state: State,
  identity: Identity,
  subject: Subject,
  program: u32,
): Truth {
  const record = bundle.programs + <usize>program * Program.SIZE;
  let word = bundle.code + ((<usize>load<u32>(record, Program.start)) << 2);
  const end = word + ((<usize>load<u32>(record, Program.count)) << 2);
  let top: usize = stack;
  for (; word < end; word += 4) {
    const operand = load<u32>(word) & 0xff_ffff;
    switch (load<u32>(word) >> 24) {
      case Op.Atom:
        store<u8>(top, <u8>atomValue(bundle, state, identity, subject, operand));
        top += 1;
        break;
      case Op.Has:
        store<u8>(top, truthOf(isKnown(bundle, state, identity, subject, operand)));
        top += 1;
        break;
      case Op.Constant:
        store<u8>(top, <u8>operand);
        top += 1;
        break;
      case Op.And:
        top -= 1;
        store<u8>(top - 1, <u8>and(load<u8>(top - 1), load<u8>(top)));
        break;
      case Op.Or:
        top -= 1;
        store<u8>(top - 1, <u8>or(load<u8>(top - 1), load<u8>(top)));
        break;
      default:
        store<u8>(top - 1, <u8>not(load<u8>(top - 1)));
    }
  }
  return load<u8>(stack);
}

/** First moment after `nowMs` at which a time atom of the bundle changes its value. */
export function nextWindowEdgeMs(bundle: Bundle, nowMs: u64): u64 {
  let edge = u64.MAX_VALUE;
  let atom = bundle.atoms;
  for (let i: u32 = 0; i < bundle.atomCount; i++, atom += Atom.SIZE) {
    if (load<u8>(atom, Atom.op) != <u8>AtomOp.Within) continue;
    const count = intervalCount(bundle, atom);
    const at = firstEndingAfter(bundle, atom, nowMs);
    if (at == count) continue;
    const interval = intervalPtr(bundle, atom, at);
    const start = load<u64>(interval, Interval.startMs);
    edge = min(edge, start > nowMs ? start : load<u64>(interval, Interval.endMs));
  }
  return edge;
}

function atomValue(
  bundle: Bundle,
  state: State,
  identity: Identity,
  subject: Subject,
  index: u32,
): u32 {
  const atom = bundle.atoms + <usize>index * Atom.SIZE;
  const op = <u32>load<u8>(atom, Atom.op);
  if (op == AtomOp.Matches) return matches(bundle, identity, subject, atom);
  if (op == AtomOp.Within) return truthOf(isWithin(bundle, atom, subject.nowMs));
  const signal = signalOf(bundle, state, identity, atom, subject.nowMs);
  if (signal == 0) return Truth.Unknown;
  return truthOf(compare(op, load<f64>(signal, Signal.value), load<f64>(atom, Atom.number)));
}

/** What the record that an atom names says of the request. */
function matches(bundle: Bundle, identity: Identity, subject: Subject, atom: usize): u32 {
  const index = load<u32>(atom, Atom.index);
  switch (<u32>load<u16>(atom, Atom.attribute)) {
    case Attribute.Identity:
      return truthOf(passesTest(bundle, identity, index));
    case Attribute.Path:
      return truthOf(hasPattern(subject.pathClass, index));
    case Attribute.Host:
      return truthOf(((subject.hosts >> index) & 1) != 0);
    default:
      return requestTruth(bundle, subject.requestClass, index);
  }
}

function compare(op: u32, value: f64, operand: f64): bool {
  switch (op) {
    case AtomOp.Less:
      return value < operand;
    case AtomOp.LessEqual:
      return value <= operand;
    case AtomOp.Greater:
      return value > operand;
    case AtomOp.GreaterEqual:
      return value >= operand;
    case AtomOp.Equal:
      return value == operand;
    default:
      return value != operand;
  }
}

/** `has()` is two-valued: the time is always known, a signal while it is there and young enough. */
function isKnown(
  bundle: Bundle,
  state: State,
  identity: Identity,
  subject: Subject,
  index: u32,
): bool {
  const atom = bundle.atoms + <usize>index * Atom.SIZE;
  switch (<u32>load<u16>(atom, Atom.attribute)) {
    case Attribute.RequestTime:
      return true;
    case Attribute.RequestName:
      return hasRequestName(subject.requestClass, load<u32>(atom, Atom.index));
    default:
      return signalOf(bundle, state, identity, atom, subject.nowMs) != 0;
  }
}

/** Record of the signal that an atom reads, or 0 when it is absent or too old. */
function signalOf(
  bundle: Bundle,
  state: State,
  identity: Identity,
  atom: usize,
  nowMs: u64,
): usize {
  const attribute = load<u16>(atom, Atom.attribute);
  let record: usize = 0;
  if (attribute == <u16>Attribute.EnvironmentFact) {
    const text = listPtr(bundle, load<u32>(atom, Atom.index));
    record = findSignal(state, strPtr(bundle, text), strLen(text), attribute);
  } else if (attribute == <u16>Attribute.DestinationLoad) {
    record = findSignal(state, bundle.subject, bundle.subjectLen, attribute);
  } else {
    record = callerSignal(state, identity, attribute, nowMs);
  }
  return record != 0 && nowMs < signalEndMs(state, record) ? record : 0;
}

function isWithin(bundle: Bundle, atom: usize, nowMs: u64): bool {
  const at = firstEndingAfter(bundle, atom, nowMs);
  if (at == intervalCount(bundle, atom)) return false;
  return load<u64>(intervalPtr(bundle, atom, at), Interval.startMs) <= nowMs;
}

/** Index of the first interval of an atom that ends after `nowMs`, or their number. */
function firstEndingAfter(bundle: Bundle, atom: usize, nowMs: u64): u32 {
  let low: u32 = 0;
  let high = intervalCount(bundle, atom);
  while (low < high) {
    const mid = (low + high) >> 1;
    if (load<u64>(intervalPtr(bundle, atom, mid), Interval.endMs) > nowMs) high = mid;
    else low = mid + 1;
  }
  return low;
}

function intervalPtr(bundle: Bundle, atom: usize, index: u32): usize {
  const first = listEntry(bundle, load<u32>(atom, Atom.index));
  return bundle.intervals + <usize>(first + index) * Interval.SIZE;
}

function intervalCount(bundle: Bundle, atom: usize): u32 {
  return listEntry(bundle, load<u32>(atom, Atom.index) + 1);
}

function truthOf(holds: bool): u32 {
  return holds ? Truth.True : Truth.False;
}

function and(a: u32, b: u32): u32 {
  if (a == Truth.False || b == Truth.False) return Truth.False;
  return a == Truth.True && b == Truth.True ? Truth.True : Truth.Unknown;
}

function or(a: u32, b: u32): u32 {
  if (a == Truth.True || b == Truth.True) return Truth.True;
  return a == Truth.False && b == Truth.False ? Truth.False : Truth.Unknown;
}

function not(a: u32): u32 {
  if (a == Truth.Unknown) return Truth.Unknown;
  return a == Truth.True ? Truth.False : Truth.True;
}
