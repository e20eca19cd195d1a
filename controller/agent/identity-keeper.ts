/**
 * Keeps one identity alive: gets it, renews it in time or when it is ordered to, gets it anew where
 * that is possible (draft-si-service-mesh-dta-00, certificate rotation).
 */

import { backoffMs } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Alarm, pause } from './alarm.ts';
import type { ControllerClient } from './controller-client.ts';
import { type HeldIdentity, keepIdentity } from './identity.ts';
import { renew } from './join.ts';
import { RenewalBell } from './renewal-bell.ts';
import { ageAt, type RotationEnd, rotate } from './rotation.ts';
import { followTrust } from './trust-loop.ts';

/** How a first certificate is got. */
export interface Obtain {
  /** A token is good once; what the workload is can be proved again. */
  readonly isRepeatable: boolean;
  /** `held` is what was held so far, refused or expired by now: its roots may be newer than those of the configuration. */
  readonly get: (held?: HeldIdentity) => Promise<HeldIdentity>;
}

/** What happens to an identity, for metrics. */
export interface KeeperObserver {
  onRenewal?(result: 'renewed' | 'failed'): void;
}

/** What a keeper needs. */
export interface KeeperOptions {
  readonly controller: ControllerClient;
  /** Name of the workload, and of the file in `keyDir`. */
  readonly workload: string;
  readonly obtain: Obtain;
  /** One that was kept, to begin with. */
  readonly kept?: HeldIdentity | undefined;
  readonly keyDir?: string | undefined;
  readonly onChange: (identity: HeldIdentity) => void;
  readonly observer?: KeeperObserver;
  readonly clock: Clock;
  readonly alarm: Alarm;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** How an identity is: `late` and `expired` were not renewed in time, `ended` never will be: another has to be got. */
export type IdentityState = 'joining' | 'valid' | 'late' | 'expired' | 'ended';

/** One identity over its whole life. */
export class IdentityKeeper {
  /** Resolves with the first SPIFFE ID; rejects when there will never be one. */
  readonly ready: Promise<string>;
  /** Rejects when there will never be another identity. What is held goes on being held. */
  readonly ended: Promise<never>;
  readonly #options: KeeperOptions;
  readonly #becameReady = Promise.withResolvers<string>();
  readonly #hasEnded = Promise.withResolvers<never>();
  #change = Promise.withResolvers<void>();
  #held: HeldIdentity | undefined;
  /** What is held was taken away. */
  #isOver = false;
  #lastError: string | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.ready = this.#becameReady.promise;
    this.ended = this.#hasEnded.promise;
    // Nobody has to wait for them: what is wrong is logged in any case.
    this.ready.catch(() => undefined);
    this.ended.catch(() => undefined);
    options.signal.addEventListener('abort', () => this.#change.resolve(), { once: true });
  }

  /** What is held now; undefined before the first. */
  current(): HeldIdentity | undefined {
    return this.#held;
  }

  /** How it is at this moment. */
  get state(): IdentityState {
    if (!this.#held) return this.#isOver ? 'ended' : 'joining';
    const age = ageAt(this.#held, this.#options.clock());
    if (age === 'expired') return age;
    if (this.#isOver) return 'ended';
    return age === 'late' ? 'late' : 'valid';
  }

  /** Why the last attempt to join or renew failed; undefined: it did not. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  /** Runs until the signal is aborted or the identity has ended. Rejects when it cannot be got at all. */
  async run(): Promise<void> {
    const { kept, obtain, workload, signal } = this.#options;
    try {
      for (let next = kept; !signal.aborted; next = undefined) {
        const first = next ?? (await this.#obtainPatiently());
        if (!first) return;
        const end = await this.#live(first);
        if (end === 'aborted') return;
        if (!obtain.isRepeatable) break;
        // A key that was revoked says nothing of the workload, which proves itself anew. Whether it was
        // the workload that was revoked is for the controller to know, which refuses its evidence then.
        if (end === 'denied') this.#isOver = true;
      }
      if (signal.aborted) return;
      this.#isOver = true;
      this.#hasEnded.reject(
        new DtaError('denied', `the identity of workload \`${workload}\` cannot be renewed`, {
          help: 'its certificate runs out; join again with a new token of `dta identity issue`',
        }),
      );
    } catch (error) {
      this.#isOver = true;
      this.#becameReady.reject(error);
      throw error;
    }
  }

  /** Nobody waits for the first identity any more. */
  giveUp(error: DtaError): void {
    this.#becameReady.reject(error);
  }

  async #live(first: HeldIdentity): Promise<RotationEnd> {
    const { controller, observer, clock, alarm, random, log, signal } = this.#options;
    const over = new AbortController();
    const bell = new RenewalBell();
    const parts = { bell, clock, alarm, random, log };
    this.#use(first);
    log.info({ spiffeId: first.spiffeId, notAfterMs: first.notAfterMs }, 'ready');
    this.#becameReady.resolve(first.spiffeId);
    over.signal.addEventListener('abort', () => this.#change.resolve(), { once: true });
    const watching = followTrust({
      ...parts,
      controller,
      current: () => this.#held ?? first,
      changed: () => this.#change.promise,
      onTrust: (rootPem, trustGeneration) => {
        this.#use({ ...(this.#held ?? first), rootPem, trustGeneration });
      },
      signal: AbortSignal.any([signal, over.signal]),
    });
    const end = await rotate({
      ...parts,
      first,
      // Under the roots of now, which may be newer than those that came with the certificate.
      renew: (held) => renew(controller, this.#held ?? held),
      onRenewed: (next) => {
        observer?.onRenewal?.('renewed');
        this.#use(next);
      },
      onFailed: (error) => {
        observer?.onRenewal?.('failed');
        this.#lastError = messageOf(error);
      },
      signal,
    });
    over.abort();
    await watching;
    if (end === 'denied') this.#lastError = 'renewal denied';
    return end;
  }

  async #obtainPatiently(): Promise<HeldIdentity | undefined> {
    const { obtain, alarm, random, log, signal } = this.#options;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        return await obtain.get(this.#held);
      } catch (error) {
        if (signal.aborted) break;
        this.#lastError = messageOf(error);
        const isAway = error instanceof DtaError && error.code === 'unreachable';
        if (!isAway && !obtain.isRepeatable) throw error;
        // A refusal mends itself when an operator registers the workload, and not before.
        const mostMs = isAway ? longestWaitMs : longestRefusedWaitMs;
        // A clock that is wrong does not mend itself.
        const isSkewed = error instanceof DtaError && error.fields.skewMs !== undefined;
        log[isSkewed ? 'error' : 'warn'](
          { err: error, attempt },
          'cannot join yet, will try again',
        );
        await pause(alarm, backoffMs(attempt, 250, mostMs, random()), signal);
      }
    }
    return undefined;
  }

  #use(identity: HeldIdentity): void {
    const { keyDir, workload, onChange, log } = this.#options;
    this.#held = identity;
    this.#isOver = false;
    this.#lastError = undefined;
    onChange(identity);
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers();
    resolve();
    if (keyDir === undefined) return;
    try {
      keepIdentity(keyDir, workload, identity);
    } catch (error) {
      // A full disk costs the next start a token, not this one its service.
      log.error({ err: error }, 'the identity cannot be kept');
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const longestWaitMs = 4_000;
const longestRefusedWaitMs = 60_000;
