/** Turns conditions on the time into absolute intervals, exact over daylight-saving changes. */
import type { TimeCondition } from './cel/condition.ts';
import { type CalendarDay, type DateSpan, spanHolds } from './time-dates.ts';
import { MINUTES_PER_DAY, type Window } from './time-windows.ts';

/** `startMs <= time < endMs` in Unix milliseconds. */
export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The intervals of `[fromMs, toMs)`, whole Unix milliseconds, in which the condition holds: disjoint, rising, merged.
 * An hour that the clock of the zone shows twice counts twice, one that it skips not at all.
 */
export function intervalsOf(condition: TimeCondition, fromMs: number, toMs: number): Interval[] {
  if (fromMs >= toMs) return [];
  switch (condition.kind) {
    case 'before': {
      const endMs = Math.min(toMs, condition.timeMs);
      return fromMs < endMs ? [{ startMs: fromMs, endMs }] : [];
    }
    case 'within': {
      const { windows } = condition;
      return dailyIntervals(condition.zone, fromMs, toMs, (day) => windowsOn(windows, day));
    }
    case 'dates': {
      const { dates } = condition;
      return dailyIntervals(condition.zone, fromMs, toMs, (day) => datesOn(dates, day));
    }
  }
}

// `spansOf` says for a day of the wall clock, counted from 1 January 1970, which of its minutes count.
function dailyIntervals(
  zone: string,
  fromMs: number,
  toMs: number,
  spansOf: (day: number) => readonly MinuteSpan[],
): Interval[] {
  const found: Interval[] = [];
  for (const span of offsetSpans(zone, fromMs, toMs)) {
    // Within a span the wall clock is the absolute clock plus a constant, so days are plain arithmetic.
    const firstDay = Math.floor((span.startMs + span.offsetMs) / MS_PER_DAY);
    const lastDay = Math.floor((span.endMs - 1 + span.offsetMs) / MS_PER_DAY);
    for (let day = firstDay; day <= lastDay; day++) {
      const midnightMs = day * MS_PER_DAY - span.offsetMs;
      for (const { startMinute, endMinute } of spansOf(day)) {
        const startMs = Math.max(span.startMs, midnightMs + startMinute * MS_PER_MINUTE);
        const endMs = Math.min(span.endMs, midnightMs + endMinute * MS_PER_MINUTE);
        if (startMs < endMs) found.push({ startMs, endMs });
      }
    }
  }
  return mergeIntervals(found);
}

interface MinuteSpan {
  readonly startMinute: number;
  readonly endMinute: number;
}

function windowsOn(windows: readonly Window[], day: number): readonly MinuteSpan[] {
  const bit = 1 << weekdayOf(day);
  return windows.filter((window) => (window.days & bit) !== 0);
}

function datesOn(dates: readonly DateSpan[], day: number): readonly MinuteSpan[] {
  const date = new Date(day * MS_PER_DAY);
  const calendarDay: CalendarDay = {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
  };
  return dates.some((span) => spanHolds(span, calendarDay)) ? WHOLE_DAY : [];
}

interface OffsetSpan extends Interval {
  readonly offsetMs: number;
}

// Sets name the same few zones over and over, for one horizon: sampling a week takes about a millisecond.
function offsetSpans(zone: string, fromMs: number, toMs: number): readonly OffsetSpan[] {
  const key = `${zone} ${fromMs} ${toMs}`;
  let spans = knownSpans.get(key);
  if (spans === undefined) {
    if (knownSpans.size >= KNOWN_SPANS_MAX) knownSpans.clear();
    spans = findOffsetSpans(zone, fromMs, toMs);
    knownSpans.set(key, spans);
  }
  return spans;
}

// Zones change their offset at most once in an hour, so hourly samples see every change; bisection finds its moment.
function findOffsetSpans(zone: string, fromMs: number, toMs: number): OffsetSpan[] {
  const offsetAt = offsetReader(zone);
  const spans: OffsetSpan[] = [];
  let startMs = fromMs;
  let offsetMs = offsetAt(fromMs);
  for (let sampleMs = fromMs; sampleMs < toMs; sampleMs += MS_PER_HOUR) {
    const nextMs = Math.min(toMs, sampleMs + MS_PER_HOUR);
    const nextOffsetMs = offsetAt(nextMs);
    if (nextOffsetMs === offsetMs) continue;
    let before = sampleMs;
    let after = nextMs;
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (offsetAt(middle) === offsetMs) before = middle;
      else after = middle;
    }
    spans.push({ startMs, endMs: after, offsetMs });
    startMs = after;
    offsetMs = nextOffsetMs;
  }
  if (startMs < toMs) spans.push({ startMs, endMs: toMs, offsetMs });
  return spans;
}

function offsetReader(zone: string): (timeMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (timeMs) => {
    const seconds = Math.floor(timeMs / 1000);
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(seconds * 1000)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute, second) - seconds * 1000;
  };
}

function mergeIntervals(intervals: Interval[]): Interval[] {
  intervals.sort((a, b) => a.startMs - b.startMs);
  const merged: Interval[] = [];
  for (const interval of intervals) {
    const last = merged.at(-1);
    if (last !== undefined && interval.startMs <= last.endMs) {
      merged[merged.length - 1] = {
        startMs: last.startMs,
        endMs: Math.max(last.endMs, interval.endMs),
      };
    } else merged.push(interval);
  }
  return merged;
}

// Day 0, 1 January 1970, was a Thursday.
function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

const MS_PER_MINUTE = 60_000;
const MS_PER_HOUR = 60 * MS_PER_MINUTE;
const MS_PER_DAY = MINUTES_PER_DAY * MS_PER_MINUTE;
const WHOLE_DAY: readonly MinuteSpan[] = [{ startMinute: 0, endMinute: MINUTES_PER_DAY }];
const knownSpans = new Map<string, readonly OffsetSpan[]>();
const KNOWN_SPANS_MAX = 64;
