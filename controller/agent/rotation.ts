/**
 * When a certificate is renewed, and the loop that does it (draft-si-service-mesh-dta-00,
 * certificate rotation).
 */

import { backoffMs } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Alarm, pause } from './alarm.ts';
import type { RenewalBell } from './renewal-bell.ts';

/** The life of a certificate, in Unix milliseconds. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/**
 * When to renew: at half of the lifetime, give or take a tenth of that, spread by `jitter` (0 to 1),
 * so never all workloads of a mesh at once.
 */
export function renewalDueMs(validity: Validity, jitter: number): number {
  const lifetimeMs = validity.notAfterMs - validity.notBeforeMs;
  return Math.floor(validity.notBeforeMs + lifetimeMs * (0.45 + 0.1 * jitter));
}

/** How near the end is: `late` from three quarters of the lifetime on. */
export function ageAt(validity: Validity, nowMs: number): 'young' | 'late' | 'expired' {
  if (nowMs >= validity.notAfterMs) return 'expired';
  const lifetimeMs = validity.notAfterMs - validity.notBeforeMs;
  return nowMs - validity.notBeforeMs >= lifetimeMs * 0.75 ? 'late' : 'young';
}

/** What the loop needs. */
export interface RotationOptions<Held extends Validity> {
  /** The certificate to begin with. */
  readonly first: Held;
  /** Gets the next one; DtaError `denied` ends the loop, everything else is tried again. */
  readonly renew: (current: Held) => Promise<Held>;
  readonly onRenewed: (next: Held) => void;
  /** Hears of each attempt that failed and may be tried again. */
  readonly onFailed?: (error: unknown) => void;
  /** Asks for a renewal before its time. */
  readonly bell?: RenewalBell;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Why the loop ended. The last two do not mend themselves: the workload has to join again. */
export type RotationEnd = 'aborted' | 'denied' | 'expired';

/**
 * Renews until `signal` is aborted. A controller that is away is asked again every few seconds;
 * nothing is taken from the workload meanwhile.
 */
export async function rotate<Held extends Validity>(
  options: RotationOptions<Held>,
): Promise<RotationEnd> {
  const { clock, signal, log, bell } = options;
  let held = options.first;
  while (!signal.aborted) {
    await pauseUntil(renewalDueMs(held, options.random()), options);
    // Before it is renewed: what rings meanwhile may want what this renewal does not bring yet.
    bell?.silence();
    const next = await renewOrGiveUp(held, options);
    if (typeof next === 'string') return next;
    held = next;
    options.onRenewed(held);
    log.info({ notAfterMs: held.notAfterMs, leftMs: held.notAfterMs - clock() }, 'renewed');
  }
  return 'aborted';
}

async function renewOrGiveUp<Held extends Validity>(
  held: Held,
  options: RotationOptions<Held>,
): Promise<Held | RotationEnd> {
  const { clock, log, signal } = options;
  let ageBefore = ageAt(held, clock());
  for (let attempt = 1; !signal.aborted; attempt++) {
    const age = ageAt(held, clock());
    if (age === 'expired') {
      log.error(
        { notAfterMs: held.notAfterMs },
        'the certificate has expired: the workload has to join again',
      );
      return 'expired';
    }
    try {
      return await options.renew(held);
    } catch (error) {
      if (signal.aborted) return 'aborted';
      if (error instanceof DtaError && error.code === 'denied') {
        log.error({ err: error }, 'renewal is denied: the certificate runs out');
        return 'denied';
      }
      options.onFailed?.(error);
      const fields = { err: error, attempt, leftMs: held.notAfterMs - clock() };
      // Every few seconds for hours would bury everything else.
      const isTold = attempt === 1 || attempt % toldEvery === 0 || age !== ageBefore;
      ageBefore = age;
      if (!isTold) log.debug(fields, 'renewal failed again');
      else if (age === 'late')
        log.error(fields, 'the certificate expires soon and cannot be renewed');
      else log.warn(fields, 'renewal failed, will try again');
    }
    const waitMs = backoffMs(attempt, 1_000, longestRetryMs, options.random());
    await pause(options.alarm, waitMs, signal);
  }
  return 'aborted';
}

/** Timers stand still while a host is suspended, so the clock is looked at again and again. */
async function pauseUntil<Held extends Validity>(
  dueMs: number,
  { clock, alarm, signal, bell }: RotationOptions<Held>,
): Promise<void> {
  for (;;) {
    const leftMs = Math.min(dueMs, bell?.dueMs ?? dueMs) - clock();
    if (leftMs <= 0 || signal.aborted) return;
    const rung = new AbortController();
    bell?.listen(() => rung.abort());
    const woken = AbortSignal.any([signal, rung.signal]);
    await pause(alarm, Math.min(leftMs, longestPauseMs), woken);
  }
}

const toldEvery = 8;
const longestPauseMs = 30_000;
/** Well inside the five seconds in which renewal has to go on after the controller is back. */
const longestRetryMs = 4_000;
