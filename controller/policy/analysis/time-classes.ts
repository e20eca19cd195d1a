/** Splits the time ahead into the classes that conditions on the time can tell apart. */
import type { TimeCondition } from '../cel/condition.ts';
import type { DateSpan } from '../time-dates.ts';
import { type Interval, intervalsOf } from '../time-intervals.ts';
import { CLASSES_MAX, type Effort, GaveUp } from './effort.ts';

/** Moments at which the same conditions hold; `witnessMs` is the first whole minute among them where there is one. */
export interface TimeClass {
  /** Indexes of the conditions, rising. */
  readonly holding: readonly number[];
  readonly witnessMs: number;
}

/**
 * The classes from `nowMs` on; the first one is that of `nowMs`. Windows are looked at for a year, days of every year for
 * five (with windows as well: for eleven, so that every date meets every weekday), and around each date and moment that
 * a condition names; what happens only later than that is not seen. What lies in the past never comes again.
 */
export function timeClasses(
  conditions: readonly TimeCondition[],
  nowMs: number,
  effort: Effort,
): TimeClass[] {
  const ranges = rangesFor(conditions, nowMs);
  const resolved = conditions.map((condition) =>
    ranges.flatMap((range) => intervalsOf(condition, range.startMs, range.endMs)),
  );
  const starts = pieceStarts(ranges, resolved);
  let classOf = new Int32Array(starts.length);
  let classCount = 1;
  for (const intervals of resolved) {
    effort.spend(starts.length);
    const numbers = new Map<number, number>();
    const next = new Int32Array(starts.length);
    for (const [i, holds] of holdsAt(starts, intervals).entries()) {
      const key = (classOf[i] ?? 0) * 2 + holds;
      const number = numbers.get(key) ?? numbers.size;
      numbers.set(key, number);
      next[i] = number;
    }
    classOf = next;
    classCount = numbers.size;
  }
  if (classCount > CLASSES_MAX) throw new GaveUp('times tell too many cases apart');
  return describe(starts, classOf, resolved);
}

function describe(
  starts: readonly number[],
  classOf: Int32Array,
  resolved: readonly (readonly Interval[])[],
): TimeClass[] {
  const first = new Map<number, number>();
  for (const [i, start] of starts.entries()) {
    const number = classOf[i] ?? 0;
    if (!first.has(number)) first.set(number, wholeMinute(start, starts[i + 1]));
  }
  // Classes are numbered as they come up, so their witnesses rise.
  const witnesses = [...first.values()];
  const holds = resolved.map((intervals) => holdsAt(witnesses, intervals));
  return witnesses.map((witnessMs, number) => ({
    witnessMs,
    holding: holds.flatMap((held, condition) => (held[number] === 1 ? [condition] : [])),
  }));
}

function wholeMinute(startMs: number, endMs = Number.POSITIVE_INFINITY): number {
  const minute = Math.ceil(startMs / MS_PER_MINUTE) * MS_PER_MINUTE;
  return minute < endMs ? minute : startMs;
}

/** 1 for each piece in which one of the intervals holds; both are sorted. */
function holdsAt(starts: readonly number[], intervals: readonly Interval[]): Uint8Array {
  const holds = new Uint8Array(starts.length);
  let at = 0;
  for (const [i, start] of starts.entries()) {
    while (at < intervals.length && (intervals[at]?.endMs ?? 0) <= start) at += 1;
    if ((intervals[at]?.startMs ?? Number.POSITIVE_INFINITY) <= start) holds[i] = 1;
  }
  return holds;
}

function pieceStarts(
  ranges: readonly Interval[],
  resolved: readonly (readonly Interval[])[],
): number[] {
  const edges = new Set(ranges.map(({ startMs }) => startMs));
  const ends = new Set(ranges.map(({ endMs }) => endMs));
  for (const { startMs, endMs } of resolved.flat()) {
    edges.add(startMs);
    // An interval that is cut off by its range says nothing of what comes behind it.
    if (!ends.has(endMs)) edges.add(endMs);
  }
  return [...edges].sort((a, b) => a - b);
}

// The time that is looked at: a while from now on, and eight days around each moment that is named.
function rangesFor(conditions: readonly TimeCondition[], nowMs: number): Interval[] {
  const dates = conditions.flatMap((c) => (c.kind === 'dates' ? c.dates : []));
  const isYearly = dates.some((span) => span.first.year === undefined);
  const hasWindows = conditions.some((c) => c.kind === 'within');
  const days = isYearly ? (hasWindows ? 11 : 5) * 366 : 372;
  const moments = [
    ...dates.flatMap(momentsOf),
    ...conditions.flatMap((c) => (c.kind === 'before' ? [c.timeMs] : [])),
  ];
  const ranges = [
    { startMs: nowMs, endMs: nowMs + (conditions.length > 0 ? days : 1) * MS_PER_DAY },
  ];
  for (const moment of moments.sort((a, b) => a - b)) {
    const startMs = Math.max(nowMs, moment - 8 * MS_PER_DAY);
    const endMs = Math.min(LAST_MS, moment + 8 * MS_PER_DAY);
    const last = ranges.at(-1);
    if (last !== undefined && startMs <= last.endMs) {
      ranges[ranges.length - 1] = { startMs: last.startMs, endMs: Math.max(last.endMs, endMs) };
    } else if (startMs < endMs) ranges.push({ startMs, endMs });
  }
  return ranges;
}

function momentsOf({ first, last }: DateSpan): number[] {
  if (first.year === undefined || last.year === undefined) return [];
  return [
    Date.UTC(first.year, first.month - 1, first.day),
    Date.UTC(last.year, last.month - 1, last.day),
  ];
}

const MS_PER_MINUTE = 60_000;
const MS_PER_DAY = 24 * 60 * MS_PER_MINUTE;
/** The last moment that a Date can hold. */
const LAST_MS = 8.64e15;
