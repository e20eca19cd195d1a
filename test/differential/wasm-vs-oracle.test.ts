/** The compiled filter against the naive interpreter: random policies, callers, states and clocks, several requests a VM. */
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';

import type { AuditRecord } from '../../controller/audit/model.ts';
import { Band, Direction } from '../../controller/layout.ts';
import { compileBundle } from '../../controller/policy/compile.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import { loadModule } from '../../host/module.ts';
import { loadDocuments } from '../oracle/decide.ts';
import { federatedDomains, randomNowMs, randomTarget } from '../oracle/random-domain.ts';
import { randomPolicySet, toPolicyText } from '../oracle/random-policies.ts';
import type { RandomRequest } from '../oracle/random-requests.ts';
import { readBundle } from '../oracle/read-sections.ts';
import type { RawDocument } from '../oracle/request.ts';
import { NaiveBuckets } from '../oracle/restrictions.ts';
import { type Answer, type Circumstances, judge } from './judge.ts';
import type { Knowledge } from './known-signals.ts';
import {
  type Counts,
  countUp,
  evaluationName,
  formsOfRule,
  missingForms,
} from './language-forms.ts';
import { digestOf, Life } from './life.ts';
import { randomLife, type Step } from './random-steps.ts';

const LIFE_MAX = 60;
const LIVES_AT_ONCE = 100;
const PAIRS = Number(process.env.FUZZ_RUNS ?? 50_000);
/** Fewer pairs than this need not meet the whole language; the rarest forms may take some more. */
const PAIRS_FOR_ALL_FORMS = 50_000;

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await loadModule(new URL('../../build/filter.wasm', import.meta.url));
});

test(`${PAIRS} random requests get the answer that the policies give`, {
  timeout: 3_600_000,
}, () => {
  const codes: Counts = new Map();
  const forms: Counts = new Map();
  const sum = { pairs: 0, hits: 0 };
  const property = fc.property(
    randomSet(),
    randomLife(LIFE_MAX, digestOf),
    randomSettings(),
    (...all) => {
      sum.hits += compareLife(...all, codes, forms);
      sum.pairs += all[1].length;
    },
  );
  const isWhole = () => PAIRS < PAIRS_FOR_ALL_FORMS || missingForms(forms).length === 0;
  while (sum.pairs < PAIRS || (!isWhole() && sum.pairs < 3 * PAIRS)) {
    fc.assert(property, { numRuns: LIVES_AT_ONCE });
  }
  console.log(
    `measured: differential outcomes ${JSON.stringify(Object.fromEntries([...codes].sort()))}, ${sum.pairs} pairs, cache hits ${sum.hits}`,
  );
  // Every kind of outcome comes up, and decisions out of the cache as well.
  const reasons = [4, 7, 8, 11, 12, 13, 21, 22, 23, 24, 25, 26, 27].map(
    (reason) => `DTA${1000 + reason}`,
  );
  for (const code of ['Allow', 'Degrade', 'Throttle', ...reasons]) {
    expect(codes.get(code) ?? 0, code).toBeGreaterThan(0);
  }
  expect(sum.hits).toBeGreaterThan(PAIRS / 100);
  if (PAIRS >= PAIRS_FOR_ALL_FORMS) expect(missingForms(forms)).toEqual([]);
});

interface Settings {
  readonly side: Direction;
  readonly workers: number;
}

function randomSettings(): fc.Arbitrary<Settings> {
  const { Inbound, Outbound } = Direction;
  return fc.record({
    side: fc.constantFrom(Inbound, Inbound, Outbound),
    workers: fc.constantFrom(1, 1, 2),
  });
}

function compareLife(
  documents: RawDocument[],
  steps: readonly Step[],
  { side, workers }: Settings,
  codes: Counts,
  forms: Counts,
): number {
  const text = toPolicyText(documents);
  const { set, errors } = parsePolicySet([{ name: 'random.yaml', text }]);
  expect(errors).toEqual([]);
  const options = { version: 1n, nowMs: randomNowMs };
  const bundle = compileBundle(
    set,
    { ...randomTarget, direction: side, federatedDomains },
    options,
  );
  const env = { DTA_CACHE_ENTRIES: '16', DTA_WORKERS: String(workers) };
  const life = new Life(module, bundle, side, env);
  const circumstances: Circumstances = {
    set: loadDocuments(text),
    federated: side === Direction.Inbound ? federatedDomains : [],
    buckets: new NaiveBuckets(workers),
    trace: (form, truth) => countUp(forms, evaluationName(form, truth)),
  };
  const answers = askAll(life, circumstances, side, steps);
  for (const [i, answer] of answers.entries()) {
    countUp(codes, answer.code === '' ? answer.verdict : answer.code);
    countForms(forms, circumstances.set, answer, steps[i]?.request);
  }
  const { records, count } = life.finish();
  const differing = answers.filter((answer) => answer.differs).length;
  expect(count('dta_decisions_total_effect=shadow_differs')).toBe(BigInt(differing));
  compareRecords(records, answers, labelsOf(bundle));
  return Number(count('dta_cache_total_result=hit'));
}

function askAll(
  life: Life,
  circumstances: Circumstances,
  side: Direction,
  steps: readonly Step[],
): Answer[] {
  let knowledge = steps[0]?.knowledge;
  let self = steps[0]?.request.identity;
  return steps.map((given, i) => {
    life.nowMs = given.timeMs;
    if (given.knowledge !== undefined) {
      knowledge = given.knowledge;
      self = given.request.identity;
      life.learn(knowledge, self);
    }
    if (knowledge === undefined || self === undefined)
      throw new Error('a life starts with a state');
    // Outbound the caller is the proxy itself, whatever a stream shows.
    const identity = side === Direction.Outbound ? self : given.request.identity;
    const step = { ...given, request: { ...given.request, identity } };
    const answer = judge(circumstances, step, knowledgeFor(side, knowledge));
    const reply = life.ask(given.request);
    const wanted = { code: answer.code, retryAfter: answer.retryAfter };
    expect(reply, JSON.stringify({ i, step, knowledge })).toEqual(wanted);
    return answer;
  });
}

// Certificates outbound stand in no stream: a digest there is the filter's own and can be no certificate's.
function knowledgeFor(side: Direction, knowledge: Knowledge): Knowledge {
  return side === Direction.Outbound ? { ...knowledge, revokedDigests: [] } : knowledge;
}

function compareRecords(
  records: readonly AuditRecord[],
  answers: readonly Answer[],
  labels: readonly string[],
): void {
  const byDecision = new Map(records.map((record) => [record.decision, record]));
  for (const [i, answer] of answers.entries()) {
    const decision = BigInt(i + 1);
    const record = byDecision.get(decision);
    const isSampled = answer.audit === 'sampled' && !answer.differs && decision % 16n !== 0n;
    expect(record === undefined, `record of ${decision}`).toBe(isSampled);
    if (record === undefined) continue;
    const clearance = labels.filter((_, bit) => (record.clearance >> BigInt(bit)) & 1n);
    expect({
      verdict: record.verdict,
      rule: record.rule,
      clearance: clearance.sort(),
      band: Band[record.band],
    }).toEqual({
      verdict: answer.verdict,
      rule: answer.rule,
      clearance: [...answer.clearance].sort(),
      band: answer.band,
    });
  }
}

// What stands in the rule that decided, and whether values differed when it denied.
function countForms(
  forms: Counts,
  set: readonly RawDocument[],
  { code, rule }: Answer,
  request: RandomRequest | undefined,
): void {
  if (rule === '' || (code !== '' && code !== 'DTA1012')) return;
  const isDenied = code !== '';
  const pieces = request?.query.split('&').map((piece) => piece.split('=')) ?? [];
  for (const form of formsOfRule(set, rule)) {
    countUp(forms, `${form} ${isDenied ? 'denies' : 'permits'}`);
    const isHeader = form.endsWith('headers');
    const pairs = (isHeader ? request?.headers : pieces) ?? [];
    if (!isDenied) continue;
    if (hasMixedValues(pairs)) countUp(forms, `${form} denies mixed values`);
    else if (isHeader && hasMixedLine(pairs))
      countUp(forms, `${form} denies mixed values of a line`);
  }
}

// One name with two values.
function hasMixedValues(pairs: readonly (readonly string[])[]): boolean {
  const distinct = new Set(pairs.map((pair) => pair.join('=')));
  return distinct.size > new Set(pairs.map(([name]) => name)).size;
}

// A line with two values.
function hasMixedLine(lines: readonly (readonly string[])[]): boolean {
  return lines.some(([, line = '']) => new Set(line.split(',')).size > 1);
}

// Half of the sets record everything, so that rule and clearance are seen of every request; most let somebody in.
function randomSet(): fc.Arbitrary<RawDocument[]> {
  const maxRisk = fc.constantFrom('low', 'guarded', 'high', 'critical', undefined);
  return fc.tuple(randomPolicySet(), maxRisk, fc.boolean()).map(([documents, risk, records]) => {
    const set = risk === undefined ? documents : [...documents, widePolicy(risk)];
    return records ? set.map(withRecords) : set;
  });
}

function widePolicy(maxRisk: string): RawDocument {
  return {
    apiVersion: 'sm-dta/v1',
    kind: 'AccessPolicy',
    metadata: { name: 'wide' },
    spec: {
      destination: { service: randomTarget.service },
      rules: [{ name: 'all', effect: 'allow', maxRisk, clearance: ['PII'] }],
    },
  };
}

function withRecords(policy: RawDocument): RawDocument {
  if (policy.kind !== 'AccessPolicy') return policy;
  const spec = policy.spec as { rules: RawDocument[] };
  const rules = spec.rules.map((rule) => ({ audit: 'always', ...rule }));
  return { ...policy, spec: { ...spec, rules } };
}

function labelsOf(bundle: Uint8Array): string[] {
  return (readBundle(bundle).records.Labels ?? []).map((label) => String(label.name));
}
