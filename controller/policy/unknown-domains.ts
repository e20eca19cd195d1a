/** Rules about callers of trust domains that are neither ours nor federated: such callers are refused before any rule. */
import { IdentityAttribute, TestOp } from '../layout.ts';
import { visitLeaves } from './cel/visit-condition.ts';
import type { IdentityTest } from './identity-test.ts';
import type { PolicyError } from './policy-error.ts';
import { compareErrors } from './policy-error.ts';
import type { AccessRule, PolicySet } from './policy-set.ts';

/** A warning for each rule and domain; `known` are all domains whose workloads can call. */
export function findUnknownDomains(set: PolicySet, known: readonly string[]): PolicyError[] {
  const warnings = set.access.flatMap(({ rules }) => rules).flatMap((rule) => ofRule(rule, known));
  return warnings.sort(compareErrors);
}

function ofRule(rule: AccessRule, known: readonly string[]): PolicyError[] {
  const tests = rule.from.flat();
  if (rule.when !== undefined) {
    visitLeaves(rule.when, (leaf) => {
      if (leaf.kind === 'identity') tests.push(leaf.test);
    });
  }
  const strange = new Set(
    tests.flatMap((test) => {
      const matches = matcherOf(test);
      return matches === undefined || known.some(matches) ? [] : [shown(test)];
    }),
  );
  return [...strange].map((domain) => ({
    ...rule.origin,
    message: `rule \`${rule.name}\` names trust domain \`${domain}\`, whose workloads cannot call`,
    help: `federate it with \`dta federation add\`, or name one of: ${known.join(', ')}`,
  }));
}

// Only what says that a caller is of a domain: what says that it is not holds for others too.
function matcherOf({
  attribute,
  op,
  value,
}: IdentityTest): ((domain: string) => boolean) | undefined {
  if (attribute !== IdentityAttribute.Domain) return undefined;
  if (op === TestOp.Equal) return (domain) => domain === value;
  if (op === TestOp.Prefix) return (domain) => domain.startsWith(value);
  if (op === TestOp.Suffix) return (domain) => domain.endsWith(value);
  return undefined;
}

function shown({ op, value }: IdentityTest): string {
  if (op === TestOp.Prefix) return `${value}*`;
  return op === TestOp.Suffix ? `*${value}` : value;
}
