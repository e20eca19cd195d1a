/** Follows the trust of the mesh: which roots there are, and whether the own certificate is to go at once. */
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Alarm, backoffMs, pause } from './alarm.ts';
import { clockFaults, showSkew } from './clock-skew.ts';
import type { ControllerClient } from './controller-client.ts';
import type { HeldIdentity } from './identity.ts';

/** What the loop needs. */
export interface TrustLoopOptions {
  readonly controller: Pick<ControllerClient, 'watch'>;
  /** What is served now. */
  readonly current: () => HeldIdentity;
  /** Other roots are to be trusted from now on. */
  readonly onTrust: (rootPem: string, generation: number) => void;
  /** The certificate is to be renewed now. */
  readonly onRenew: () => void;
  readonly alarm: Alarm;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Asks and waits until `signal` is aborted. A controller that is away is asked again with backoff. */
export async function followTrust(options: TrustLoopOptions): Promise<void> {
  const { signal, log } = options;
  const clock = new ClockAlarm(log);
  for (let failures = 0; !signal.aborted; ) {
    try {
      const isIdle = await ask(options, clock);
      failures = 0;
      if (isIdle) continue;
      // Between news and what comes of it, lest one is asked for again and again.
      await pause(options.alarm, settleMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      clock.onFailure(error);
      log.debug({ err: error, failures }, 'no news of the trust');
      await pause(options.alarm, backoffMs(failures, 1_500, 20_000, options.random()), signal);
    }
  }
}

/** False: there was a reason to renew, which takes a moment. */
async function ask(options: TrustLoopOptions, clock: ClockAlarm): Promise<boolean> {
  const held = options.current();
  const { rootPem } = held;
  const news = await options.controller.watch(rootPem, held, held.trustGeneration);
  clock.onSkew(news.skewMs);
  if (news.generation !== held.trustGeneration) {
    options.log.info({ generation: news.generation }, 'the roots of the mesh have changed');
    options.onTrust(news.rootPem, news.generation);
  }
  if (news.renew) options.onRenew();
  return !news.renew;
}

/** Says once, and again when it gets worse, that a clock is wrong. */
class ClockAlarm {
  readonly #log: Log;
  #said: 'nothing' | 'warning' | 'error' = 'nothing';

  constructor(log: Log) {
    this.#log = log;
  }

  onFailure(error: unknown): void {
    const skewMs = error instanceof DtaError ? error.fields.skewMs : undefined;
    if (typeof skewMs === 'number') this.onSkew(skewMs);
  }

  onSkew(skewMs: number | undefined): void {
    if (skewMs === undefined) return;
    const off = Math.abs(skewMs);
    if (off <= clockFaults.warnMs) {
      this.#said = 'nothing';
    } else if (off > clockFaults.alarmMs && this.#said !== 'error') {
      this.#said = 'error';
      this.#log.error({ skewMs }, `${showSkew(skewMs)}: certificates are refused`);
    } else if (this.#said === 'nothing') {
      this.#said = 'warning';
      this.#log.warn({ skewMs }, showSkew(skewMs));
    }
  }
}

const settleMs = 2_000;
