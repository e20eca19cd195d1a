/** Tables stay half empty, and names that collide never make look-ups long. */
import { expect, test } from 'vitest';

import { placeInSlots } from './hash-slots.ts';

test('entries keep their order and wrap around', () => {
  expect(placeInSlots([])).toEqual({ slotCount: 1, slots: [] });
  expect(placeInSlots([3, 3])).toEqual({ slotCount: 4, slots: [3, 0] });
});

test('hashes that meet in their low bits make the table grow', () => {
  const hashes = Array.from({ length: 1_000 }, (_, i) => (i & 3) + (i >> 2) * 2_048);
  const { slotCount, slots } = placeInSlots(hashes);
  expect(slotCount).toBeGreaterThan(2_048);
  expect(new Set(slots).size).toBe(1_000);
});

test('equal hashes beyond the bound are refused, not walked over', () => {
  expect(placeInSlots(Array(256).fill(7)).slots).toHaveLength(256);
  expect(() => placeInSlots(Array(257).fill(7))).toThrow('the same hash');
});
