/** Changes of a request that constants of its rules suggest, tried one by one and in pairs: where no diagram can be drawn. */
import type { ConcreteRequest } from '../../policy/analysis/concrete-request.ts';
import type { BundleTarget } from '../../policy/compile.ts';
import type { AccessRule, PolicySet } from '../../policy/policy-set.ts';
import { selectFor } from '../../policy/select.ts';
import { rulesForCaller } from './caller-rules.ts';
import type { Question } from './laboratory.ts';
import { type Edit, editsOf } from './suggested-edits.ts';

/** Questions that `isConfirmed` takes, all with the same number of changes: one if there are any, else two. */
export function tryChanges(
  module: WebAssembly.Module,
  set: PolicySet,
  target: BundleTarget,
  question: Question,
  isConfirmed: (changed: Question) => boolean,
): Question[] {
  const edits = editsFor(rulesNear(module, set, target, question), target, question.request);
  let left = ASKED_MAX;
  const holds = (request: ConcreteRequest): boolean =>
    left-- > 0 && isConfirmed({ ...question, request });
  const withEdits = (...applied: Edit[]): ConcreteRequest =>
    applied.reduce((request, edit) => edit.apply(request), question.request);
  const asQuestions = (requests: readonly ConcreteRequest[]) =>
    requests.map((request) => ({ ...question, request }));
  const singles = edits.map((edit) => withEdits(edit)).filter(holds);
  if (singles.length > 0) return asQuestions(singles);
  for (const [i, first] of edits.entries()) {
    const pairs = edits
      .slice(i + 1)
      .filter(({ part }) => part !== first.part)
      .map((second) => withEdits(first, second))
      .filter(holds);
    if (pairs.length > 0) return asQuestions(pairs);
    if (left <= 0) break;
  }
  return [];
}

// Rules for the caller first: they are the ones that a small change brings in.
function rulesNear(
  module: WebAssembly.Module,
  set: PolicySet,
  target: BundleTarget,
  question: Question,
): AccessRule[] {
  const rules = selectFor(set, target).access.flatMap((policy) => policy.rules);
  const isForCaller = rulesForCaller(module, target, rules, question);
  const own = rules.filter((_, i) => isForCaller[i]);
  return [...own, ...rules.filter((_, i) => !isForCaller[i])].slice(0, RULES_MAX);
}

function editsFor(
  rules: readonly AccessRule[],
  target: BundleTarget,
  request: ConcreteRequest,
): Edit[] {
  const seen = new Set([JSON.stringify(request)]);
  const edits: Edit[] = [];
  for (const edit of editsOf(rules, target, request)) {
    const key = JSON.stringify(edit.apply(request));
    if (seen.has(key)) continue;
    seen.add(key);
    edits.push(edit);
    if (edits.length === EDITS_MAX) break;
  }
  return edits.sort((a, b) => a.rank - b.rank);
}

const RULES_MAX = 500;
const EDITS_MAX = 2_000;
/** Requests that are asked: some seconds. */
const ASKED_MAX = 6_000;
