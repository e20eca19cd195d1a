/** Keeps the controller's own certificate good, whatever its clock does. */
import { X509Certificate } from 'node:crypto';

import { Backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Facade } from './facade.ts';
import type { ControllerCertificate } from './identity/controller-certificate.ts';
import type { Log } from './log.ts';
import { onTimer, type Schedule } from './risk/coalesce.ts';

/** What it needs. */
export interface OwnCertificateParts {
  /** Makes a new one. */
  readonly certify: () => Promise<ControllerCertificate>;
  /** Hands it to the servers. */
  readonly use: (own: ControllerCertificate) => void;
  readonly clock: Clock;
  readonly facade: Pick<Facade, 'degrade' | 'mend'>;
  readonly log: Log;
}

/** Makes it anew when it has to be; one after another, so that the last one made is the one in use. */
export class OwnCertificate {
  readonly #parts: OwnCertificateParts;
  readonly #schedule: Schedule;
  readonly #backoff = new Backoff();
  #own: ControllerCertificate;
  #turn: Promise<void> = Promise.resolve();
  #cancelRetry: (() => void) | undefined;
  #isMaking = false;
  #isClosed = false;

  /** `own` is the one in use. */
  constructor(
    own: ControllerCertificate,
    parts: OwnCertificateParts,
    schedule: Schedule = onTimer,
  ) {
    this.#own = own;
    this.#parts = parts;
    this.#schedule = schedule;
  }

  /**
   * Makes a new one when the one there is not valid now, because the clock was set, or more than half
   * of its life is over. To be called every few seconds.
   */
  async look(): Promise<void> {
    const isUnderWay = this.#isMaking || this.#cancelRetry !== undefined;
    if (!isUnderWay && !isFresh(this.#own, this.#parts.clock())) await this.renew();
  }

  /**
   * Makes a new one in any case, because the roots have changed. Never fails: it is tried again with
   * pauses of up to a minute.
   */
  renew(): Promise<void> {
    this.#isMaking = true;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#turn = this.#turn.then(() => this.#renew());
    return this.#turn;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRetry?.();
  }

  async #renew(): Promise<void> {
    const { certify, use, facade } = this.#parts;
    if (this.#isClosed) return;
    try {
      const own = await certify();
      use(own);
      this.#own = own;
      this.#backoff.reset();
      facade.mend(fault);
    } catch (err) {
      this.#fail(err);
    }
    this.#isMaking = false;
  }

  #fail(err: unknown): void {
    const { facade, log } = this.#parts;
    if (this.#isClosed) return;
    log.error({ err }, 'the certificate of the controller is not renewed, will try again');
    facade.degrade(
      fault,
      'the certificate of the controller is not renewed: agents and proxies will refuse it',
      'the log of the controller has the reason; the key of the authority may be out of reach',
    );
    this.#cancelRetry?.();
    this.#cancelRetry = this.#schedule(() => void this.renew(), this.#backoff.wait());
  }
}

function isFresh({ chainPem }: ControllerCertificate, nowMs: number): boolean {
  const { validFrom, validTo } = new X509Certificate(chainPem);
  const beginsAtMs = Date.parse(validFrom);
  return beginsAtMs <= nowMs && nowMs <= (beginsAtMs + Date.parse(validTo)) / 2;
}

const fault = 'certificate';
