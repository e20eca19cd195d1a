/** Turns windows of local time into absolute intervals, exact over daylight-saving changes. */
import { MINUTES_PER_DAY, type Window } from './time-windows.ts';

/** `startMs <= time < endMs` in Unix milliseconds. */
export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The intervals of `[fromMs, toMs)` in which the wall clock of `zone` stands in one of the windows: disjoint, rising,
 * merged. An hour that the clock shows twice counts twice, one that it skips not at all.
 */
export function resolveWindows(
  windows: readonly Window[],
  zone: string,
  fromMs: number,
  toMs: number,
): Interval[] {
  const found: Interval[] = [];
  for (const span of offsetSpans(zone, fromMs, toMs)) {
    // Within a span the wall clock is the absolute clock plus a constant, so days are plain arithmetic.
    const firstDay = Math.floor((span.startMs + span.offsetMs) / MS_PER_DAY);
    const lastDay = Math.floor((span.endMs - 1 + span.offsetMs) / MS_PER_DAY);
    for (let day = firstDay; day <= lastDay; day++) {
      const midnightMs = day * MS_PER_DAY - span.offsetMs;
      for (const window of windows) {
        if ((window.days & (1 << weekdayOf(day))) === 0) continue;
        const startMs = Math.max(span.startMs, midnightMs + window.startMinute * MS_PER_MINUTE);
        const endMs = Math.min(span.endMs, midnightMs + window.endMinute * MS_PER_MINUTE);
        if (startMs < endMs) found.push({ startMs, endMs });
      }
    }
  }
  return mergeIntervals(found);
}

interface OffsetSpan extends Interval {
  readonly offsetMs: number;
}

// Zones change their offset at most once in an hour, so hourly samples see every change; bisection finds its moment.
function offsetSpans(zone: string, fromMs: number, toMs: number): OffsetSpan[] {
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
