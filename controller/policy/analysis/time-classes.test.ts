import { expect, test } from 'vitest';

import type { TimeCondition } from '../cel/condition.ts';
import { Effort } from './effort.ts';
import { timeClasses } from './time-classes.ts';

/** A Thursday. */
const NOW = Date.UTC(2026, 0, 1, 12);
const before = (timeMs: number): TimeCondition => ({ kind: 'before', timeMs });
const within = (days: number, startMinute: number, endMinute: number): TimeCondition => ({
  kind: 'within',
  windows: [{ days, startMinute, endMinute }],
  zone: 'UTC',
});
const onDate = (month: number, day: number, year?: number): TimeCondition => ({
  kind: 'dates',
  dates: [{ first: { year, month, day }, last: { year, month, day } }],
  zone: 'UTC',
});

test.each<[string, TimeCondition[], string[]]>([
  ['nothing is asked', [], ['']],
  ['what is over never comes again', [before(NOW - 1)], ['']],
  ['a moment in a hundred years', [before(Date.UTC(2126, 0, 1))], ['', '0']],
  ['windows that never meet', [within(1, 540, 600), within(2, 540, 600)], ['', '0', '1']],
  ['windows that overlap', [within(1, 540, 600), within(1, 570, 660)], ['', '0', '0 1', '1']],
  [
    'Christmas falls on a Monday some day',
    [onDate(12, 25), within(1, 0, 1440)],
    ['', '0', '0 1', '1'],
  ],
  ['Christmas 2026 is a Friday', [onDate(12, 25, 2026), within(1, 0, 1440)], ['', '0', '1']],
  ['29 February', [onDate(2, 29), onDate(3, 1)], ['', '0', '1']],
])('%s', (_, conditions, wanted) => {
  const classes = timeClasses(conditions, NOW, new Effort(1e9));
  expect(classes.map(({ holding }) => holding.join(' ')).sort()).toEqual(wanted);
  for (const { witnessMs } of classes) expect(witnessMs).toBeGreaterThanOrEqual(NOW);
});
