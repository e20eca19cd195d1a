/** What restrictions take from a call, read one by one. */
import type { OracleIdentity } from './request.ts';

/** A restriction as an operator orders it. `side`: whose calls; `untilMs` 0: until it is released; a rate of 0: none. */
export interface OracleRestriction {
  readonly subject: string;
  readonly side: 'source' | 'destination';
  readonly verdict: 'Degrade' | 'Throttle' | 'Break' | 'Isolate';
  readonly readOnly: boolean;
  readonly noClearance: boolean;
  readonly ratePerSecond: number;
  readonly burst: number;
  readonly retryAfterSeconds: number;
  readonly untilMs: number;
}

/** What the restrictions that count add up to. `rate` undefined: as many as they like. */
export interface Restraint {
  readonly verdict: OracleRestriction['verdict'] | 'Allow';
  readonly isReadOnly: boolean;
  readonly takesClearance: boolean;
  readonly rate: { readonly perSecond: number; readonly burst: number } | undefined;
  readonly retryAfterSeconds: number;
}

/** Adds up the restrictions on calls of a source to a destination at a moment. */
export function restraintOn(
  restrictions: readonly OracleRestriction[],
  source: OracleIdentity,
  target: { readonly mesh: string; readonly environment: string; readonly service: string },
  timeMs: number,
): Restraint {
  const service = `${source.environment}/${source.service}`;
  const subjects = {
    source: source.trustDomain === target.mesh ? service : `${source.trustDomain}/${service}`,
    destination: `${target.environment}/${target.service}`,
  };
  const counting = restrictions.filter(
    ({ subject, side, untilMs }) =>
      subject === subjects[side] && (untilMs === 0 || timeMs < untilMs),
  );
  const rates = counting.filter(({ ratePerSecond }) => ratePerSecond > 0);
  rates.sort((a, b) => a.ratePerSecond - b.ratePerSecond || a.burst - b.burst);
  const [least] = rates;
  const verdicts = counting.map(({ verdict }) => severity.indexOf(verdict));
  return {
    verdict: severity[Math.max(0, ...verdicts)] ?? 'Allow',
    isReadOnly: counting.some((one) => one.readOnly),
    takesClearance: counting.some((one) => one.noClearance),
    rate: least && { perSecond: least.ratePerSecond, burst: least.burst },
    retryAfterSeconds: Math.max(0, ...counting.map((one) => one.retryAfterSeconds)),
  };
}

/** Token buckets of one worker, one for each instance of a source; a new one is full. */
export class NaiveBuckets {
  readonly #buckets = new Map<string, { tokens: number; timeMs: number }>();
  readonly #workers: number;

  constructor(workers: number) {
    this.#workers = workers;
  }

  /** Takes a token; false when there is none. */
  take(instance: string, rate: NonNullable<Restraint['rate']>, timeMs: number): boolean {
    const bucket = this.#buckets.get(instance) ?? { tokens: rate.burst, timeMs };
    const gained = (Math.max(0, timeMs - bucket.timeMs) * rate.perSecond) / this.#workers / 1000;
    const tokens = Math.min(rate.burst, bucket.tokens + gained);
    const isTaken = tokens >= 1;
    this.#buckets.set(instance, { tokens: isTaken ? tokens - 1 : tokens, timeMs });
    return isTaken;
  }
}

const severity = ['Allow', 'Degrade', 'Throttle', 'Break', 'Isolate'] as const;
