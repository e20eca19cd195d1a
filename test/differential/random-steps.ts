/** Random lives of one VM: requests between which the clock moves and states arrive. */
import fc from 'fast-check';

import { Band } from '../../controller/layout.ts';
import type { ServiceBand, SignalValue } from '../../controller/risk/encode-state.ts';
import { randomNowMs, randomTarget } from '../oracle/random-domain.ts';
import { type RandomRequest, randomRequest } from '../oracle/random-requests.ts';
import type { OracleRestriction } from '../oracle/restrictions.ts';
import { attributes, type Knowledge, subjectOf, subjectsOf } from './known-signals.ts';

/** A request, when it comes, and what the proxy was told before. */
export interface Step {
  readonly request: RandomRequest;
  readonly timeMs: number;
  /** Undefined: the state of the step before goes on. */
  readonly knowledge: Knowledge | undefined;
}

interface Draft {
  readonly request: RandomRequest;
  readonly change: 'state' | 'clock' | 'back' | 'none';
  readonly moveMs: number;
  /** What is the same as in the request before. */
  readonly repeats: (typeof repetitions)[number];
  readonly ages: readonly number[];
  readonly onInstance: readonly boolean[];
  readonly revoked: 'no' | 'digest' | 'instance';
  readonly restrictions: readonly RestrictionDraft[];
  /** Bands of the other services, in the order of `otherSubjects`. */
  readonly bands: readonly Band[];
}

/** A restriction of the source or of the destination of the request with which it arrives, or of somebody else. */
export interface RestrictionDraft extends Omit<OracleRestriction, 'subject' | 'untilMs'> {
  readonly about: 'source' | 'destination' | 'other';
  /** 0: until another state comes without it. */
  readonly lastsMs: number;
}

/** A life of up to `most` requests; `digestOf` gives the digest of a request's certificate. */
export function randomLife(
  most: number,
  digestOf: (request: RandomRequest) => Uint8Array,
): fc.Arbitrary<Step[]> {
  const drafts = fc.array(randomDraft(), { minLength: 1, maxLength: most, size: 'max' });
  // In half of the lives nothing but the requests changes: then the cache decides most.
  return fc.tuple(drafts, fc.boolean()).map(([all, isStill]) => {
    const moved = isStill ? all.map((draft) => ({ ...draft, change: 'none' as const })) : all;
    return toSteps(moved, digestOf);
  });
}

function randomDraft(): fc.Arbitrary<Draft> {
  const perSignal = Object.keys(attributes).length;
  return fc.record({
    request: randomRequest(['partner.test', 'partner.test', 'other.test']),
    change: fc.constantFrom('state', 'state', 'clock', 'clock', 'back', 'none'),
    moveMs: fc.constantFrom(
      ...[1, 3, 4, 8, 16, 999, 1000, 59_999, 60_000, 60_001, 300_000, 900_000, 3_600_000],
    ),
    repeats: fc.constantFrom(...repetitions),
    ages: fc.array(fc.constantFrom(0, 1000, 60_000, 600_000), {
      minLength: perSignal,
      maxLength: perSignal,
    }),
    onInstance: fc.array(fc.boolean(), { minLength: perSignal, maxLength: perSignal }),
    revoked: fc.oneof(
      { weight: 12, arbitrary: fc.constant('no' as const) },
      { weight: 1, arbitrary: fc.constantFrom('digest' as const, 'instance' as const) },
    ),
    bands: fc.array(fc.constantFrom(Band.Low, Band.Low, Band.Guarded, Band.High), {
      maxLength: otherSubjects.length,
    }),
    restrictions: fc.oneof(
      { weight: 2, arbitrary: fc.constant<RestrictionDraft[]>([]) },
      { weight: 1, arbitrary: fc.array(randomRestriction(), { minLength: 1, maxLength: 3 }) },
    ),
  });
}

/** A restriction about the source or the destination of a request, or about nobody. */
export function randomRestriction(): fc.Arbitrary<RestrictionDraft> {
  const draft = fc.record({
    about: fc.constantFrom('source', 'source', 'destination', 'destination', 'other'),
    side: fc.constantFrom('source', 'destination', 'as about'),
    verdict: fc.constantFrom(...verdicts),
    readOnly: fc.boolean(),
    noClearance: fc.boolean(),
    // Powers of two a millisecond, so that both sides count tokens exactly.
    ratePerSecond: fc.constantFrom(125, 250),
    burst: fc.integer({ min: 1, max: 3 }),
    isCapped: fc.boolean(),
    retryAfterSeconds: fc.constantFrom(1, 30),
    lastsMs: fc.constantFrom(0, 1, 8, 1000, 60_000),
  });
  return draft.map(({ isCapped, ...rest }) => {
    const { verdict, about } = rest;
    const ownSide = about === 'source' ? 'source' : 'destination';
    const isDegrade = verdict === 'Degrade';
    const hasRate = verdict === 'Throttle' || (isDegrade && isCapped);
    const waits = verdict === 'Throttle' || verdict === 'Break';
    return {
      ...rest,
      side: rest.side === 'as about' ? ownSide : rest.side,
      readOnly: isDegrade && rest.readOnly,
      noClearance: isDegrade && rest.noClearance,
      ratePerSecond: hasRate ? rest.ratePerSecond : 0,
      burst: hasRate ? rest.burst : 0,
      retryAfterSeconds: waits ? rest.retryAfterSeconds : 0,
    } as RestrictionDraft;
  });
}

function toSteps(
  drafts: readonly Draft[],
  digestOf: (request: RandomRequest) => Uint8Array,
): Step[] {
  const steps: Step[] = [];
  for (const draft of drafts) {
    const before = steps.at(-1);
    const request = before === undefined ? draft.request : toRequest(draft, before.request);
    if (before === undefined || draft.change === 'state') {
      const timeMs = request.timeMs;
      steps.push({ request, timeMs, knowledge: toKnowledge(draft, request, digestOf(request)) });
      continue;
    }
    const moves = { clock: draft.moveMs, back: -draft.moveMs, none: 0 };
    const timeMs = Math.max(randomNowMs, before.timeMs + moves[draft.change]);
    steps.push({ request, timeMs, knowledge: undefined });
  }
  return steps;
}

// The same request again but for one thing is what a cache gets wrong.
function toRequest({ request, repeats }: Draft, before: RandomRequest): RandomRequest {
  if (repeats === 'nothing') return request;
  return {
    ...request,
    identity: before.identity,
    host: repeats === 'all but host' ? request.host : before.host,
    method: repeats === 'all but method' ? request.method : before.method,
    path: repeats === 'all but path' ? request.path : before.path,
    headers: repeats === 'all but headers' ? request.headers : before.headers,
    query: repeats === 'all but query' ? request.query : before.query,
  };
}

function toKnowledge(draft: Draft, request: RandomRequest, digest: Uint8Array): Knowledge {
  const { identity } = request;
  const signals: SignalValue[] = [];
  for (const [i, signal] of signalsOf(request, draft.onInstance).entries()) {
    const maxAgeMs = draft.ages[i] ?? 0;
    signals.push({ ...signal, maxAgeMs });
    // A value of another sort under the other subject: the closer one counts while it is young.
    const subjects = [identity.instance, subjectOf(identity)];
    const other = subjects.find((candidate) => candidate !== signal.subject);
    if (other !== undefined && subjects.includes(signal.subject) && maxAgeMs === 1000) {
      signals.push({ ...signal, subject: other, value: 1, maxAgeMs: 60_000 });
    }
  }
  return {
    nowMs: request.timeMs,
    signals,
    bands: bandsOf(draft, request),
    revokedDigests: draft.revoked === 'digest' ? [digest] : [],
    revokedInstances: draft.revoked === 'instance' ? [identity.instance] : [],
    restrictions: draft.restrictions.map((one) => toRestriction(one, request)),
  };
}

// The worst band may stand there or be left out: that is the same.
function bandsOf(draft: Draft, request: RandomRequest): ServiceBand[] {
  const own = subjectOf(request.identity);
  const band = request.band as Band;
  const others = draft.bands.map((other, i) => ({ subject: otherSubjects[i] ?? '', band: other }));
  const isLeftOut = band === Band.Critical && draft.onInstance[0];
  const known = others.filter(({ subject }) => subject !== own);
  return isLeftOut ? known : [...known, { subject: own, band }];
}

/** The signals of a request, half a second old and for ever, under its instance where `onInstance` says so, in turn. */
export function signalsOf(
  request: RandomRequest,
  onInstance: readonly boolean[] = [],
): SignalValue[] {
  const observedAtMs = request.timeMs - 500;
  return Object.entries(attributes).flatMap(([name, attribute], i) => {
    const value = request.signals[name];
    const subjects = subjectsOf(name, request.identity);
    const subject = (onInstance[i] ? subjects[0] : subjects.at(-1)) ?? '';
    return value === undefined ? [] : [{ subject, attribute, value, observedAtMs, maxAgeMs: 0 }];
  });
}

/** The restriction as it stands in the state that arrives with a request. */
export function toRestriction(draft: RestrictionDraft, request: RandomRequest): OracleRestriction {
  const { about, lastsMs, ...rest } = draft;
  const subjects = {
    source: subjectOf(request.identity),
    destination: `${randomTarget.environment}/${randomTarget.service}`,
    other: `${randomTarget.environment}/nobody`,
  };
  const untilMs = lastsMs === 0 ? 0 : request.timeMs + lastsMs;
  return { ...rest, subject: subjects[about], untilMs };
}

const repetitions = [
  'nothing',
  'all',
  'all but host',
  'all but method',
  'all but path',
  'all but headers',
  'all but query',
] as const;
const otherSubjects = ['prod/checkout', 'test/checkout', 'prod/cart', 'prod/orders', 'prod/check'];
const verdicts = ['Degrade', 'Degrade', 'Throttle', 'Throttle', 'Break', 'Isolate'] as const;
