/** Tables stay sparse, and names that collide never make look-ups long. */
import { expect, test } from 'vitest';

import { buildSlots, hashBelow } from './hash-slots.ts';

test('a word holds the top of the hash and the index, in order, and wraps around', () => {
  expect([...buildSlots([])]).toEqual([0]);
  expect([...buildSlots([0xab00_0003, 0xff00_0003])]).toEqual([0xff00_0002, 0, 0, 0xab00_0001]);
});

test('a table is four fifths full at most', () => {
  expect([3, 4, 12, 13].map((n) => buildSlots(Array(n).fill(0)).length)).toEqual([4, 8, 16, 32]);
});

test('records without a hash have no slot but keep their index', () => {
  expect([...buildSlots([undefined, 1, undefined])]).toEqual([0, 2]);
});

test('hashes that meet in their low bits make the table grow', () => {
  const hashes = Array.from({ length: 1_000 }, (_, i) => (i & 3) + (i >> 2) * 2_048);
  const slots = buildSlots(hashes);
  expect(slots.length).toBeGreaterThan(2_048);
  expect(slots.filter((word) => word !== 0)).toHaveLength(1_000);
});

test('equal hashes beyond the bound are refused, not walked over', () => {
  expect(buildSlots(Array(256).fill(7)).filter((word) => word !== 0)).toHaveLength(256);
  expect(() => buildSlots(Array(257).fill(7))).toThrow('the same hash');
});

test('the hash of a text depends on what it belongs to', () => {
  expect(hashBelow(0, 7)).toBe(7);
  expect(hashBelow(0xffff_ffff, 0)).toBe((0x1_0000_0000 - 0x9e37_79b1) >>> 0);
});
