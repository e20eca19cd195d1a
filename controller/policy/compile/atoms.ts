/** The tables of atoms: what programs ask about, with the intervals of their conditions on the time. */
import { Atom, AtomOp, Attribute, BundleSection, Interval } from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import type { AttributeRef, TimeCondition } from '../cel/condition.ts';
import { intervalsOf } from '../time-intervals.ts';
import type { ListTable } from './lists.ts';

/** The time over which conditions on the time are resolved, in Unix milliseconds. */
export interface Horizon {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Collects atoms, equal ones once. */
export class AtomTable {
  readonly #horizon: Horizon;
  readonly #strings: StringTable;
  readonly #lists: ListTable;
  readonly #records = new Records(Atom.SIZE);
  readonly #intervals = new Records(Interval.SIZE);
  // By attribute, operation and fact, then by operand.
  readonly #indexes = new Map<string, Map<number, number>>();
  readonly #times = new Map<string, number | boolean>();
  // By what their intervals are.
  readonly #spans = new Map<string, number>();

  constructor(horizon: Horizon, strings: StringTable, lists: ListTable) {
    this.#horizon = horizon;
    this.#strings = strings;
    this.#lists = lists;
  }

  /** The atom that compares a signal or a fact with a number. */
  compare({ attribute, fact }: AttributeRef, op: AtomOp, number: number): number {
    return this.#intern(`${attribute} ${op} ${fact}`, number, () => {
      const name = fact === '' ? undefined : this.#strings.intern(fact);
      const index = name === undefined ? 0 : this.#lists.intern([name.off, name.len]).start;
      return { attribute, op, index, number };
    });
  }

  /** The atom that says whether a record of another table holds: `index` in the table that the attribute names. */
  matches(attribute: Attribute, index: number): number {
    const make = () => ({ attribute, op: AtomOp.Matches, index, number: 0 });
    return this.#intern(`${attribute}`, index, make);
  }

  /** The atom of a condition on the time, or what the condition is through the whole horizon. */
  time(condition: TimeCondition): number | boolean {
    const key = timeKey(condition);
    const known = this.#times.get(key);
    if (known !== undefined) return known;
    const resolved = this.#resolve(condition);
    this.#times.set(key, resolved);
    return resolved;
  }

  /** Sections Atoms and Intervals. */
  write(): SectionData[] {
    return [
      this.#records.section(BundleSection.Atoms),
      this.#intervals.section(BundleSection.Intervals),
    ];
  }

  #resolve(condition: TimeCondition): number | boolean {
    const { fromMs, toMs } = this.#horizon;
    const intervals = intervalsOf(condition, fromMs, toMs);
    const [first] = intervals;
    if (first === undefined) return false;
    if (first.startMs <= fromMs && first.endMs >= toMs) return true;
    const key = intervals.map(({ startMs, endMs }) => `${startMs} ${endMs}`).join();
    const known = this.#spans.get(key);
    if (known !== undefined) return known;
    const index = this.#lists.intern([this.#intervals.count, intervals.length]).start;
    for (const { startMs, endMs } of intervals) {
      this.#intervals.add((view, at) => {
        view.setBigUint64(at + Interval.startMs, BigInt(startMs), true);
        view.setBigUint64(at + Interval.endMs, BigInt(endMs), true);
      });
    }
    const attribute = Attribute.RequestTime;
    const atom = this.#add({ attribute, op: AtomOp.Within, index, number: 0 });
    this.#spans.set(key, atom);
    return atom;
  }

  #intern(kind: string, operand: number, make: () => AtomFields): number {
    let indexes = this.#indexes.get(kind);
    if (indexes === undefined) {
      indexes = new Map();
      this.#indexes.set(kind, indexes);
    }
    let index = indexes.get(operand);
    if (index === undefined) {
      index = this.#add(make());
      indexes.set(operand, index);
    }
    return index;
  }

  #add({ attribute, op, index, number }: AtomFields): number {
    return this.#records.add((view, at) => {
      view.setUint16(at + Atom.attribute, attribute, true);
      view.setUint8(at + Atom.op, op);
      view.setUint32(at + Atom.index, index, true);
      view.setFloat64(at + Atom.number, number, true);
    });
  }
}

interface AtomFields {
  readonly attribute: Attribute;
  readonly op: AtomOp;
  readonly index: number;
  readonly number: number;
}

function timeKey(condition: TimeCondition): string {
  switch (condition.kind) {
    case 'within': {
      const windows = condition.windows.map((w) => `${w.days}:${w.startMinute}:${w.endMinute}`);
      return `${condition.zone} ${windows.join()}`;
    }
    case 'dates': {
      const dates = condition.dates.flatMap(({ first, last }) => [first, last]);
      const days = dates.map(({ year, month, day }) => `${year ?? ''}/${month}/${day}`);
      return `${condition.zone} ${days.join()}`;
    }
    default:
      return `${condition.timeMs}`;
  }
}
