/** The naive answer to one step of a life: what comes before the rules, the rules, and what restrictions take away. */
import { isHostAmbiguous, isQueryAmbiguous } from '../oracle/classified.ts';
import { decide, type OracleDecision } from '../oracle/decide.ts';
import { randomNowMs, randomTarget } from '../oracle/random-domain.ts';
import type { OracleRequest, RawDocument } from '../oracle/request.ts';
import { type NaiveBuckets, type Restraint, restraintOn } from '../oracle/restrictions.ts';
import { HARD_LIFETIME_MS, type Knowledge, knownBand, knownSignals } from './known-signals.ts';
import { digestOf, type Reply } from './life.ts';
import type { Step } from './random-steps.ts';

/** What a caller, the audit record and the counters have to say about a request. */
export interface Answer extends Reply {
  readonly verdict: string;
  readonly rule: string;
  readonly clearance: readonly string[];
  readonly band: number;
  /** Shadow rules would have decided otherwise. */
  readonly differs: boolean;
  readonly audit: OracleDecision['audit'];
}

/** What stays the same through a life. */
export interface Circumstances {
  readonly set: readonly RawDocument[];
  /** Foreign trust domains whose callers are heard. */
  readonly federated: readonly string[];
  readonly buckets: NaiveBuckets;
  readonly trace: NonNullable<OracleRequest['trace']>;
}

/** Answers one step. */
export function judge(life: Circumstances, step: Step, knowledge: Knowledge): Answer {
  const { request, timeMs } = step;
  const { identity } = request;
  const early = reasonBefore(step, knowledge, life.federated);
  if (early !== '') return refusal(early, 'Deny');
  const restraint = restraintOn(knowledge.restrictions, identity, randomTarget, timeMs);
  if (restraint.verdict === 'Isolate') return refusal('DTA1025', 'Isolate');
  // Longer paths are not matched at all; they are refused rather than let past a deny rule.
  if (request.path.split('/').length > 65) return refusal('DTA1021', 'Deny');
  const asked: OracleRequest = {
    ...request,
    set: life.set,
    target: randomTarget,
    trace: life.trace,
    timeMs,
    signals: knownSignals(knowledge, identity, timeMs),
    band: knownBand(knowledge, identity),
  };
  if (isHostAmbiguous(asked)) return refusal('DTA1027', 'Deny');
  if (isQueryAmbiguous(asked)) return refusal('DTA1026', 'Deny');
  return byRules(decide(asked), asked, restraint, life.buckets);
}

function reasonBefore(
  { request, timeMs }: Step,
  knowledge: Knowledge,
  federated: readonly string[],
): string {
  if (timeMs >= randomNowMs + 7 * 86_400_000) return 'DTA1003';
  if (timeMs >= knowledge.nowMs + HARD_LIFETIME_MS) return 'DTA1004';
  if (![randomTarget.mesh, ...federated].includes(request.identity.trustDomain)) return 'DTA1007';
  const hash = Buffer.from(digestOf(request));
  const isRevoked =
    knowledge.revokedDigests.some((digest) => hash.equals(digest)) ||
    knowledge.revokedInstances.includes(request.identity.instance);
  return isRevoked ? 'DTA1008' : '';
}

function refusal(code: string, verdict: string): Answer {
  return {
    code,
    verdict,
    retryAfter: '',
    rule: '',
    clearance: [],
    band: 3,
    differs: false,
    audit: 'always',
  };
}

function byRules(
  decision: OracleDecision,
  asked: OracleRequest,
  restraint: Restraint,
  buckets: NaiveBuckets,
): Answer {
  const { denying, applyingAllow, verdict } = decision;
  const isAllowed = verdict === 'allow';
  const tooRisky = denying.length === 0 && !isAllowed ? applyingAllow[0] : undefined;
  const denied = tooRisky === undefined ? 'DTA1011' : 'DTA1013';
  const code = denying.length > 0 ? 'DTA1012' : denied;
  const taken = isAllowed ? takenBy(restraint, asked, buckets) : code;
  // The rates of random sets give a token well within a second.
  const waits = taken === 'DTA1023' || taken === 'DTA1024';
  return {
    code: taken,
    verdict: isAllowed ? restraint.verdict : 'Deny',
    retryAfter: waits ? String(Math.max(1, restraint.retryAfterSeconds)) : '',
    rule: decision.rule ?? tooRisky ?? '',
    clearance: taken === '' && !restraint.takesClearance ? decision.clearance : [],
    band: asked.band,
    differs: decision.ifEnforced !== verdict,
    audit: taken === '' ? decision.audit : 'always',
  };
}

// The code of the restriction that stops a permitted request; empty: none does.
function takenBy(restraint: Restraint, asked: OracleRequest, buckets: NaiveBuckets): string {
  if (restraint.verdict === 'Break') return 'DTA1024';
  if (restraint.isReadOnly && !['GET', 'HEAD', 'OPTIONS'].includes(asked.method)) return 'DTA1022';
  const { rate } = restraint;
  if (rate === undefined || buckets.take(asked.identity.instance, rate, asked.timeMs)) return '';
  return 'DTA1023';
}
