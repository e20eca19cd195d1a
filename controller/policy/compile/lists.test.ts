/** Runs are shared when they are equal, and only then. */
import { expect, test } from 'vitest';

import { ListTable } from './lists.ts';

test('equal runs share their entries, through growth', () => {
  const lists = new ListTable();
  const runs = Array.from({ length: 1_000 }, (_, i) => [[i, i * 7], [i]]).flat();
  const first = runs.map((run) => lists.intern(run));
  expect(runs.map((run) => lists.intern(run))).toEqual(first);
  expect(new Set(first.map(({ start }) => start)).size).toBe(2_000);
  const { bytes, count } = lists.section(2);
  expect(count).toBe(3_000);
  const words = Array.from({ length: count }, (_, i) => Buffer.from(bytes).readUInt32LE(i * 4));
  expect(first.map(({ start, count: length }) => words.slice(start, start + length))).toEqual(runs);
});

test('a run and its beginning are two runs; no entries take no room', () => {
  const lists = new ListTable();
  expect(lists.intern([])).toEqual({ start: 0, count: 0 });
  expect(lists.intern([0xffff_ffff, 1])).toEqual({ start: 0, count: 2 });
  expect(lists.intern([0xffff_ffff])).toEqual({ start: 2, count: 1 });
  expect(lists.section(2).count).toBe(3);
});
