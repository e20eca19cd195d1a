/** Medians as the reports use them. */
import { expect, test } from 'vitest';

import { spreadOf } from './statistics.ts';

test.each([
  [[7], { median: 7, min: 7, max: 7 }],
  [[10, 9, 2], { median: 9, min: 2, max: 10 }],
  [[10, 1, 4, 2], { median: 3, min: 1, max: 10 }],
])('the spread of %j', (values, spread) => {
  expect(spreadOf(values)).toEqual(spread);
});

test('nothing has no spread', () => {
  expect(() => spreadOf([])).toThrow('no measurements');
});
