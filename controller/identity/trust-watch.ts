/**
 * Tells agents of changes of the trust and of orders to renew while they wait, and knows what each
 * of them has and how its clock goes.
 */
import type { Clock } from '../clock.ts';
import type { Authority } from './authority.ts';
import type { TrustHolder } from './authority-desk.ts';
import type { RotationOrder } from './rotations.ts';
import type { IdentityService } from './service.ts';

/** What an agent says when it asks. */
export interface TrustReport {
  /** Of the trust that it has and serves; 0: it does not know. */
  readonly generation: number;
  /** Number of the last order that it heard of; 0: none. */
  readonly order: number;
  /** Its own clock, Unix milliseconds. */
  readonly clockMs: number;
}

/** What it is told. */
export interface TrustNews {
  readonly rootPem: string;
  readonly generation: number;
  /** Its certificate is to be renewed, by an order that it has not heard of. */
  readonly renewal: Pick<RotationOrder, 'number' | 'spreadMs' | 'reason'> | undefined;
}

/** A clock that goes wrong. */
export interface ClockSkew {
  readonly spiffeId: string;
  /** Positive: ahead of ours. */
  readonly skewMs: number;
}

/** Who waits, and what was heard of each. Orders and revocations wake whom they concern. */
export class TrustWatch {
  readonly #authority: Authority;
  readonly #identities: Pick<IdentityService, 'rotationDue'>;
  readonly #clock: Clock;
  /** What wakes somebody, and the SPIFFE ID. */
  readonly #waiting = new Map<() => void, string>();
  readonly #seen = new Map<string, TrustReport & { seenAtMs: number; skewMs: number }>();

  constructor(
    authority: Authority,
    identities: Pick<IdentityService, 'rotationDue' | 'rotations' | 'onRevoked'>,
    clock: Clock,
  ) {
    this.#authority = authority;
    this.#identities = identities;
    this.#clock = clock;
    identities.rotations.onOrdered(({ kind, name }) =>
      this.wake(kind === 'instance' ? [name] : undefined),
    );
    identities.onRevoked(({ instances }) => this.wake(instances));
  }

  /**
   * Answers when there is something to tell, at the latest after `longestWaitMs`, or when `signal`
   * is aborted. `certificateDer` is what the agent proved to own; `denied` when it is revoked.
   */
  async wait(
    spiffeId: string,
    certificateDer: Uint8Array,
    report: TrustReport,
    signal: AbortSignal,
  ): Promise<TrustNews> {
    this.#note(spiffeId, report);
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(longestWaitMs)]);
    for (;;) {
      // Entered before it looks: what comes meanwhile wakes it.
      const entry = this.#enter(spiffeId, deadline);
      try {
        const news = await this.#news(certificateDer, report.order);
        const isNew = news.renewal !== undefined || news.generation !== report.generation;
        if (isNew || deadline.aborted) return news;
        await entry.rung;
      } finally {
        entry.leave();
      }
      // One that is still there while it waits counts as connected.
      if (!signal.aborted) this.#note(spiffeId, report, 'again');
    }
  }

  /** Wakes everybody who waits, or those of the instances (UUIDs): something changed. */
  wake(instances?: readonly string[]): void {
    const concerned = instances && new Set(instances);
    for (const [ring, spiffeId] of this.#waiting) {
      if (!concerned || concerned.has(spiffeId.slice(spiffeId.lastIndexOf('/') + 1))) ring();
    }
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

  async #news(certificateDer: Uint8Array, heard: number): Promise<TrustNews> {
    const due = await this.#identities.rotationDue(certificateDer);
    const { rootPem, generation } = this.#authority;
    if (!due || due.number <= heard) return { rootPem, generation, renewal: undefined };
    const { number, spreadMs, reason } = due;
    return { rootPem, generation, renewal: { number, spreadMs, reason } };
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

  #enter(spiffeId: string, deadline: AbortSignal): { rung: Promise<void>; leave: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const ring = (): void => resolve();
    const leave = (): void => {
      this.#waiting.delete(ring);
      deadline.removeEventListener('abort', ring);
    };
    this.#waiting.set(ring, spiffeId);
    if (deadline.aborted) ring();
    else deadline.addEventListener('abort', ring);
    return { rung: promise, leave };
  }
}

/** Shorter than what agents wait for an answer. */
const longestWaitMs = 15_000;
/** An agent that waits is heard of every 15 seconds, and after a failure within 30. */
const connectedMs = 60_000;
/** Half of what certificates reach back would be too late to tell. */
const smallSkewMs = 60_000;
