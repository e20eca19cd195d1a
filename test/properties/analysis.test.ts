/** The analysis of policies against the naive interpreter: what it says of all requests has to hold for each one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { analyse } from '../../controller/policy/analysis/analyse.ts';
import type { ConcreteRequest } from '../../controller/policy/analysis/concrete-request.ts';
import { functionsOf } from '../../controller/policy/analysis/destination.ts';
import { policiesByService } from '../../controller/policy/analysis/destinations.ts';
import { type DifferenceEntry, diffSets } from '../../controller/policy/analysis/diff-sets.ts';
import { Effort, STEPS_MAX } from '../../controller/policy/analysis/effort.ts';
import { spaceFor } from '../../controller/policy/analysis/space-for.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import type { PolicySet } from '../../controller/policy/policy-set.ts';
import { isHostAmbiguous, isQueryAmbiguous } from '../oracle/classified.ts';
import { decide, type OracleDecision } from '../oracle/decide.ts';
import { randomNowMs, randomTarget } from '../oracle/random-domain.ts';
import { randomPolicySet, toPolicyText } from '../oracle/random-policies.ts';
import { type RandomRequest, randomRequest } from '../oracle/random-requests.ts';
import { mapOf, type OracleRequest, type RawDocument } from '../oracle/request.ts';

const RUNS = Math.ceil(Number(process.env.FUZZ_RUNS ?? 60_000) / 60);
const REQUESTS = 60;
/** Environments of destinations: two that sets name, and one that they do not. */
const ENVIRONMENTS = ['prod', 'test', 'elsewhere'] as const;

type Target = OracleRequest['target'];

test(`differences of ${RUNS} pairs of random sets are those that requests show`, {
  timeout: 3_600_000,
}, () => {
  const count = { equal: 0, different: 0, gaveUp: 0, entries: 0, differing: 0, asked: 0 };
  const kinds = new Map<string, number>();
  fc.assert(
    fc.property(randomPair(), randomRequests(), ([a, b], requests) => {
      const { entries, gaveUp } = diffSets(parse(a), parse(b), { nowMs: randomNowMs });
      if (gaveUp.length > 0) {
        count.gaveUp += 1;
        return;
      }
      count[entries.length === 0 ? 'equal' : 'different'] += 1;
      for (const entry of entries) {
        const target = {
          ...randomTarget,
          service: entry.service,
          environment: entry.exampleEnvironment,
        };
        const asked = toOracle(entry.example);
        const seen = differences(ask(a, target, asked), ask(b, target, asked));
        const { kind, label } = entry;
        expect(seen, JSON.stringify({ entry, a, b })).toContain(nameOf({ kind, label }));
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        count.entries += 1;
      }
      for (const [request, target] of asked(requests)) {
        count.asked += 1;
        const seen = differences(ask(a, target, request), ask(b, target, request));
        if (seen.length > 0) count.differing += 1;
        const known = entries.filter((entry) => isAbout(entry, target)).map(nameOf);
        for (const name of seen) {
          expect(known, JSON.stringify({ name, target, request, a, b })).toContain(name);
        }
      }
    }),
    { numRuns: RUNS },
  );
  console.log(
    `measured: differences ${JSON.stringify({ ...count, kinds: Object.fromEntries(kinds) })}`,
  );
  expect(Math.min(count.equal, count.different, kinds.size)).toBeGreaterThan(5);
  expect(count.gaveUp).toBeLessThan(RUNS / 50);
});

test(`findings on ${RUNS} random sets hold for every request`, { timeout: 3_600_000 }, () => {
  const kinds = new Map<string, number>();
  let gaveUpOn = 0;
  fc.assert(
    fc.property(randomPolicySet(), randomRequests(), (documents, requests) => {
      const { findings, gaveUp } = analyse(parse(documents), { nowMs: randomNowMs });
      if (gaveUp.length > 0) {
        gaveUpOn += 1;
        return;
      }
      const rulesOf = (...wanted: string[]) =>
        new Set(findings.filter(({ kind }) => wanted.includes(kind)).map(({ rule }) => rule));
      for (const { kind } of findings) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      const dead = rulesOf('dead', 'contradiction');
      const hidden = rulesOf('hidden');
      const shortened = without(documents, rulesOf('dead', 'contradiction', 'hidden', 'redundant'));
      for (const [request, target] of asked(requests)) {
        const decision = ask(documents, target, request);
        const { applyingAllow, applyingShadow, denying } = decision;
        const applying = [...applyingAllow, ...applyingShadow, ...denying];
        const about = JSON.stringify({ findings, target, request, documents });
        expect(
          applying.filter((rule) => dead.has(rule)),
          about,
        ).toEqual([]);
        if (applyingAllow.some((rule) => hidden.has(rule))) {
          expect(denying.length, about).toBeGreaterThan(0);
        }
        expect(differences(decision, ask(shortened, target, request)), about).toEqual([]);
      }
      for (const { kind, example, destination, rule, others } of findings) {
        if (kind !== 'overlap' || !example || !destination) continue;
        const { denying, applyingAllow } = ask(
          documents,
          { ...randomTarget, ...destination },
          toOracle(example),
        );
        const about = JSON.stringify({ rule, example, destination, documents });
        expect(denying, about).toContain(rule);
        expect(
          applyingAllow.some((name) => others.includes(name)),
          about,
        ).toBe(true);
      }
    }),
    { numRuns: RUNS },
  );
  console.log(
    `measured: findings ${JSON.stringify(Object.fromEntries(kinds))}, gave up on ${gaveUpOn}`,
  );
  for (const kind of ['dead', 'contradiction', 'hidden', 'redundant', 'overlap', 'uncallable']) {
    expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(0);
  }
  expect(gaveUpOn).toBeLessThan(RUNS / 50);
});

test(`rules of ${RUNS} random sets apply to their examples, and to no others`, {
  timeout: 3_600_000,
}, () => {
  let examples = 0;
  fc.assert(
    fc.property(randomPolicySet(), fc.constantFrom('prod', 'test'), (documents, environment) => {
      const target = { ...randomTarget, environment };
      const effort = new Effort(STEPS_MAX);
      const [selected] = selectedFor(parse(documents), target);
      if (selected === undefined) return;
      const space = spaceFor([selected], { ...target, isNamed: true }, randomNowMs, effort);
      const { rules, allowed } = functionsOf(selected, space);
      for (const { name, applies } of rules) {
        for (const [node, wanted] of [
          [applies, true],
          [space.bdd.not(applies), false],
          [space.bdd.minus(applies, allowed), true],
          [space.bdd.minus(allowed, applies), false],
        ] as const) {
          if (node === 0) continue;
          examples += 1;
          const request = space.example(node);
          const decision = ask(documents, target, toOracle(request));
          const { applyingAllow, applyingShadow, denying } = decision;
          const doesApply = [...applyingAllow, ...applyingShadow, ...denying].includes(name);
          expect(doesApply, JSON.stringify({ name, request, documents })).toBe(wanted);
        }
      }
    }),
    { numRuns: RUNS },
  );
  console.log(`measured: ${examples} examples of rules`);
});

function parse(documents: readonly RawDocument[]): PolicySet {
  const { set, errors } = parsePolicySet([{ name: 'random.yaml', text: toPolicyText(documents) }]);
  expect(errors, JSON.stringify(documents)).toEqual([]);
  return set;
}

function selectedFor(set: PolicySet, target: Target) {
  const policies = policiesByService([set]).find(({ service }) => service === target.service);
  return policies?.selected({ ...target, isNamed: true }) ?? [];
}

function ask(
  set: readonly RawDocument[],
  target: Target,
  request: Omit<RandomRequest, 'set'>,
): OracleDecision {
  // The mesh of an example is that of its caller.
  const { trustDomain: mesh } = request.identity;
  return decide({ ...request, set, target: { ...target, mesh } });
}

function toOracle({ host = '', headers, ...rest }: ConcreteRequest): RandomRequest {
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    values.map((value): [string, string] => [name, value]),
  );
  return { ...rest, host, headers: lines };
}

// What is refused before the rules are asked is no request.
function* asked(requests: readonly RandomRequest[]): Generator<[RandomRequest, Target]> {
  for (const [i, request] of requests.entries()) {
    if (request.path.split('/').length > 65) continue;
    const environment = ENVIRONMENTS[i % ENVIRONMENTS.length] ?? 'prod';
    const target = { ...randomTarget, environment };
    const whole = { ...request, set: readsAll, target };
    if (!isQueryAmbiguous(whole) && !isHostAmbiguous(whole)) yield [request, target];
  }
}

/** What differs from one decision to another, as entries of a difference name it. */
function differences(a: OracleDecision, b: OracleDecision): string[] {
  const isAllowed = [a, b].map(({ verdict }) => verdict === 'allow');
  const [before, after] = [a, b].map((one, i) => (isAllowed[i] ? one.clearance : []));
  const audits = ['sampled', 'always', 'synchronous'] as const;
  const found: string[] = [];
  if (isAllowed[0] !== isAllowed[1]) found.push(isAllowed[1] ? 'grants' : 'takes');
  for (const label of after ?? []) {
    if (!before?.includes(label)) found.push(`clearance granted ${label}`);
  }
  for (const label of before ?? []) {
    if (!after?.includes(label)) found.push(`clearance taken ${label}`);
  }
  if (!isAllowed[0] || !isAllowed[1]) return found;
  for (const [level, name] of audits.entries()) {
    const [was, is] = [a, b].map(({ audit }) => audits.indexOf(audit) >= level);
    if (was !== is) found.push(`audit ${is ? 'raised' : 'lowered'} ${name}`);
  }
  return found;
}

function nameOf({ kind, label }: Pick<DifferenceEntry, 'kind' | 'label'>): string {
  return label === undefined ? kind : `${kind} ${label}`;
}

function isAbout({ service, environment }: DifferenceEntry, target: Target): boolean {
  if (service !== target.service) return false;
  return environment === target.environment || environment === undefined;
}

/** Another set by chance, or the same one with a small change. */
function randomPair(): fc.Arbitrary<[RawDocument[], RawDocument[]]> {
  return fc
    .tuple(randomPolicySet(), randomPolicySet(), fc.nat(), fc.constantFrom(...edits))
    .map(([a, other, seed, edit]) => [a, edit(a, other, seed)]);
}

type Edit = (set: RawDocument[], other: RawDocument[], seed: number) => RawDocument[];

const edits: readonly Edit[] = [
  (_, other) => other,
  (set) => [...set].reverse(),
  (set, _, seed) => withRules(set, seed, (rules, i) => rules.filter((_rule, at) => at !== i)),
  (set, _, seed) => withRules(set, seed, (rules, i) => [...rules, { ...rules[i], name: 'copy' }]),
  (set, other, seed) =>
    withRules(set, seed, (rules) => [...rules, { ...rulesOf(other[0])[0], name: 'new' }]),
  ...['from', 'to', 'when', 'maxRisk', 'clearance', 'audit'].map(
    (field): Edit =>
      (set, _, seed) =>
        withRules(set, seed, (rules, i) =>
          rules.map((rule, at) => {
            const { [field]: _dropped, ...rest } = rule;
            return at === i ? rest : rule;
          }),
        ),
  ),
  (set, other, seed) =>
    withRules(set, seed, (rules, i) =>
      rules.map((rule, at) => {
        const { when } = rulesOf(other[0])[0] ?? {};
        return at === i && when !== undefined ? { ...rule, when } : rule;
      }),
    ),
];

function withRules(
  set: RawDocument[],
  seed: number,
  change: (rules: RawDocument[], i: number) => RawDocument[],
): RawDocument[] {
  const policies = set.filter(({ kind }) => kind === 'AccessPolicy');
  const chosen = policies[seed % policies.length];
  return set.flatMap((document) => {
    if (document !== chosen) return [document];
    const rules = change(rulesOf(document), seed % rulesOf(document).length);
    // A policy without rules is none.
    return rules.length === 0 ? [] : [{ ...document, spec: { ...mapOf(document.spec), rules } }];
  });
}

function without(set: readonly RawDocument[], names: ReadonlySet<string>): RawDocument[] {
  return set.map((document) => {
    if (document.kind !== 'AccessPolicy') return document;
    const policy = String(mapOf(document.metadata).name);
    const rules = rulesOf(document).filter((rule) => !names.has(`${policy}/${String(rule.name)}`));
    return { ...document, spec: { ...mapOf(document.spec), rules } };
  });
}

function rulesOf(document: RawDocument | undefined): RawDocument[] {
  return (mapOf(document?.spec).rules ?? []) as RawDocument[];
}

function randomRequests(): fc.Arbitrary<RandomRequest[]> {
  return fc.array(randomRequest(), { minLength: REQUESTS, maxLength: REQUESTS });
}

/** A set that reads the query and the host: what it refuses is refused by every set that does. */
const readsAll: readonly RawDocument[] = [
  {
    apiVersion: 'sm-dta/v1',
    kind: 'AccessPolicy',
    metadata: { name: 'reads' },
    spec: {
      destination: { service: randomTarget.service },
      rules: [{ name: 'all', effect: 'allow', to: [{ parameters: { q: 'a' }, hosts: ['a'] }] }],
    },
  },
];
