/** Clocks that differ: five minutes are borne, more is an alarm that names the difference. */
import { pino } from 'pino';
import { expect, it } from 'vitest';

import { ClockComparison } from './clock-comparison.ts';

const nowMs = 1_800_000_000_000;

function compare(skewsMs: number[]): { lines: { level: number; msg: string }[]; heard: number[] } {
  const lines: { level: number; msg: string }[] = [];
  const heard: number[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  const clocks = new ClockComparison(
    () => nowMs,
    log,
    (skewMs) => heard.push(skewMs),
  );
  for (const skewMs of skewsMs) clocks.compare(new Date(nowMs - skewMs).toUTCString());
  return { lines, heard };
}

it.each([0, 60_000, -60_000])('%d ms are in order', (skewMs) => {
  const { lines, heard } = compare([skewMs]);
  expect([lines, heard]).toEqual([[], [skewMs]]);
});

it.each([
  [61_000, 40, 'the clock here is 1 min ahead of'],
  [-300_000, 40, "the clock here is 5 min behind the controller's"],
  [303_000, 50, 'the clock here is 5 min ahead of'],
  [25 * 3_600_000, 50, "the clock here is 25 h 0 min ahead of the controller's"],
  [-25 * 3_600_000, 50, "the clock here is 25 h 0 min behind the controller's"],
])('%d ms are told once, at level %d', (skewMs, level, message) => {
  const { lines } = compare([skewMs, skewMs]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level, msg: expect.stringContaining(message) });
});

it('is told again when it gets worse', () => {
  expect(compare([100_000, 400_000, 100_000]).lines.map(({ level }) => level)).toEqual([40, 50]);
});

it('says when it is over, and takes no nonsense', () => {
  const { lines } = compare([400_000, 0]);
  expect(lines.map(({ level }) => level)).toEqual([50, 30]);
  const clocks = new ClockComparison(
    () => nowMs,
    pino({ level: 'silent' }),
    () => undefined,
  );
  for (const date of [undefined, '', 'yesterday']) clocks.compare(date);
  expect(clocks.skewMs).toBeUndefined();
});
