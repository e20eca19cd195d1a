/** What each part of rules says about a request, as the filter reads it. */
import { Effect } from '../../layout.ts';
import type { Condition } from '../../policy/cel/condition.ts';
import type { BundleTarget } from '../../policy/compile.ts';
import type { AccessRule, RequestMatch } from '../../policy/policy-set.ts';
import type { Question } from './laboratory.ts';
import { type Probe, Probes, type TruthName } from './probes.ts';

/** The parts of a rule for one request; a part that is not there holds. */
export interface RuleAnswer {
  readonly from: boolean;
  readonly to: boolean;
  readonly when: TruthName;
  /** Unknown counts as false in an allow rule and as true in a deny rule. */
  readonly applies: boolean;
}

/** Rules of one destination; labels in their conditions have to be resolved (`selectFor`). */
export class RuleProbes {
  readonly #rules: readonly AccessRule[];
  readonly #probes: Probes;

  constructor(module: WebAssembly.Module, target: BundleTarget, rules: readonly AccessRule[]) {
    this.#rules = rules;
    this.#probes = new Probes(module, target, rules.flatMap(probesOf));
  }

  /** In the order of the rules. */
  ask(question: Question): RuleAnswer[] {
    const holding = this.#probes.holding(question);
    let at = 0;
    return this.#rules.map((rule) => {
      const end = at + probesOf(rule).length;
      const answer = answerOf(rule, holding.slice(at, end));
      at = end;
      return answer;
    });
  }
}

/** Whether a condition lets its rule apply. */
export function isSatisfied(effect: Effect, when: TruthName): boolean {
  return effect === Effect.Allow ? when === 'true' : when !== 'false';
}

// `from`, `when`, its negation, `to`; a deny rule's entries of `to` with what they also ask for negated, one by one.
function probesOf(rule: AccessRule): Probe[] {
  const { effect, from, to, when } = rule;
  const entries = effect === Effect.Allow ? [{ to }] : to.flatMap(partsOfEntry);
  return [{ from }, ...(when === undefined ? [] : [{ when }, { when: not(when) }]), ...entries];
}

function partsOfEntry({ also, ...match }: RequestMatch): Probe[] {
  const plain = { to: [{ ...match, also: undefined }] };
  return also === undefined ? [plain] : [plain, { when: not(also) }];
}

function answerOf(rule: AccessRule, holding: readonly boolean[]): RuleAnswer {
  const [from = false, isTrue = false, isFalse = false] = holding;
  const hasWhen = rule.when !== undefined;
  const when = !hasWhen || isTrue ? 'true' : isFalse ? 'false' : 'unknown';
  const to = isRequest(rule, holding.slice(hasWhen ? 3 : 1));
  return { from, to, when, applies: from && to && isSatisfied(rule.effect, when) };
}

function isRequest({ effect, to }: AccessRule, holding: readonly boolean[]): boolean {
  if (effect === Effect.Allow) return holding[0] ?? false;
  let at = 0;
  let isOne = to.length === 0;
  for (const { also } of to) {
    const isPlain = holding[at++] ?? false;
    const isRefuted = also === undefined ? false : (holding[at++] ?? false);
    if (isPlain && !isRefuted) isOne = true;
  }
  return isOne;
}

function not(operand: Condition): Condition {
  return { kind: 'not', operand };
}
