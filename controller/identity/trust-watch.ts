/**
 * Tells agents of changes of the trust while they wait, and knows what each of them has and how its
 * clock goes.
 */
import { X509Certificate } from 'node:crypto';

import type { Clock } from '../clock.ts';
import type { Authority } from './authority.ts';
import type { TrustHolder } from './authority-desk.ts';

/** What an agent says when it asks. */
export interface TrustReport {
  /** Of the trust that it has and serves; 0: it does not know. */
  readonly generation: number;
  /** Its own clock, Unix milliseconds. */
  readonly clockMs: number;
}

/** What it is told. */
export interface TrustNews {
  readonly rootPem: string;
  readonly generation: number;
  /** Its certificate is of a tainted key: it is to renew now. */
  readonly renew: boolean;
}

/** A clock that goes wrong. */
export interface ClockSkew {
  readonly spiffeId: string;
  /** Positive: ahead of ours. */
  readonly skewMs: number;
}

/** Who waits, and what was heard of each. */
export class TrustWatch {
  readonly #authority: Authority;
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  readonly #seen = new Map<string, TrustReport & { seenAtMs: number; skewMs: number }>();

  constructor(authority: Authority, clock: Clock) {
    this.#authority = authority;
    this.#clock = clock;
  }

  /**
   * Answers when there is something to tell, at the latest after `longestWaitMs`, or when `signal`
   * is aborted. `certificateDer` is what the agent proved to own.
   */
  async wait(
    spiffeId: string,
    certificateDer: Uint8Array,
    report: TrustReport,
    signal: AbortSignal,
  ): Promise<TrustNews> {
    this.#note(spiffeId, report);
    const certificate = new X509Certificate(certificateDer);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(longestWaitMs)]);
    for (;;) {
      const news = this.#news(certificate);
      const isNew = news.renew || news.generation !== report.generation;
      if (isNew || deadline.aborted) return news;
      await this.#woken(deadline);
      // One that is still there while it waits counts as connected.
      if (!signal.aborted) this.#note(spiffeId, report, 'again');
    }
  }

  /** Wakes everybody who waits: something changed. */
  wake(): void {
    for (const ring of this.#waiting) ring();
  }

  /** Agents that were heard of within the last minute. */
  holders(): TrustHolder[] {
    this.#forget();
    return Array.from(this.#seen, ([who, { generation }]) => ({ who, what: 'agent', generation }));
  }

  /** Clocks that are off by more than a minute, of agents that were heard of within the last one. */
  skews(): ClockSkew[] {
    this.#forget();
    return Array.from(this.#seen, ([spiffeId, { skewMs }]) => ({ spiffeId, skewMs })).filter(
      ({ skewMs }) => Math.abs(skewMs) > smallSkewMs,
    );
  }

  #news(certificate: X509Certificate): TrustNews {
    const { rootPem, generation } = this.#authority;
    const renew = this.#authority.issuerOf(certificate)?.record.state === 'tainted';
    return { rootPem, generation, renew };
  }

  #note(spiffeId: string, report: TrustReport, again?: 'again'): void {
    const seenAtMs = this.#clock();
    const before = this.#seen.get(spiffeId);
    const skewMs = again ? (before?.skewMs ?? 0) : report.clockMs - seenAtMs;
    this.#seen.set(spiffeId, { ...report, seenAtMs, skewMs });
  }

  #forget(): void {
    const oldestMs = this.#clock() - connectedMs;
    for (const [spiffeId, { seenAtMs }] of this.#seen) {
      if (seenAtMs < oldestMs) this.#seen.delete(spiffeId);
    }
  }

  #woken(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const ring = (): void => {
        this.#waiting.delete(ring);
        deadline.removeEventListener('abort', ring);
        resolve();
      };
      this.#waiting.add(ring);
      deadline.addEventListener('abort', ring);
    });
  }
}

/** Shorter than what agents wait for an answer. */
const longestWaitMs = 15_000;
/** An agent that waits is heard of every 15 seconds, and after a failure within 30. */
const connectedMs = 60_000;
/** Half of what certificates reach back would be too late to tell. */
const smallSkewMs = 60_000;
