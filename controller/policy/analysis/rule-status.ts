/** What each rule of a destination is good for. */
import { Audit } from '../../layout.ts';
import { FALSE, type Node } from './bdd.ts';
import type { DestinationFunctions, RuleFunctions } from './destination.ts';
import type { FindingKind } from './finding.ts';
import type { Space } from './space.ts';

/** Why a rule is of no use here; `because` says it in words, `others` are the rules that make it so. */
export interface Useless {
  readonly kind: Extract<FindingKind, 'dead' | 'contradiction' | 'hidden' | 'redundant'>;
  readonly because: string;
  readonly others: readonly RuleFunctions[];
}

/**
 * The rules that change nothing, now or with any other signals. All of them together change nothing either: of two
 * rules that say the same only the later one is listed.
 */
export function uselessRules(
  functions: DestinationFunctions,
  space: Space,
): Map<RuleFunctions, Useless> {
  const found = new Map<RuleFunctions, Useless>();
  for (const rule of functions.rules) {
    if (rule.applies === FALSE) found.set(rule, whyDead(rule, space));
  }
  for (const rule of functions.allows) {
    if (found.has(rule) || space.bdd.minus(rule.applies, functions.denied) !== FALSE) continue;
    const others = coverOf(rule.applies, functions.denies, ({ applies }) => applies, space);
    found.set(rule, { kind: 'hidden', because: '', others });
  }
  for (const [rule, others] of redundantRules(functions, found, space)) {
    found.set(rule, { kind: 'redundant', because: '', others });
  }
  return found;
}

function whyDead({ rule, parts }: RuleFunctions, space: Space): Useless {
  const { bdd } = space;
  const dead = (because: string): Useless => ({ kind: 'dead', because, others: [] });
  if (parts.when === FALSE) {
    const because = 'its condition can never hold from now on';
    return { kind: 'contradiction', because, others: [] };
  }
  if (parts.from === FALSE) return dead('no caller can be what `from` says');
  if (parts.to === FALSE) return dead('no request can be what `to` says');
  if (rule.when !== undefined && bdd.and(parts.to, parts.when) === FALSE) {
    return dead('no request of `to` can meet its condition');
  }
  if (rule.when !== undefined && bdd.and(parts.from, parts.when) === FALSE) {
    return dead('no caller of `from` can meet its condition');
  }
  return dead('no request can meet `from`, `to` and its condition together');
}

/** What rules grant, each kind for itself: the request, each label, and the stricter records. */
interface Grant {
  readonly where: (rule: RuleFunctions) => Node;
  /** What counts: grants elsewhere are taken back by a deny. */
  readonly within: Node;
  readonly rules: RuleFunctions[];
  /** United grants of the rules before each one, and of the rules behind it that stay. */
  readonly before: Map<RuleFunctions, Node>;
  behind: Node;
}

function redundantRules(
  functions: DestinationFunctions,
  useless: ReadonlyMap<RuleFunctions, Useless>,
  space: Space,
): Map<RuleFunctions, readonly RuleFunctions[]> {
  const { bdd } = space;
  const candidates = functions.allows.filter((rule) => !useless.has(rule));
  const grants = grantsOf(candidates, functions, space);
  const found = new Map<RuleFunctions, readonly RuleFunctions[]>();
  for (const rule of [...candidates].reverse()) {
    const own = grants.filter(({ before }) => before.has(rule));
    const isCovered = own.every((grant) => {
      const first = bdd.and(grant.where(rule), grant.within);
      const rest = bdd.minus(first, grant.before.get(rule) ?? FALSE);
      return bdd.minus(rest, grant.behind) === FALSE;
    });
    if (isCovered) found.set(rule, []);
    else for (const grant of own) grant.behind = bdd.or(grant.behind, grant.where(rule));
  }
  for (const rule of found.keys()) {
    const kept = candidates.filter((other) => !found.has(other));
    const others = grants
      .filter(({ before }) => before.has(rule))
      .flatMap(({ where, within, rules }) => {
        const fitting = kept.filter((other) => rules.includes(other));
        return coverOf(bdd.and(where(rule), within), fitting, where, space);
      });
    found.set(rule, [...new Set(others)]);
  }
  return found;
}

function grantsOf(
  candidates: readonly RuleFunctions[],
  { allowed, clearance }: DestinationFunctions,
  space: Space,
): Grant[] {
  const grant = (where: Grant['where'], grants: (rule: RuleFunctions) => boolean): Grant => {
    const rules = candidates.filter(grants);
    const before = new Map<RuleFunctions, Node>();
    let united: Node = FALSE;
    for (const rule of rules) {
      before.set(rule, united);
      united = space.bdd.or(united, where(rule));
    }
    return { where, within: allowed, rules, before, behind: FALSE };
  };
  const permits = ({ permits }: RuleFunctions): Node => permits;
  const applies = ({ applies }: RuleFunctions): Node => applies;
  return [
    grant(permits, () => true),
    ...[...clearance.keys()].map((label) =>
      grant(permits, ({ rule }) => rule.clearance.includes(label)),
    ),
    ...[Audit.Always, Audit.Synchronous].map((audit) =>
      grant(applies, ({ rule }) => rule.audit >= audit),
    ),
  ];
}

/** A few of the rules that together cover a function, the first ones that do. */
export function coverOf(
  wanted: Node,
  rules: readonly RuleFunctions[],
  where: (rule: RuleFunctions) => Node,
  space: Space,
): RuleFunctions[] {
  const { bdd } = space;
  const whole = rules.find((rule) => bdd.minus(wanted, where(rule)) === FALSE);
  if (whole !== undefined) return [whole];
  const cover: RuleFunctions[] = [];
  let left = wanted;
  for (const rule of rules) {
    if (left === FALSE) break;
    const rest = bdd.minus(left, where(rule));
    if (rest === left) continue;
    left = rest;
    cover.push(rule);
  }
  return cover;
}
