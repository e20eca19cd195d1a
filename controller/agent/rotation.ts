/**
 * When a certificate is renewed, and the loop that does it (draft-si-service-mesh-dta-00,
 * certificate rotation).
 */
import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Alarm, backoffMs, pause } from './alarm.ts';

/** The life of a certificate, in Unix milliseconds. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/**
 * When to renew: between 35 % and 45 % of the lifetime, spread by `jitter` (0 to 1), so always
 * before half of it is over and never all workloads of a mesh at once.
 */
export function renewalDueMs(validity: Validity, jitter: number): number {
  const lifetimeMs = validity.notAfterMs - validity.notBeforeMs;
  return Math.floor(validity.notBeforeMs + lifetimeMs * (0.35 + 0.1 * jitter));
}

/** How near the end is: `late` from three quarters of the lifetime on. */
export function ageAt(validity: Validity, nowMs: number): 'young' | 'late' | 'expired' {
  if (nowMs >= validity.notAfterMs) return 'expired';
  const lifetimeMs = validity.notAfterMs - validity.notBeforeMs;
  return nowMs - validity.notBeforeMs >= lifetimeMs * 0.75 ? 'late' : 'young';
}

/** Asks for a renewal before its time. */
export class Hurry {
  #asked = new AbortController();

  /** Aborted once somebody has asked. */
  get signal(): AbortSignal {
    return this.#asked.signal;
  }

  ask(): void {
    this.#asked.abort();
  }

  /** What was asked for is done. */
  clear(): void {
    if (this.#asked.signal.aborted) this.#asked = new AbortController();
  }
}

/** What the loop needs. */
export interface RotationOptions<Held extends Validity> {
  /** The certificate to begin with. */
  readonly first: Held;
  /** Gets the next one; DtaError `denied` ends the loop, everything else is tried again. */
  readonly renew: (current: Held) => Promise<Held>;
  readonly onRenewed: (next: Held) => void;
  /** Lets others have the certificate renewed before its time; absent: nobody does. */
  readonly hurry?: Hurry;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Renews until `signal` is aborted. A controller that is away is asked again with backoff; nothing
 * is taken from the workload meanwhile. Returns when it was aborted, when renewal is denied, or
 * when the certificate has expired, because neither of the last two mends itself: the workload
 * needs a new join token.
 */
export async function rotate<Held extends Validity>(options: RotationOptions<Held>): Promise<void> {
  const { clock, signal, log } = options;
  let held = options.first;
  while (!signal.aborted) {
    await pauseUntil(renewalDueMs(held, options.random()), options);
    const next = await renewOrGiveUp(held, options);
    if (!next) return;
    options.hurry?.clear();
    held = next;
    options.onRenewed(held);
    log.info({ notAfterMs: held.notAfterMs, leftMs: held.notAfterMs - clock() }, 'renewed');
  }
}

async function renewOrGiveUp<Held extends Validity>(
  held: Held,
  options: RotationOptions<Held>,
): Promise<Held | undefined> {
  const { clock, log, signal } = options;
  for (let attempt = 1; !signal.aborted; attempt++) {
    const age = ageAt(held, clock());
    if (age === 'expired') {
      log.error(
        { notAfterMs: held.notAfterMs },
        'the certificate has expired: join again with a new token',
      );
      return undefined;
    }
    try {
      return await options.renew(held);
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof DtaError && error.code === 'denied') {
        log.error({ err: error }, 'renewal is denied: the certificate runs out');
        return undefined;
      }
      const fields = { err: error, attempt, leftMs: held.notAfterMs - clock() };
      if (age === 'late') log.error(fields, 'the certificate expires soon and cannot be renewed');
      else log.warn(fields, 'renewal failed, will try again');
    }
    await pause(options.alarm, backoffMs(attempt, 1_000, 30_000, options.random()), signal);
  }
  return undefined;
}

/** Timers stand still while a host is suspended, so the clock is looked at again and again. */
async function pauseUntil<Held extends Validity>(
  dueMs: number,
  { clock, alarm, random, signal, hurry }: RotationOptions<Held>,
): Promise<void> {
  const early = hurry ? AbortSignal.any([signal, hurry.signal]) : signal;
  while (!early.aborted && clock() < dueMs) {
    await pause(alarm, Math.min(dueMs - clock(), longestPauseMs), early);
  }
  // Many are asked at once: they do not all come at once.
  if (hurry?.signal.aborted) await pause(alarm, random() * hurryWithinMs, signal);
}

const longestPauseMs = 30_000;
const hurryWithinMs = 2_000;
