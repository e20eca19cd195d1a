/** The tables of conditions: postfix programs over atoms, with the intervals of their time windows. */
import {
  Atom,
  AtomOp,
  Attribute,
  BundleSection,
  Interval,
  Op,
  Program,
  Truth,
} from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import type { AttributeRef, Condition } from '../cel/condition.ts';
import { resolveWindows } from '../time-intervals.ts';

/** The time over which windows are resolved, in Unix milliseconds. */
export interface Horizon {
  readonly fromMs: number;
  readonly toMs: number;
}

type Within = Extract<Condition, { kind: 'within' }>;

/** Collects programs, equal ones once. */
export class ProgramTable {
  readonly #horizon: Horizon;
  readonly #strings: StringTable;
  readonly #indexes = new Map<string, number>();
  readonly #atomIndexes = new Map<string, number>();
  readonly #programs = new Records(Program.SIZE);
  readonly #code = new Records(CODE_BYTES);
  readonly #atoms = new Records(Atom.SIZE);
  readonly #intervals = new Records(Interval.SIZE);

  constructor(horizon: Horizon, strings: StringTable) {
    this.#horizon = horizon;
    this.#strings = strings;
  }

  /** The index of the program of a condition. */
  intern(condition: Condition): number {
    const code: number[] = [];
    this.#emit(condition, code);
    const key = code.join();
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const start = this.#code.count;
    for (const word of code) this.#code.add((view, at) => view.setUint32(at, word, true));
    const index = this.#programs.add((view, at) => {
      view.setUint32(at + Program.start, start, true);
      view.setUint32(at + Program.count, code.length, true);
    });
    this.#indexes.set(key, index);
    return index;
  }

  /** Sections Programs, Code, Atoms and Intervals. */
  write(): SectionData[] {
    return [
      this.#programs.section(BundleSection.Programs),
      this.#code.section(BundleSection.Code),
      this.#atoms.section(BundleSection.Atoms),
      this.#intervals.section(BundleSection.Intervals),
    ];
  }

  // INVARIANT: a condition is at most CONDITION_DEPTH_MAX deep, which bounds this recursion and the operand stack.
  #emit(condition: Condition, code: number[]): void {
    switch (condition.kind) {
      case 'constant':
        code.push(word(Op.Constant, condition.value ? Truth.True : Truth.False));
        return;
      case 'has':
        // Only the attribute counts for `Has`; one fixed comparison keeps the atoms few.
        code.push(word(Op.Has, this.#compareAtom(condition.ref, AtomOp.Equal, 0)));
        return;
      case 'compare':
        code.push(word(Op.Atom, this.#compareAtom(condition.ref, condition.op, condition.number)));
        return;
      case 'within':
        code.push(word(Op.Atom, this.#withinAtom(condition)));
        return;
      case 'not':
        this.#emit(condition.operand, code);
        code.push(word(Op.Not, 0));
        return;
      default:
        this.#emit(condition.left, code);
        this.#emit(condition.right, code);
        code.push(word(condition.kind === 'and' ? Op.And : Op.Or, 0));
    }
  }

  #compareAtom(ref: AttributeRef, op: AtomOp, number: number): number {
    return this.#atom(`${ref.attribute} ${ref.fact} ${op} ${number}`, (view, at) => {
      view.setUint16(at + Atom.attribute, ref.attribute, true);
      view.setUint8(at + Atom.op, op);
      view.setFloat64(at + Atom.number, number, true);
      this.#strings.put(view, at + Atom.text, ref.fact);
    });
  }

  #withinAtom({ windows, zone }: Within): number {
    const spans = windows.map((w) => `${w.days}:${w.startMinute}:${w.endMinute}`).sort();
    return this.#atom(`${zone} ${spans.join()}`, (view, at) => {
      const { fromMs, toMs } = this.#horizon;
      const intervals = resolveWindows(windows, zone, fromMs, toMs);
      view.setUint16(at + Atom.attribute, Attribute.RequestTime, true);
      view.setUint8(at + Atom.op, AtomOp.Within);
      view.setUint32(at + Atom.intervalStart, this.#intervals.count, true);
      view.setUint32(at + Atom.intervalCount, intervals.length, true);
      for (const interval of intervals) this.#addInterval(interval.startMs, interval.endMs);
    });
  }

  #addInterval(startMs: number, endMs: number): void {
    this.#intervals.add((view, at) => {
      view.setBigUint64(at + Interval.startMs, BigInt(startMs), true);
      view.setBigUint64(at + Interval.endMs, BigInt(endMs), true);
    });
  }

  #atom(key: string, fill: (view: DataView, at: number) => void): number {
    const known = this.#atomIndexes.get(key);
    if (known !== undefined) return known;
    const index = this.#atoms.add(fill);
    this.#atomIndexes.set(key, index);
    return index;
  }
}

function word(op: Op, operand: number): number {
  return ((op << 24) | operand) >>> 0;
}

const CODE_BYTES = 4;
