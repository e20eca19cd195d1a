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

it.each([0, 300_000, -300_000])('%d ms are in order', (skewMs) => {
  const { lines, heard } = compare([skewMs]);
  expect([lines, heard]).toEqual([[], [skewMs]]);
});

it.each([
  [25 * 3_600_000, "this host's clock is 90000 s ahead of the controller's"],
  [-25 * 3_600_000, "this host's clock is 90000 s behind the controller's"],
  [302_000, "this host's clock is 302 s ahead of"],
])('%d ms are an alarm, once', (skewMs, message) => {
  const { lines } = compare([skewMs, skewMs]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: 50, msg: expect.stringContaining(message) });
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
