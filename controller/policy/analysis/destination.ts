/** What a set says about one destination, as functions over a space that several sets can share. */
import { Audit, Effect } from '../../layout.ts';
import type { AccessPolicy, AccessRule } from '../policy-set.ts';
import type { Selected } from '../select.ts';
import type { Node } from './bdd.ts';
import type { Space } from './space.ts';
import { partsOf, type RuleParts } from './truth-of.ts';

/** A rule with the requests to which it applies, and those that it permits: where the band is low enough, too. */
export interface RuleFunctions {
  readonly policy: AccessPolicy;
  readonly rule: AccessRule;
  /** `policy/rule`, as decisions name it. */
  readonly name: string;
  readonly parts: RuleParts;
  readonly applies: Node;
  /** For allow rules. */
  readonly permits: Node;
}

/** What is decided. Shadow rules are in `rules` alone: they have no say. */
export interface DestinationFunctions {
  readonly rules: readonly RuleFunctions[];
  readonly allows: readonly RuleFunctions[];
  readonly denies: readonly RuleFunctions[];
  /** Where a deny rule applies. */
  readonly denied: Node;
  readonly allowed: Node;
  /** Where the request is allowed and may read the label. */
  readonly clearance: ReadonlyMap<string, Node>;
  /** Where the request is allowed and the record at least that strict. */
  readonly audited: ReadonlyMap<Audit, Node>;
}

export function functionsOf(selected: Selected, space: Space): DestinationFunctions {
  const { bdd } = space;
  const rules = selected.access.flatMap((policy) =>
    policy.rules.map((rule) => ruleFunctions(policy, rule, space)),
  );
  const enforced = rules.filter(({ policy }) => !policy.isShadow);
  const allows = enforced.filter(({ rule }) => rule.effect === Effect.Allow);
  const denies = enforced.filter(({ rule }) => rule.effect === Effect.Deny);
  const denied = bdd.any(denies.map(({ applies }) => applies));
  const allowed = bdd.minus(bdd.any(allows.map(({ permits }) => permits)), denied);
  const labels = [...new Set(allows.flatMap(({ rule }) => rule.clearance))].sort();
  const cleared = (label: string): Node => {
    const granting = allows.filter(({ rule }) => rule.clearance.includes(label));
    return bdd.and(bdd.any(granting.map(({ permits }) => permits)), allowed);
  };
  const audited = (audit: Audit): Node => {
    const asking = allows.filter(({ rule }) => rule.audit >= audit);
    return bdd.and(bdd.any(asking.map(({ applies }) => applies)), allowed);
  };
  return {
    rules,
    allows,
    denies,
    denied,
    allowed,
    clearance: new Map(labels.map((label) => [label, cleared(label)])),
    audited: new Map([Audit.Always, Audit.Synchronous].map((audit) => [audit, audited(audit)])),
  };
}

function ruleFunctions(policy: AccessPolicy, rule: AccessRule, space: Space): RuleFunctions {
  const { bdd } = space;
  const parts = partsOf(rule, space);
  const applies = bdd.all([parts.from, parts.to, parts.when]);
  const isAllow = rule.effect === Effect.Allow;
  const permits = isAllow ? bdd.and(applies, space.bandAtMost(rule.maxRisk)) : applies;
  return { policy, rule, name: `${policy.name}/${rule.name}`, parts, applies, permits };
}
