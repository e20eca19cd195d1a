/**
 * What rules that name no trust domain mean where callers of other domains are accepted (docs/federation.md, "What a rule
 * means"): a name or a label without a domain is one of our own mesh, so it never helps a stranger.
 */
import { Effect, IdentityAttribute, TestOp } from '../../layout.ts';
import type { Condition } from '../cel/condition.ts';
import { compareIdentityTests, type IdentityTest } from '../identity-test.ts';
import type { AccessPolicy, AccessRule, PolicySet, Selector } from '../policy-set.ts';

/** The policies with that meaning written out; `mesh` is our own trust domain. */
export function guardAgainstStrangers(
  policies: readonly AccessPolicy[],
  mesh: string,
): AccessPolicy[] {
  return policies.map((policy) => ({
    ...policy,
    rules: policy.rules.map((rule) =>
      rule.effect === Effect.Deny ? guardDeny(rule, mesh) : guardAllow(rule, mesh),
    ),
  }));
}

/** The same for a whole set: what tools say of its rules is then what bundles do. Done twice it changes nothing more. */
export function withStrangers(
  set: PolicySet,
  mesh: string,
  federatedDomains: readonly string[] = [],
): PolicySet {
  if (federatedDomains.length === 0) return set;
  return { ...set, access: guardAgainstStrangers(set.access, mesh) };
}

// Who is not named is not let in.
function guardAllow(rule: AccessRule, mesh: string): AccessRule {
  const own = testOfDomain(TestOp.Equal, mesh);
  const from =
    rule.from.length === 0
      ? [[own]]
      : rule.from.map((selector) => (namesDomain(selector) ? selector : joined(selector, own)));
  return { ...rule, from };
}

// What is excepted is excepted of our own mesh, in `from` as in `when`.
function guardDeny(rule: AccessRule, mesh: string): AccessRule {
  const from = rule.from.flatMap((selector) => withoutExceptions(selector, mesh));
  const isNamed = rule.from.length > 0 && rule.from.every(namesDomain);
  if (isNamed || rule.when === undefined) return { ...rule, from };
  return { ...rule, from, when: guardCondition(rule.when, mesh, false) };
}

function withoutExceptions(selector: Selector, mesh: string): Selector[] {
  if (namesDomain(selector)) return [selector];
  const kept = selector.filter(
    ({ op, attribute }) => !isNegative(op) || attribute === IdentityAttribute.Domain,
  );
  if (kept.length === selector.length) return [selector];
  const stranger = testOfDomain(TestOp.NotEqual, mesh);
  return [joined(selector, testOfDomain(TestOp.Equal, mesh)), joined(kept, stranger)];
}

// Where a test that holds makes the rule apply less often, it has to be one on a caller of ours.
function guardCondition(condition: Condition, mesh: string, isNegated: boolean): Condition {
  switch (condition.kind) {
    case 'not':
      return { ...condition, operand: guardCondition(condition.operand, mesh, !isNegated) };
    case 'and':
    case 'or': {
      const left = guardCondition(condition.left, mesh, isNegated);
      return { ...condition, left, right: guardCondition(condition.right, mesh, isNegated) };
    }
    case 'identity': {
      if (!isNegated || condition.test.attribute === IdentityAttribute.Domain) return condition;
      const own: Condition = { kind: 'identity', test: testOfDomain(TestOp.Equal, mesh) };
      return { kind: 'and', left: condition, right: own };
    }
    default:
      return condition;
  }
}

function namesDomain(selector: Selector): boolean {
  return selector.some(
    ({ attribute, op }) => attribute === IdentityAttribute.Domain && !isNegative(op),
  );
}

function joined(selector: Selector, test: IdentityTest): Selector {
  return [...selector, test].sort(compareIdentityTests);
}

function testOfDomain(op: TestOp, mesh: string): IdentityTest {
  return { attribute: IdentityAttribute.Domain, op, label: '', value: mesh };
}

function isNegative(op: TestOp): boolean {
  return negatives.has(op);
}

const negatives: ReadonlySet<TestOp> = new Set([
  TestOp.NotEqual,
  TestOp.NotPrefix,
  TestOp.NotSuffix,
  TestOp.NotSameAsDestination,
  TestOp.Absent,
]);
