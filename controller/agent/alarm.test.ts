/** Waiting and backing off. */
import { describe, expect, it } from 'vitest';

import { backoffMs } from '../backoff.ts';
import { pause, systemAlarm } from './alarm.ts';
import { RungAlarm } from './rung-alarm.test-data.ts';

describe('backoffMs', () => {
  it.each([
    [1, 0, 1_000],
    [3, 0, 4_000],
    [3, 1, 2_000],
    [6, 0, 30_000],
    [10_000, 0, 30_000],
  ])('attempt %i with jitter %i waits %i ms', (attempt, jitter, expected) => {
    expect(backoffMs(attempt, 1_000, 30_000, jitter)).toBe(expected);
  });
});

describe('pause', () => {
  it('ends when the alarm rings', async () => {
    const rung = new RungAlarm();
    const paused = pause(rung.alarm, 70, new AbortController().signal);
    expect(await rung.ringNext()).toBe(70);
    await paused;
  });

  it('ends when it is aborted and calls the alarm off', async () => {
    let calledOff = 0;
    const abort = new AbortController();
    const paused = pause(() => () => void calledOff++, 70, abort.signal);
    abort.abort();
    await paused;
    expect(calledOff).toBe(1);
    await pause(() => expect.fail('set an alarm'), 70, abort.signal);
  });

  it('works with the timers of the process', async () => {
    await pause(systemAlarm, -5, new AbortController().signal);
  });
});
