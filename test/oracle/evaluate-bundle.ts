/** Decides requests from a compiled bundle through its indexes, so that tests can check the compiler without the filter. */
import { Effect, IdentityAttribute, MethodBit, NONE, TestOp } from '../../controller/layout.ts';
import { entries, list, lookUp, matchingPatterns, row } from './bundle-tables.ts';
import type { RandomRequest } from './random-requests.ts';
import { type SectionsFile, stringAt } from './read-sections.ts';
import type { OracleIdentity } from './request.ts';
import { type Facts, matchesHosts, runProgram } from './run-program.ts';

/** Names of the rules of a bundle that apply, in its order. */
export function applyingRules(bundle: SectionsFile, request: RandomRequest): string[] {
  const bySource = sourceCandidates(bundle, request.identity);
  const patterns = matchingPatterns(bundle, request.path);
  const byPath = new Set(list(bundle, bundle.header, 'anyPath'));
  for (const pattern of patterns) {
    for (const rule of list(bundle, row(bundle, 'PathPatterns', pattern), 'rule')) byPath.add(rule);
  }
  const testHolds = (index: number): boolean => identityTestHolds(bundle, index, request.identity);
  const facts = { request, patterns, testHolds };
  return (bundle.records.Rules ?? []).flatMap((rule, index) => {
    if (!bySource.has(index) || !byPath.has(index)) return [];
    const selectors = list(bundle, rule, 'selector');
    const routes = list(bundle, rule, 'route');
    // Unknown counts as true for a deny.
    const isDeny = row(bundle, 'Outcomes', Number(rule.outcome)).effect === Effect.Deny;
    const holds = (program: unknown): boolean =>
      program === NONE || (runProgram(bundle, Number(program), facts) ?? isDeny);
    const isSource =
      selectors.length === 0 || selectors.some((s) => selectorHolds(bundle, s, request.identity));
    const isRequest =
      routes.length === 0 || routes.some((r) => routeHolds(bundle, r, facts, holds));
    return isSource && isRequest && holds(rule.program) ? [String(rule.name)] : [];
  });
}

function sourceCandidates(bundle: SectionsFile, identity: OracleIdentity): Set<number> {
  const rules = new Set(list(bundle, bundle.header, 'anySource'));
  const named = lookUp(bundle, ['ServiceSlots', 'Services'], identity.service)
    .filter(({ fields }) => fields.key === identity.service)
    .flatMap(({ fields }) => list(bundle, fields, 'list'));
  for (const selector of [...list(bundle, bundle.header, 'residual'), ...named]) {
    if (!selectorHolds(bundle, selector, identity)) continue;
    for (const rule of list(bundle, row(bundle, 'Selectors', selector), 'rule')) rules.add(rule);
  }
  return rules;
}

function selectorHolds(bundle: SectionsFile, index: number, identity: OracleIdentity): boolean {
  const tests = list(bundle, row(bundle, 'Selectors', index), 'test');
  return tests.every((test) => identityTestHolds(bundle, test, identity));
}

function identityTestHolds(bundle: SectionsFile, index: number, identity: OracleIdentity): boolean {
  const test = row(bundle, 'IdentityTests', index);
  const label = stringAt(bundle, Number(test.label), Number(test.labelLen));
  const value = attributeOf(identity, Number(test.attribute), label);
  const operand = String(test.value);
  const isLike: Readonly<Record<number, () => boolean>> = {
    [TestOp.Equal]: () => value === operand,
    [TestOp.NotEqual]: () => value !== operand,
    [TestOp.Prefix]: () => value?.startsWith(operand) ?? false,
    [TestOp.NotPrefix]: () => !value?.startsWith(operand),
    [TestOp.Suffix]: () => value?.endsWith(operand) ?? false,
    [TestOp.NotSuffix]: () => !value?.endsWith(operand),
    [TestOp.SameAsDestination]: () => value === bundle.header.environment,
    [TestOp.NotSameAsDestination]: () => value !== bundle.header.environment,
    [TestOp.Present]: () => value !== undefined,
    [TestOp.Absent]: () => value === undefined,
  };
  const holds = isLike[Number(test.op)];
  if (holds === undefined) throw new Error(`no operation ${test.op}`);
  return holds();
}

function attributeOf(
  identity: OracleIdentity,
  attribute: number,
  label: string,
): string | undefined {
  if (attribute === IdentityAttribute.Service) return identity.service;
  if (attribute === IdentityAttribute.Team) return identity.team;
  if (attribute === IdentityAttribute.Environment) return identity.environment;
  if (attribute === IdentityAttribute.Domain) return identity.trustDomain;
  if (attribute === IdentityAttribute.Instance) return identity.instance;
  return identity.labels[label];
}

function routeHolds(
  bundle: SectionsFile,
  index: number,
  { request, patterns }: Facts,
  holds: (program: unknown) => boolean,
): boolean {
  const { methods, pattern, hosts, program } = row(bundle, 'Routes', index);
  if (pattern !== NONE && !patterns.has(Number(pattern))) return false;
  const bit = (MethodBit as Readonly<Record<string, number>>)[request.method];
  if (methods !== 0 && (bit === undefined || (Number(methods) & (1 << bit)) === 0)) return false;
  if (hosts !== NONE) {
    const [low = 0, high = 0] = entries(bundle, Number(hosts), 2);
    const bits = (BigInt(high) << 32n) | BigInt(low);
    if (!matchesHosts(bundle, bits, request.host)) return false;
  }
  return holds(program);
}
