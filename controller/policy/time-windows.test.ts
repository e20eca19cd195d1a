/** Windows of local time as they are written, and the absolute intervals that they become. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Problem } from './problem.ts';
import { intervalsOf } from './time-intervals.ts';
import { checkTimeZone, parseWindows, type Window } from './time-windows.ts';

const hours = (startHour: number, endHour: number, days = 0b111_1111): Window => ({
  days,
  startMinute: startHour * 60,
  endMinute: endHour * 60,
});

test.each([
  ['Mon-Fri 09:00-18:00', [hours(9, 18, 0b001_1111)]],
  ['09:00-18:00', [hours(9, 18)]],
  ['sun 00:00-24:00', [hours(0, 24, 0b100_0000)]],
  ['Fri-Mon 09:00-10:00', [hours(9, 10, 0b111_0001)]],
  ['Sun 22:00-06:00', [hours(22, 24, 0b100_0000), hours(0, 6, 0b000_0001)]],
  ['22:00-00:00', [hours(22, 24)]],
  ['Mon 09:00-10:00, 20:00-21:00', [hours(9, 10, 1), hours(20, 21)]],
])('%s', (text, windows) => {
  expect(parseWindows(text)).toEqual(windows);
});

test.each([
  ['', 'not a time window', 0],
  ['9:00-18:00', 'not a time window', 0],
  ['09:00-18:00,', 'not a time window', 12],
  ['09:00-25:00', 'not a time window', 0],
  ['24:00-25:00', 'not a time window', 0],
  ['09:60-10:00', 'not a time window', 0],
  ['09:00-09:00', 'is empty', 0],
  ['09:00-10:00, Mon-Fry 10:00-11:00', '`Fry` is not a weekday', 13],
])('%j is refused', (text, message, offset) => {
  const problem = parseWindows(text);
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({ message: expect.stringContaining(message), offset });
});

test('unknown time zones are refused', () => {
  expect(checkTimeZone('Europe/Paris')).toBeUndefined();
  expect(checkTimeZone('Europe/Pariss')?.message).toContain('unknown time zone');
  expect(checkTimeZone('')?.message).toContain('unknown time zone');
});

const resolve = (text: string, zone: string, from: string, to: string) => {
  const windows = parseWindows(text);
  if (windows instanceof Problem) throw windows;
  const iso = (ms: number) => new Date(ms).toISOString().slice(5, 16);
  const condition = { kind: 'within', windows, zone } as const;
  return intervalsOf(condition, Date.parse(from), Date.parse(to)).map(
    ({ startMs, endMs }) => `${iso(startMs)} ${iso(endMs)}`,
  );
};

test('a working day moves with summer time', () => {
  expect(resolve('09:00-18:00', 'Europe/Paris', '2026-03-28T00:00Z', '2026-03-30T00:00Z')).toEqual([
    '03-28T08:00 03-28T17:00',
    '03-29T07:00 03-29T16:00',
  ]);
});

test('an hour that the clock skips is no interval', () => {
  expect(resolve('02:00-03:00', 'Europe/Paris', '2026-03-29T00:00Z', '2026-03-30T00:00Z')).toEqual(
    [],
  );
});

test('an hour that the clock shows twice counts twice', () => {
  expect(resolve('02:15-02:45', 'Europe/Paris', '2026-10-25T00:00Z', '2026-10-26T00:00Z')).toEqual([
    '10-25T00:15 10-25T00:45',
    '10-25T01:15 10-25T01:45',
  ]);
});

test('windows that touch become one interval, cut to the horizon', () => {
  const text = 'Mon 22:00-06:00, 05:00-07:00';
  expect(resolve(text, 'UTC', '2026-01-05T23:00Z', '2026-01-06T12:00Z')).toEqual([
    '01-05T23:00 01-06T07:00',
  ]);
});

test('intervals are disjoint and rising and hold exactly when the wall clock says so', () => {
  const zones = ['Europe/Paris', 'America/St_Johns', 'Asia/Kolkata', 'Australia/Lord_Howe', 'UTC'];
  const starts = ['2026-03-26', '2026-10-23', '2026-04-02', '2026-10-01', '2026-07-01'];
  const minute = fc.integer({ min: 0, max: 1439 });
  const window = fc.tuple(fc.integer({ min: 1, max: 127 }), minute, minute).map(([days, a, b]) => ({
    days,
    startMinute: Math.min(a, b),
    endMinute: Math.max(a, b) + 1,
  }));
  const at = fc.integer({ min: 0, max: 7 * 86_400_000 - 1 });
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.constantFrom(...starts),
      fc.array(window, { minLength: 1, maxLength: 3 }),
      fc.array(at, { minLength: 10, maxLength: 10 }),
      (zone, start, windows, offsets) => {
        const fromMs = Date.parse(`${start}T00:00Z`);
        const intervals = intervalsOf(
          { kind: 'within', windows, zone },
          fromMs,
          fromMs + 7 * 86_400_000,
        );
        for (const [i, { startMs, endMs }] of intervals.entries()) {
          expect(startMs).toBeLessThan(endMs);
          expect(startMs).toBeGreaterThan(intervals[i - 1]?.endMs ?? 0);
        }
        const edges = intervals.flatMap(({ startMs, endMs }) => [startMs, endMs - 1]);
        for (const timeMs of [...offsets.map((offset) => fromMs + offset), ...edges]) {
          const holds = intervals.some((i) => i.startMs <= timeMs && timeMs < i.endMs);
          expect(holds).toBe(showsWindow(windows, zone, timeMs));
        }
      },
    ),
    { numRuns: 100 },
  );
});

function showsWindow(windows: readonly Window[], zone: string, timeMs: number): boolean {
  const clock = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }).format(timeMs);
  const [, day = '', hour, minute] = /^(\w+),? (\d+):(\d+)$/.exec(clock) ?? [];
  const now = Number(hour) * 60 + Number(minute);
  const weekday = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(day);
  return windows.some(
    (w) => (w.days & (1 << weekday)) !== 0 && w.startMinute <= now && now < w.endMinute,
  );
}
