/** The least that would have changed an answer: looked for in the rules, and believed only where the filter says so. */
import type { ReasonName } from '../../audit/model.ts';
import { reasonTexts } from '../../layout.ts';
import type { ConcreteRequest } from '../../policy/analysis/concrete-request.ts';
import { GaveUp } from '../../policy/analysis/effort.ts';
import { nearestChanges } from '../../policy/analysis/nearest-change.ts';
import type { BundleTarget } from '../../policy/compile.ts';
import { literalPathTemplate } from '../../policy/path-template.ts';
import type { PolicySet } from '../../policy/policy-set.ts';
import { Problem } from '../../policy/problem.ts';
import { type Change, changesBetween } from './changes.ts';
import { Laboratories } from './laboratories.ts';
import type { Question } from './laboratory.ts';
import { tryChanges } from './try-changes.ts';

/** Up to three ways of the same size to another answer, the one that an operator can take soonest first. */
export interface SmallestChange {
  readonly wanted: 'allowed' | 'denied';
  readonly alternatives: readonly (readonly Change[])[];
  /** True: no change of fewer parts would do. Else `note` says why that is not known. */
  readonly isSmallest: boolean;
  readonly note?: string;
}

/** Looks for what would have allowed a request that was denied, or denied one that was allowed. */
export function smallestChange(
  module: WebAssembly.Module,
  set: PolicySet,
  target: BundleTarget,
  question: Question,
  steps?: number,
): SmallestChange {
  const laboratories = new Laboratories(module, set, target);
  const { record, status } = laboratories.ask(question);
  const isWanted = status !== undefined;
  const wanted = isWanted ? 'allowed' : 'denied';
  const isConfirmed = (changed: Question): boolean => {
    const answer = laboratories.ask(changed);
    if (isWanted) return answer.status === undefined;
    // A request that nobody can read is denied as well, and tells nothing.
    const { reason } = answer.record;
    return answer.status !== undefined && (ofRules.includes(reason) || isRestriction(reason));
  };
  const toChanges = (found: readonly Question[]) =>
    found.map((changed) => changesBetween(question, changed));
  if (isRestriction(record.reason)) {
    const released = releases(question).filter(isConfirmed);
    const size = released[0]?.restrictions.length;
    const least = released.filter(({ restrictions }) => restrictions.length === size);
    if (least.length > 0) {
      const alternatives = toChanges(least.slice(0, ALTERNATIVES_MAX));
      return { wanted, alternatives, isSmallest: true };
    }
  } else if (isWanted && !ofRules.includes(record.reason)) {
    const note = `no rule was asked: ${reasonTexts[record.reason]}`;
    return { wanted, alternatives: [], isSmallest: false, note };
  }
  try {
    const found = exact(set, target, question, isWanted, isConfirmed, steps);
    return { wanted, alternatives: toChanges(found), isSmallest: true };
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error;
    const found = tryChanges(module, set, target, question, isConfirmed);
    const note = `the rules are too many or too tangled for the exact answer (${error.what}); changes of one and two parts were tried`;
    const alternatives = toChanges(found.slice(0, ALTERNATIVES_MAX));
    return { wanted, alternatives, isSmallest: false, note };
  }
}

// What the rules take for another answer; where restrictions stand in the way as well, they have to go, too.
function exact(
  set: PolicySet,
  { service, environment }: BundleTarget,
  question: Question,
  isAllowed: boolean,
  isConfirmed: (changed: Question) => boolean,
  steps?: number,
): Question[] {
  const { restrictions } = question;
  const request = normalised(question.request);
  const wanted = { service, environment, isAllowed, ...(steps === undefined ? {} : { steps }) };
  const found: Question[] = [];
  let best = 0;
  let tried = 0;
  for (const near of nearestChanges(set, request, wanted)) {
    if (found.length > 0 && near.size > best) break;
    if (++tried > TRIED_MAX) break;
    const path = near.request.path === request.path ? question.request.path : near.request.path;
    const changed = { ...near.request, path };
    const confirmed = [
      { request: changed, restrictions },
      { request: changed, restrictions: [] },
    ]
      .filter(({ restrictions: left }, i) => i === 0 || left.length < restrictions.length)
      .find(isConfirmed);
    if (confirmed === undefined) continue;
    best = near.size;
    found.push(confirmed);
    if (found.length === ALTERNATIVES_MAX) break;
  }
  return found;
}

// As rules match it, where that is another spelling.
function normalised(request: ConcreteRequest): ConcreteRequest {
  if (!request.path.includes('%')) return request;
  const template = literalPathTemplate(request.path, 'exact');
  if (template instanceof Problem) throw new GaveUp('the path is none that a rule can name');
  const segments = template.segments.map((one) => (one === 'any' ? '' : one.literal));
  return { ...request, path: `/${segments.join('/')}` };
}

// The question without one restriction, then without two, then without any, each once.
function releases({ request, restrictions }: Question): Question[] {
  const without = (...gone: number[]): Question => ({
    request,
    restrictions: restrictions.filter((_, i) => !gone.includes(i)),
  });
  const indexes = [...restrictions.keys()];
  const pairs = indexes.flatMap((i) => indexes.slice(i + 1).map((j) => without(i, j)));
  const none = restrictions.length > 2 ? [{ request, restrictions: [] }] : [];
  return [...indexes.map((i) => without(i)), ...pairs, ...none];
}

function isRestriction(reason: ReasonName): boolean {
  return ofRestrictions.includes(reason);
}

const ofRestrictions: readonly ReasonName[] = [
  'ReadOnly',
  'RateLimited',
  'CircuitOpen',
  'Isolated',
];
const ofRules: readonly ReasonName[] = ['NoRulePermits', 'DenyRule', 'RiskTooHigh'];
const ALTERNATIVES_MAX = 3;
const TRIED_MAX = 100;
