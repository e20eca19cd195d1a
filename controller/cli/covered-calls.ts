/** Which observed calls a policy set allows already, and which of its rules none of them needed. */
import { policyInvalid } from '../api/problem.ts';
import { Band, Direction, Effect } from '../layout.ts';
import { parsePolicySet } from '../policy/parse.ts';
import type { AccessRule, PolicySet } from '../policy/policy-set.ts';
import type { ObservedCall } from '../policy/suggest/observed-call.ts';
import type { PolicyFile } from '../policy/yaml-file.ts';
import { Laboratory, loadFilter } from './policy-lab/laboratory.ts';
import { filterPath } from './project-paths.ts';

/** A rule with its name, `policy/rule`. */
export interface UnusedRule {
  readonly name: string;
  readonly rule: AccessRule;
}

/** What a set makes of calls. */
export interface Coverage {
  readonly missing: readonly ObservedCall[];
  /** Enforced allow rules that allowed none of the calls. */
  readonly unused: readonly UnusedRule[];
}

/**
 * A call is covered when its record names an allow rule of the set, or when the filter allows it with the set. Records
 * hold no headers, labels or signals: what a rule asks of them counts as absent in the second case. Throws
 * `policyInvalid`.
 */
export async function coverCalls(
  files: readonly PolicyFile[],
  calls: readonly ObservedCall[],
): Promise<Coverage> {
  const { set, errors } = parsePolicySet(files);
  if (errors.length > 0) throw policyInvalid(errors);
  const rules = allowRules(set);
  const judge = await createJudge(set);
  const used = new Set<string>();
  const missing = calls.filter((call) => {
    const rule = rules.has(call.rule) ? call.rule : judge(call);
    if (rule !== undefined) used.add(rule);
    return rule === undefined;
  });
  const unused = [...rules].filter(([name]) => !used.has(name));
  return { missing, unused: unused.map(([name, rule]) => ({ name, rule })) };
}

function allowRules(set: PolicySet): Map<string, AccessRule> {
  const enforced = set.access.filter(({ isShadow }) => !isShadow);
  return new Map(
    enforced.flatMap((policy) =>
      policy.rules
        .filter(({ effect }) => effect === Effect.Allow)
        .map((rule): [string, AccessRule] => [`${policy.name}/${rule.name}`, rule]),
    ),
  );
}

/** Gives the rule that allows a call; the same question is asked once. */
async function createJudge(set: PolicySet): Promise<(call: ObservedCall) => string | undefined> {
  const module = await loadFilter(filterPath());
  const laboratories = new Map<string, Laboratory>();
  const answers = new Map<string, string | undefined>();
  return ({ source, destination, method, path, timeMs }) => {
    const place = `${destination.environment} ${destination.service}`;
    const target = { mesh: MESH, ...destination, direction: Direction.Inbound };
    const laboratory = laboratories.get(place) ?? new Laboratory(module, set, target, timeMs);
    laboratories.set(place, laboratory);
    const question = JSON.stringify([place, source, method, path]);
    if (answers.has(question)) return answers.get(question);
    const identity = { ...source, trustDomain: MESH, labels: {} };
    const request = {
      identity,
      method,
      path,
      query: '',
      headers: {},
      timeMs,
      signals: {},
      band: Band.Low,
    };
    const { record, status } = laboratory.ask({ request, restrictions: [] });
    answers.set(question, status === undefined ? record.rule : undefined);
    return answers.get(question);
  };
}

const MESH = 'suggest.invalid';
