/** More risk, less clearance and more restrictions never allow more and never show more. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';

import { Band, Direction } from '../../controller/layout.ts';
import { compileBundle } from '../../controller/policy/compile.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import { loadModule } from '../../host/module.ts';
import { type Knowledge, subjectOf } from '../differential/known-signals.ts';
import { type Exchange, Life } from '../differential/life.ts';
import { randomRestriction, signalsOf, toRestriction } from '../differential/random-steps.ts';
import { randomNowMs, randomTarget } from '../oracle/random-domain.ts';
import { randomPolicySet, toPolicyText } from '../oracle/random-policies.ts';
import { type RandomRequest, randomRequest } from '../oracle/random-requests.ts';
import { mapOf, type RawDocument } from '../oracle/request.ts';
import type { OracleRestriction } from '../oracle/restrictions.ts';

const CASES = Number(process.env.FUZZ_RUNS ?? 100_000);
const REQUESTS = 60;
/** A band raised, a clearance removed, a restriction added. */
const VARIATIONS = 3;

/** Values of different letters: what is left of them shows how much a mask leaves. */
const SECRETS = { pii: 'abcdefgh', pci: 'ijklmnop', secret: 'qrstuvwx', both: 'ABCDEFGH' };
const BODY = JSON.stringify(SECRETS);

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await loadModule(new URL('../../build/filter.wasm', import.meta.url));
});

/** How often a variation left a request as it was, took it away, or masked more. */
const seen = { same: 0, refused: 0, masked: 0 };

test(`${CASES} decisions never widen under more risk, less clearance or more restrictions`, {
  timeout: 3_600_000,
}, () => {
  const requests = fc.array(randomRequest(), { minLength: REQUESTS, maxLength: REQUESTS });
  fc.assert(fc.property(randomSet(), requests, randomHardening(), compareVariations), {
    numRuns: Math.ceil(CASES / REQUESTS / VARIATIONS),
  });
  console.log(`measured: monotonicity ${JSON.stringify(seen)}`);
  expect(Math.min(seen.same, seen.refused, seen.masked)).toBeGreaterThan(CASES / 1000);
});

/** What is made harder. */
interface Hardening {
  readonly side: Direction;
  /** Bands by which each of the requests' sources is raised, in turn. */
  readonly raises: readonly number[];
  /** Which of the clearances that stand in rules is removed, counted around. */
  readonly removed: number;
  /** In force from the start; without a rate, whose tokens the two sides would use up differently. */
  readonly before: readonly OracleRestriction[];
  readonly added: OracleRestriction;
}

function randomHardening(): fc.Arbitrary<Hardening> {
  const source = randomRequest();
  const restriction = fc
    .tuple(randomRestriction(), source)
    .map(([draft, request]) => toRestriction(draft, { ...request, timeMs: randomNowMs }));
  const isLasting = ({ ratePerSecond, verdict }: OracleRestriction) =>
    ratePerSecond === 0 && verdict !== 'Isolate' && verdict !== 'Break';
  return fc.record({
    side: fc.constantFrom(Direction.Inbound, Direction.Inbound, Direction.Outbound),
    raises: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 5, maxLength: 5 }),
    removed: fc.nat(),
    before: fc.array(restriction, { maxLength: 2 }).map((all) => all.filter(isLasting)),
    added: restriction,
  });
}

function compareVariations(
  documents: RawDocument[],
  requests: readonly RandomRequest[],
  hardening: Hardening,
): void {
  const { side, before, added } = hardening;
  const base = knowledgeOf(requests, before);
  const self = requests[0]?.identity;
  if (self === undefined) throw new Error('there are no requests');
  const life = startLife(documents, side);
  const ask = (asked: Life, knowledge: Knowledge) => {
    asked.nowMs = randomNowMs;
    asked.learn(knowledge, self);
    return requests.map((request) => asked.exchange(request, BODY));
  };
  const first = ask(life, base);
  const raised = raiseBands(base, hardening.raises);
  compareAll('a higher band', requests, first, ask(life, raised));
  const restricted = { ...base, restrictions: [...before, added] };
  compareAll('a restriction', requests, first, ask(life, restricted));
  const less = removeClearance(documents, hardening.removed);
  compareAll('less clearance', requests, first, ask(startLife(less, side), base));
}

function compareAll(
  what: string,
  requests: readonly RandomRequest[],
  before: readonly (Exchange | undefined)[],
  after: readonly (Exchange | undefined)[],
): void {
  for (const [i, harder] of after.entries()) {
    const softer = before[i];
    const isWider = harder !== undefined && (softer === undefined || showsMore(harder, softer));
    const told = isWider ? JSON.stringify({ what, request: requests[i], softer, harder }) : '';
    expect(isWider, told).toBe(false);
    if (softer === undefined) continue;
    if (harder === undefined) seen.refused += 1;
    else if (showsMore(softer, harder)) seen.masked += 1;
    else seen.same += 1;
  }
}

function showsMore(one: Exchange, other: Exchange): boolean {
  const [shown, least] = [one, other].map(({ toUpstream, toCaller }) => [
    ...lengthsShown(toUpstream),
    ...lengthsShown(toCaller),
  ]);
  return shown?.some((length, i) => length > (least?.[i] ?? 0)) ?? false;
}

// How many characters at the end of each value are what they were.
function lengthsShown(body: string): number[] {
  const values = JSON.parse(body) as Record<string, string | null>;
  return Object.entries(SECRETS).map(([name, secret]) => {
    const value = values[name] ?? '';
    let length = 0;
    while (length < secret.length && value.at(-1 - length) === secret.at(-1 - length)) length += 1;
    return length;
  });
}

function startLife(documents: readonly RawDocument[], side: Direction): Life {
  const { set, errors } = parsePolicySet([{ name: 'random.yaml', text: toPolicyText(documents) }]);
  expect(errors).toEqual([]);
  const options = { version: 1n, nowMs: randomNowMs };
  const bundle = compileBundle(set, { ...randomTarget, direction: side }, options);
  return new Life(module, bundle, side, { DTA_HOLD_HEADERS: 'true' });
}

// Something is known about every source of the requests; the first that names a source speaks for it.
function knowledgeOf(
  requests: readonly RandomRequest[],
  restrictions: readonly OracleRestriction[],
): Knowledge {
  const bySubject = new Map<string, RandomRequest>();
  for (const request of requests) {
    const subject = subjectOf(request.identity);
    if (!bySubject.has(subject)) bySubject.set(subject, request);
  }
  return {
    nowMs: randomNowMs,
    signals: [...bySubject.values()].flatMap((request) => signalsOf(request)),
    bands: [...bySubject].map(([subject, { band }]) => ({ subject, band: band as Band })),
    revokedDigests: [],
    revokedInstances: [],
    restrictions,
  };
}

function raiseBands(knowledge: Knowledge, raises: readonly number[]): Knowledge {
  const bands = knowledge.bands.map(({ subject, band }, i) => ({
    subject,
    band: Math.min(Band.Critical, band + (raises[i % raises.length] ?? 0)) as Band,
  }));
  return { ...knowledge, bands };
}

function removeClearance(documents: readonly RawDocument[], which: number): RawDocument[] {
  const cleared = documents.flatMap(({ spec }) =>
    rulesOf(spec).flatMap((rule) => clearanceOf(rule).map((label) => ({ rule, label }))),
  );
  const removed = cleared[which % Math.max(1, cleared.length)];
  return documents.map((document) => {
    const rules = rulesOf(document.spec).map((rule) => {
      if (removed === undefined || rule !== removed.rule) return rule;
      const { clearance: _, ...rest } = rule;
      const left = clearanceOf(rule).filter((label) => label !== removed.label);
      return left.length === 0 ? rest : { ...rest, clearance: left };
    });
    const spec = mapOf(document.spec);
    return rules.length === 0 ? document : { ...document, spec: { ...spec, rules } };
  });
}

function rulesOf(spec: unknown): RawDocument[] {
  return (mapOf(spec).rules ?? []) as RawDocument[];
}

function clearanceOf(rule: RawDocument): string[] {
  return (rule.clearance ?? []) as string[];
}

// Random policies, and rules that let most callers in with some clearance, over data that is classified and masked.
function randomSet(): fc.Arbitrary<RawDocument[]> {
  const destination = { service: randomTarget.service };
  const labels = fc.constantFrom('PII', 'PCI', 'Secret');
  const wide = fc.record({
    effect: fc.constant('allow'),
    maxRisk: fc.constantFrom('low', 'guarded', 'high', 'critical'),
    clearance: fc.uniqueArray(labels, { minLength: 1 }),
  });
  const wideRules = fc
    .array(wide, { minLength: 1, maxLength: 3 })
    .map((rules) => rules.map((rule, i) => ({ name: `wide-${i}`, ...rule })));
  const document = (kind: string, spec: object) => ({
    apiVersion: 'sm-dta/v1',
    kind,
    metadata: { name: 'wide' },
    spec: { destination, ...spec },
  });
  return fc
    .tuple(randomPolicySet(), wideRules, fc.array(randomMask(), { minLength: 1, maxLength: 4 }))
    .map(([documents, rules, masks]) => [
      ...documents,
      document('AccessPolicy', { rules }),
      document('DataClassification', { fields: FIELDS }),
      document('MaskingPolicy', { rules: masks }),
    ]);
}

const FIELDS = [
  { name: 'pii', label: 'PII' },
  { path: '$.pci', label: 'PCI' },
  { name: 'secret', label: 'Secret' },
  { path: '$.both', label: 'PII' },
  { name: 'both', label: 'Secret' },
];

function randomMask(): fc.Arbitrary<RawDocument> {
  const bodies = fc.constantFrom(['request'], ['response'], ['request', 'response']);
  const labels = fc.uniqueArray(fc.constantFrom('PII', 'PCI', 'Secret'), { minLength: 1 });
  const keep = fc.integer({ min: 0, max: 6 });
  return fc.oneof(
    fc.record({ labels, bodies, operator: fc.constantFrom('redact', 'null') }),
    fc.record({ labels, bodies, operator: fc.constant('keep-last'), keep }),
  );
}
