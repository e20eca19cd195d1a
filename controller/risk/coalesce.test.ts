/** Work that is asked for often: at once, then once a period, never lost. */
import { expect, test } from 'vitest';

import { Coalescer } from './coalesce.ts';

function coalescer() {
  const done: number[] = [];
  const waiting: (() => void)[] = [];
  const made = new Coalescer(
    (sinceMs) => done.push(sinceMs),
    250,
    (later, ms) => {
      expect(ms).toBe(250);
      waiting.push(later);
      return () => waiting.splice(waiting.indexOf(later), 1);
    },
  );
  const endPeriod = () => waiting.shift()?.();
  return { made, done, waiting, endPeriod };
}

test('the first is done at once, those of its period together at the end of it', () => {
  const { made, done, waiting, endPeriod } = coalescer();
  for (const nowMs of [1, 2, 3]) made.ask(nowMs);
  expect(done).toEqual([1]);
  endPeriod();
  expect(done).toEqual([1, 2]);
  made.ask(4);
  expect(done).toEqual([1, 2]);
  endPeriod();
  expect(done).toEqual([1, 2, 4]);
  endPeriod();
  expect(waiting).toEqual([]);
  made.ask(5);
  expect(done).toEqual([1, 2, 4, 5]);
});

test('nothing is done after the end', () => {
  const { made, done, waiting } = coalescer();
  made.ask(1);
  made.ask(2);
  made.close();
  expect(waiting).toEqual([]);
  expect(done).toEqual([1]);
});
