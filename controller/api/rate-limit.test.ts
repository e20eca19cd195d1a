/** The token bucket. */
import { describe, expect, it } from 'vitest';

import { RateLimit } from './rate-limit.ts';

describe('RateLimit', () => {
  it('lets a burst through, then what time gives back, for each key apart', () => {
    let nowMs = 0;
    const limit = new RateLimit(3, 2, () => nowMs);
    expect([1, 2, 3, 4].map(() => limit.allows('a'))).toEqual([true, true, true, false]);
    expect(limit.allows('b')).toBe(true);
    nowMs = 499;
    expect(limit.allows('a')).toBe(false);
    nowMs = 500;
    expect(limit.allows('a')).toBe(true);
    expect(limit.allows('a')).toBe(false);
    nowMs = 1_000_000;
    expect([1, 2, 3, 4].map(() => limit.allows('a'))).toEqual([true, true, true, false]);
  });

  it('gives nothing for a clock that goes back', () => {
    let nowMs = 1_000;
    const limit = new RateLimit(1, 1, () => nowMs);
    expect(limit.allows('a')).toBe(true);
    nowMs = 0;
    expect(limit.allows('a')).toBe(false);
  });

  it('forgets the key that was quiet longest when there are too many', () => {
    const limit = new RateLimit(1, 0, () => 0);
    expect(limit.allows('first')).toBe(true);
    for (let i = 0; i < 9_999; i++) limit.allows(`key ${i}`);
    expect(limit.allows('first')).toBe(false);
    for (let i = 0; i < 10_000; i++) limit.allows(`other ${i}`);
    expect(limit.allows('first')).toBe(true);
  });
});
