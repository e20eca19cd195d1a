import { describe, expect, it } from 'vitest';

import { shiftDays, unshiftDate } from './shifted-date.ts';

const keyOf = (value: bigint) => {
  const dateShift = Buffer.alloc(8);
  dateShift.writeBigUInt64LE(value);
  return { dateShift };
};

describe('shiftDays', () => {
  it('is from -range to range, each as often, and never 0', () => {
    const shifts = Array.from({ length: 12 }, (_, i) => shiftDays(keyOf(BigInt(i)), 3));
    expect(shifts).toEqual([-3, -2, -1, 1, 2, 3, -3, -2, -1, 1, 2, 3]);
    // 2^64 - 1 = 3 modulo 6.
    expect(shiftDays(keyOf(2n ** 64n - 1n), 3)).toBe(1);
  });
});

describe('unshiftDate', () => {
  /** Shifted by 3 days. */
  const keys = keyOf(5n);

  it.each([
    ['2026-11-27', '2026-11-24'],
    ['20261127', '20261124'],
    ['2024-03-02', '2024-02-28'],
    ['2023-03-02', '2023-02-27'],
    ['2000-03-01', '2000-02-27'],
    ['1900-03-01', '1900-02-26'],
    ['2026-01-01T23:59:59.5+02:00', '2025-12-29T23:59:59.5+02:00'],
    ['0099-01-05 10:00', '0099-01-02 10:00'],
    ['0001-01-04', '0001-01-01'],
  ])('%s was %s', (shifted, clear) => {
    expect(unshiftDate(shifted, 3, keys)).toBe(clear);
  });

  it.each([
    '',
    '2026-1-1',
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-1127',
    '20261127T10',
    '2026-11-27x',
    '2026-11-27T\n',
    '0001-01-03',
    '0000-12-31',
    '27.11.2026',
  ])('%j is no date', (text) => {
    expect(unshiftDate(text, 3, keys)).toBeUndefined();
  });
});
