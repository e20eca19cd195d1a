/** Dates as they are written, and the absolute intervals that they and moments become. */
import { expect, test } from 'vitest';

import { Problem } from './problem.ts';
import { type DateSpan, parseDate } from './time-dates.ts';
import { intervalsOf } from './time-intervals.ts';

test.each([
  ['2026-12-25', '2026-12-25 2026-12-25'],
  ['12-26', '12-26 12-26'],
  ['02-29', '2-29 2-29'],
  ['2028-02-29', '2028-2-29 2028-2-29'],
  ['2026-12-24..2027-01-01', '2026-12-24 2027-1-1'],
  ['12-24..01-01', '12-24 1-1'],
])('%s', (text, shown) => {
  const span = parseDate(text);
  if (span instanceof Problem) throw span;
  const show = ({ year, month, day }: DateSpan['first']) =>
    [year, month, day].filter((part) => part !== undefined).join('-');
  expect(`${show(span.first)} ${show(span.last)}`).toBe(shown);
});

test.each([
  ['', 'is not a date', 0],
  ['2026-1-2', 'is not a date', 0],
  ['26-01-02', 'is not a date', 0],
  ['2026-12-25T00:00', 'is not a date', 0],
  ['02-30', 'there is no `02-30`', 0],
  ['2026-02-29', 'there is no `2026-02-29`', 0],
  ['2100-02-29', 'there is no `2100-02-29`', 0],
  ['04-31', 'there is no', 0],
  ['13-01', 'there is no', 0],
  ['00-01', 'there is no', 0],
  ['01-00', 'there is no', 0],
  ['1969-12-31', 'is before 1970', 0],
  ['12-24..', 'is not a date', 7],
  ['..12-24', 'is not a date', 0],
  ['12-24..02-30', 'there is no', 7],
  ['12-24...12-25', 'is not a date', 7],
  ['2026-12-24..01-01', 'one end of', 12],
  ['2027-01-02..2027-01-01', 'ends before it starts', 0],
])('%j is refused', (text, message, offset) => {
  const problem = parseDate(text);
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({ message: expect.stringContaining(message), offset });
});

const resolve = (texts: string[], zone: string, from: string, to: string) => {
  const dates = texts.map((text) => {
    const span = parseDate(text);
    if (span instanceof Problem) throw new Error(span.message);
    return span;
  });
  const iso = (ms: number) => new Date(ms).toISOString().slice(0, 16);
  return intervalsOf({ kind: 'dates', dates, zone }, Date.parse(from), Date.parse(to)).map(
    ({ startMs, endMs }) => `${iso(startMs)} ${iso(endMs)}`,
  );
};

test('a day is that of the zone, and as long as its clock says', () => {
  const range = ['2026-03-20T00:00Z', '2026-04-10T00:00Z'] as const;
  expect(resolve(['2026-03-29'], 'Europe/Paris', ...range)).toEqual([
    '2026-03-28T23:00 2026-03-29T22:00',
  ]);
  expect(resolve(['10-25'], 'Europe/Paris', '2026-10-20T00:00Z', '2026-10-30T00:00Z')).toEqual([
    '2026-10-24T22:00 2026-10-25T23:00',
  ]);
  // The clock of Cairo goes from 23:59 to 01:00: the day starts at an hour that midnight is not.
  expect(resolve(['04-24'], 'Africa/Cairo', '2026-04-20T00:00Z', '2026-04-30T00:00Z')).toEqual([
    '2026-04-23T22:00 2026-04-24T21:00',
  ]);
});

test('a day that the calendar of a zone left out is no interval', () => {
  expect(resolve(['2011-12-30'], 'Pacific/Apia', '2011-12-25T00:00Z', '2012-01-05T00:00Z')).toEqual(
    [],
  );
});

test('spans include both ends, every year has its own, overlapping ones are merged', () => {
  expect(resolve(['12-24..01-01'], 'UTC', '2026-01-01T00:00Z', '2027-12-31T00:00Z')).toEqual([
    '2026-01-01T00:00 2026-01-02T00:00',
    '2026-12-24T00:00 2027-01-02T00:00',
    '2027-12-24T00:00 2027-12-31T00:00',
  ]);
  expect(
    resolve(
      ['2026-12-24..2026-12-26', '2026-12-26..2026-12-28', '12-29', '2026-12-31'],
      'UTC',
      '2026-12-01T00:00Z',
      '2027-01-10T00:00Z',
    ),
  ).toEqual(['2026-12-24T00:00 2026-12-30T00:00', '2026-12-31T00:00 2027-01-01T00:00']);
  expect(resolve(['02-29'], 'UTC', '2026-01-01T00:00Z', '2029-01-01T00:00Z')).toEqual([
    '2028-02-29T00:00 2028-03-01T00:00',
  ]);
});

test.each([
  [50, []],
  [100, []],
  [101, [{ startMs: 100, endMs: 101 }]],
  [500, [{ startMs: 100, endMs: 200 }]],
])('what is before %d ends there', (timeMs, intervals) => {
  expect(intervalsOf({ kind: 'before', timeMs }, 100, 200)).toEqual(intervals);
});

test('an empty horizon has no intervals', () => {
  expect(intervalsOf({ kind: 'before', timeMs: 500 }, 200, 200)).toEqual([]);
  expect(resolve(['12-24'], 'UTC', '2026-12-24T01:00Z', '2026-12-24T01:00Z')).toEqual([]);
});
