/** Random lives of one VM: requests between which the clock moves and states arrive. */
import fc from 'fast-check';

import { Band } from '../../controller/layout.ts';
import type { SignalValue } from '../../controller/risk/encode-state.ts';
import { type RandomRequest, randomNowMs, randomRequest } from '../oracle/random-policies.ts';
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
  readonly repeats: 'nothing' | 'all' | 'all but host' | 'all but method' | 'all but path';
  readonly ages: readonly number[];
  readonly onInstance: readonly boolean[];
  readonly revoked: 'no' | 'digest' | 'instance';
}

/** A life of `count` requests; `digestOf` gives the digest of a request's certificate. */
export function randomLife(
  count: number,
  digestOf: (request: RandomRequest) => Uint8Array,
): fc.Arbitrary<Step[]> {
  const drafts = fc.array(randomDraft(), { minLength: count, maxLength: count });
  // In half of the lives nothing but the requests changes: then the cache decides most.
  return fc.tuple(drafts, fc.boolean()).map(([all, isStill]) => {
    const moved = isStill ? all.map((draft) => ({ ...draft, change: 'none' as const })) : all;
    return toSteps(moved, digestOf);
  });
}

function randomDraft(): fc.Arbitrary<Draft> {
  const perSignal = Object.keys(attributes).length;
  return fc.record({
    request: randomRequest(),
    change: fc.constantFrom('state', 'state', 'clock', 'clock', 'back', 'none'),
    moveMs: fc.constantFrom(1, 999, 1000, 59_999, 60_000, 60_001, 300_000, 900_000, 3_600_000),
    repeats: fc.constantFrom('nothing', 'all', 'all but host', 'all but method', 'all but path'),
    ages: fc.array(fc.constantFrom(0, 1000, 60_000, 600_000), {
      minLength: perSignal,
      maxLength: perSignal,
    }),
    onInstance: fc.array(fc.boolean(), { minLength: perSignal, maxLength: perSignal }),
    revoked: fc.oneof(
      { weight: 12, arbitrary: fc.constant('no' as const) },
      { weight: 1, arbitrary: fc.constantFrom('digest' as const, 'instance' as const) },
    ),
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
  };
}

function toKnowledge(draft: Draft, request: RandomRequest, digest: Uint8Array): Knowledge {
  const { identity } = request;
  const observedAtMs = request.timeMs - 500;
  const signals: SignalValue[] = [];
  for (const [i, [name, attribute]] of Object.entries(attributes).entries()) {
    const value = request.signals[name];
    const maxAgeMs = draft.ages[i] ?? 0;
    const subjects = subjectsOf(name, identity);
    const subject = (draft.onInstance[i] ? subjects[0] : subjects.at(-1)) ?? '';
    if (value !== undefined) signals.push({ subject, attribute, value, observedAtMs, maxAgeMs });
    // A value of another sort under the other subject: the closer one counts while it is young.
    const other = subjects.find((candidate) => candidate !== subject);
    if (other !== undefined && maxAgeMs === 1000) {
      signals.push({ subject: other, attribute, value: 1, observedAtMs, maxAgeMs: 60_000 });
    }
  }
  const band = request.band as Band;
  return {
    nowMs: request.timeMs,
    signals,
    bands:
      band === Band.Critical && draft.onInstance[0] ? [] : [{ subject: subjectOf(identity), band }],
    revokedDigests: draft.revoked === 'digest' ? [digest] : [],
    revokedInstances: draft.revoked === 'instance' ? [identity.instance] : [],
  };
}
