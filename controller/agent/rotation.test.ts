/** When certificates are renewed, and what happens while they cannot be. */
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';

import { DtaError } from '../errors.ts';
import { RenewalBell } from './renewal-bell.ts';
import { ageAt, type RotationEnd, renewalDueMs, rotate, type Validity } from './rotation.ts';
import { RungAlarm } from './rung-alarm.test-data.ts';

const hourMs = 3_600_000;
const life: Validity = { notBeforeMs: 0, notAfterMs: hourMs };

describe('renewalDueMs', () => {
  it.each([
    [0, 0.45],
    [0.5, 0.5],
    [1, 0.55],
  ])('with jitter %d is at %d of the lifetime', (jitter, part) => {
    for (const lifetimeMs of [1_000, hourMs, 24 * hourMs]) {
      const due = renewalDueMs({ notBeforeMs: 5, notAfterMs: 5 + lifetimeMs }, jitter) - 5;
      expect(Math.abs(due - lifetimeMs * part)).toBeLessThanOrEqual(1);
    }
  });
});

describe('ageAt', () => {
  it.each([
    [0, 'young'],
    [0.75 * hourMs - 1, 'young'],
    [0.75 * hourMs, 'late'],
    [hourMs - 1, 'late'],
    [hourMs, 'expired'],
  ])('at %i is %s', (nowMs, age) => expect(ageAt(life, nowMs)).toBe(age));
});

describe('rotate', () => {
  let nowMs: number;
  let lines: { level: number; msg: string }[];
  let renewed: Validity[];
  let rung: RungAlarm;
  let abort: AbortController;
  beforeEach(() => {
    [nowMs, lines, renewed, rung] = [0, [], [], new RungAlarm()];
    abort = new AbortController();
  });

  /** Runs until the loop ends by itself or is aborted; each ring moves the clock. */
  async function run(
    renew: () => Promise<Validity>,
    rings: number,
    bell = new RenewalBell(),
  ): Promise<RotationEnd> {
    const loop = rotate({
      first: life,
      ...{ renew, bell },
      onRenewed: (next) => renewed.push(next),
      clock: () => nowMs,
      alarm: (delayMs, ring) =>
        rung.alarm(delayMs, () => {
          nowMs += delayMs;
          ring();
        }),
      random: () => 0,
      log: pino({ level: 'debug' }, { write: (line: string) => lines.push(JSON.parse(line)) }),
      signal: abort.signal,
    });
    let ended = false;
    const end = loop.then(() => {
      ended = true;
    });
    for (let i = 0; i < rings && !ended; i++) await Promise.race([rung.ringNext(), end]);
    abort.abort();
    return await loop;
  }

  it('renews when it is due, again and again, and looks at the clock every 30 s', async () => {
    const at: number[] = [];
    await run(async () => {
      at.push(nowMs);
      return { notBeforeMs: nowMs, notAfterMs: nowMs + hourMs };
    }, 110);
    expect(at).toEqual([0.45 * hourMs, 0.9 * hourMs]);
    expect(renewed).toHaveLength(2);
    expect(Math.max(...rung.delays)).toBe(30_000);
  });

  it('tries again with backoff while the controller is away, and gets louder', async () => {
    let failures = 0;
    await run(async () => {
      if (nowMs < 0.8 * hourMs) {
        failures++;
        throw new DtaError('unreachable', 'gone');
      }
      return { notBeforeMs: nowMs, notAfterMs: nowMs + hourMs };
    }, 390);
    expect(renewed).toHaveLength(1);
    expect(rung.delays.slice(54, 59)).toEqual([1_000, 2_000, 4_000, 4_000, 4_000]);
    const told = lines.filter(({ msg, level }) => level > 20 && msg !== 'renewed');
    const loud = told.filter(({ msg }) => msg.startsWith('the certificate expires soon'));
    expect(loud.length).toBeGreaterThan(3);
    expect(loud.every(({ level }) => level === 50)).toBe(true);
    expect(told[0]).toMatchObject({ level: 40, msg: 'renewal failed, will try again' });
    expect(told.length).toBeGreaterThan(30);
    expect(told.length).toBeLessThan(failures / 7);
  });

  it('renews before its time when it is asked to, once', async () => {
    const at: number[] = [];
    const bell = new RenewalBell();
    const renew = async () => {
      at.push(nowMs);
      return { notBeforeMs: nowMs, notAfterMs: nowMs + hourMs };
    };
    bell.ring(45_000);
    await run(renew, 20, bell);
    expect(at).toEqual([45_000]);
    expect(bell.dueMs).toBeUndefined();
  });

  it('hears the bell while it waits', async () => {
    const bell = new RenewalBell();
    const renew = async () => ({ notBeforeMs: nowMs, notAfterMs: nowMs + hourMs });
    const running = run(renew, 3, bell);
    bell.ring(0);
    await running;
    expect(renewed).toHaveLength(1);
  });

  it('ends at expiry with a word on what helps', async () => {
    const end = await run(async () => {
      throw new Error('gone');
    }, 10_000);
    expect(end).toBe('expired');
    expect(nowMs).toBeGreaterThanOrEqual(hourMs);
    expect(nowMs).toBeLessThan(hourMs + 5_000);
    expect(lines.at(-1)?.msg).toContain('has to join again');
  });

  it('ends at once when renewal is denied', async () => {
    let calls = 0;
    const end = await run(async () => {
      calls++;
      throw new DtaError('denied', 'revoked');
    }, 10_000);
    expect([end, calls]).toEqual(['denied', 1]);
    expect(lines.at(-1)?.msg).toContain('denied');
  });
});
