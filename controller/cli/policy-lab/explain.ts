/** Why a request gets its answer: the answer of the filter, and what each part of the rules says about the request. */
import type { BandName, ReasonName, VerdictName } from '../../audit/model.ts';
import { Band, Effect, Reason, reasonTexts } from '../../layout.ts';
import type { BundleTarget } from '../../policy/compile.ts';
import type { AccessPolicy, AccessRule, PolicySet } from '../../policy/policy-set.ts';
import { selectFor } from '../../policy/select.ts';
import { type AuditName, auditOf } from './audit-level.ts';
import { rulesForCaller } from './caller-rules.ts';
import { type ExplainedTest, explainTests } from './explain-tests.ts';
import { Laboratory, type Question } from './laboratory.ts';
import type { TruthName } from './probes.ts';
import { isSatisfied, type RuleAnswer, RuleProbes } from './rule-probes.ts';

/** What a rule says about the request. */
export interface ExplainedRule {
  /** `policy/rule`. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly effect: 'allow' | 'deny';
  readonly shadow: boolean;
  readonly from: boolean;
  readonly to: boolean;
  readonly when: TruthName;
  readonly applies: boolean;
  /** Of an allow rule whose `maxRisk` is below the band of the source. */
  readonly maxRisk?: BandName;
  /** Of `when`, and of the part that does not hold. */
  readonly tests: readonly ExplainedTest[];
}

/** The answer of the filter in words, and the rules that had to do with it. */
export interface Explanation {
  readonly verdict: VerdictName;
  /** Of the refusal; undefined when the request goes on. */
  readonly status: number | undefined;
  readonly reason: { readonly name: ReasonName; readonly code: string; readonly text: string };
  readonly band: BandName;
  /** The rule that decided. */
  readonly rule:
    | { readonly name: string; readonly file: string; readonly line: number }
    | undefined;
  readonly audit: AuditName;
  readonly clearance: readonly string[];
  readonly masks: { readonly request: boolean; readonly response: boolean };
  /** Rules that apply, and rules that do but for one part: the first RULES_SHOWN. */
  readonly rules: readonly ExplainedRule[];
  /** Rules of the destination that are not among them. */
  readonly otherRules: number;
}

/** Explains the answer to a question. `set` has to be free of errors. */
export function explain(
  module: WebAssembly.Module,
  set: PolicySet,
  target: BundleTarget,
  question: Question,
): Explanation {
  const laboratory = new Laboratory(module, set, target, question.request.timeMs);
  const { record, status } = laboratory.ask(question);
  const selected = selectFor(set, target);
  const all = selected.access.flatMap((policy) => policy.rules.map((rule) => ({ policy, rule })));
  const decided = all.find(({ policy, rule }) => nameOf(policy, rule) === record.rule);
  const near = nearRules(module, target, all, question, record.rule);
  const labels = selected.labels.filter(
    (_, bit) => ((record.clearance >> BigInt(bit)) & 1n) === 1n,
  );
  return {
    verdict: record.verdict,
    status,
    reason: {
      name: record.reason,
      code: reasonCode(record.reason),
      text: reasonTexts[record.reason],
    },
    band: record.band,
    rule: decided && placeOf(decided.policy, decided.rule),
    audit: auditOf(module, set, target, question),
    clearance: labels,
    masks: laboratory.masks(question),
    rules: near.map((one) => explainRule(module, target, one, question)),
    otherRules: all.length - near.length,
  };
}

/** As callers see it. */
export function reasonCode(reason: ReasonName): string {
  return `DTA${1000 + Reason[reason]}`;
}

interface PlacedRule {
  readonly policy: AccessPolicy;
  readonly rule: AccessRule;
}

interface NearRule extends PlacedRule {
  readonly answer: RuleAnswer;
  readonly rank: number;
}

// At most one part fails. Of very many rules only those for the caller are looked at.
function nearRules(
  module: WebAssembly.Module,
  target: BundleTarget,
  all: readonly PlacedRule[],
  question: Question,
  decided: string,
): NearRule[] {
  const asked = all.length <= RULES_ASKED ? all : forCaller(module, target, all, question);
  const answers = new RuleProbes(
    module,
    target,
    asked.map(({ rule }) => rule),
  ).ask(question);
  const near: NearRule[] = [];
  for (const [i, { policy, rule }] of asked.entries()) {
    const answer = answers[i] as RuleAnswer;
    const isDecisive = nameOf(policy, rule) === decided;
    const rank = rankOf(rule, answer, isDecisive);
    if (rank !== undefined) near.push({ policy, rule, answer, rank });
  }
  return near.sort((a, b) => a.rank - b.rank).slice(0, RULES_SHOWN);
}

function forCaller(
  module: WebAssembly.Module,
  target: BundleTarget,
  all: readonly PlacedRule[],
  question: Question,
): PlacedRule[] {
  const rules = all.map(({ rule }) => rule);
  const isForCaller = rulesForCaller(module, target, rules, question);
  return all.filter((_, i) => isForCaller[i]).slice(0, RULES_ASKED);
}

// What decided comes first, then what applies, then what fails in `when`, `to` or `from`.
function rankOf(rule: AccessRule, answer: RuleAnswer, isDecisive: boolean): number | undefined {
  const { from, to, when } = answer;
  const failing = [!isSatisfied(rule.effect, when), !to, !from];
  if (failing.filter(Boolean).length > 1) return undefined;
  return isDecisive ? 0 : failing.indexOf(true) + 2;
}

function explainRule(
  module: WebAssembly.Module,
  target: BundleTarget,
  { policy, rule, answer }: NearRule,
  question: Question,
): ExplainedRule {
  const { from, to, when, applies } = answer;
  const isAllow = rule.effect === Effect.Allow;
  const isTooRisky = isAllow && applies && question.request.band > rule.maxRisk;
  return {
    ...placeOf(policy, rule),
    effect: isAllow ? 'allow' : 'deny',
    shadow: policy.isShadow,
    from,
    to,
    when,
    applies,
    ...(isTooRisky ? { maxRisk: bandName(rule.maxRisk) } : {}),
    tests: explainTests(module, target, rule, answer, question),
  };
}

function placeOf(policy: AccessPolicy, rule: AccessRule) {
  const { file, line } = rule.origin;
  return { name: nameOf(policy, rule), file, line };
}

function nameOf(policy: AccessPolicy, rule: AccessRule): string {
  return `${policy.name}/${rule.name}`;
}

function bandName(band: Band): BandName {
  return Object.keys(Band)[band] as BandName;
}

/** More would hide what matters. */
const RULES_SHOWN = 50;
const RULES_ASKED = 5_000;
