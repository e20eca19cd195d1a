/** Rules that repeat another one word by word: found without an analysis. */
import { Effect } from '../../layout.ts';
import type { AccessPolicy, AccessRule } from '../policy-set.ts';
import type { Selected } from '../select.ts';

/** An enforced rule, and the earlier one that says the same. */
export interface CopiedRule {
  readonly rule: AccessRule;
  readonly original: string;
}

/** Rules that differ from an earlier rule of the destination in nothing but name and place. */
export function copiedRules({ access }: Selected): CopiedRule[] {
  const first = new Map<string, string>();
  const copies: CopiedRule[] = [];
  for (const policy of access.filter(({ isShadow }) => !isShadow)) {
    for (const rule of policy.rules) {
      const text = ruleText(rule);
      const original = first.get(text);
      if (original === undefined) first.set(text, nameOf(policy, rule));
      else if (rule.effect === Effect.Allow) copies.push({ rule, original });
    }
  }
  return copies;
}

/** What a rule says, without its name and place: equal texts mean the same. */
export function ruleText({
  effect,
  from,
  to,
  when,
  maxRisk,
  clearance,
  audit,
}: AccessRule): string {
  return JSON.stringify([effect, from, to, when ?? null, maxRisk, [...clearance].sort(), audit]);
}

function nameOf(policy: AccessPolicy, rule: AccessRule): string {
  return `${policy.name}/${rule.name}`;
}
