/** The compiled filter against the naive interpreter: random policies, callers, states and clocks, several requests a VM. */
import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';

import { decodeAuditBatch } from '../../controller/audit/decode-batch.ts';
import type { AuditRecord } from '../../controller/audit/model.ts';
import { Direction } from '../../controller/layout.ts';
import { compileBundle } from '../../controller/policy/compile.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import { encodeState } from '../../controller/risk/encode-state.ts';
import { loadModule } from '../../host/module.ts';
import { type Root, Vm } from '../../host/vm.ts';
import { statusOf } from '../filter/mesh.ts';
import { decide, loadDocuments, type OracleIdentity, type RawDocument } from '../oracle/decide.ts';
import {
  type RandomRequest,
  randomNowMs,
  randomPolicySet,
  randomTarget,
  toPolicyText,
} from '../oracle/random-policies.ts';
import { readBundle } from '../oracle/read-sections.ts';
import { HARD_LIFETIME_MS, type Knowledge, knownBand, knownSignals } from './known-signals.ts';
import { randomLife, type Step } from './random-steps.ts';

const REQUESTS_PER_LIFE = 50;
const PAIRS = Number(process.env.FUZZ_RUNS ?? 5000);
const { mesh, environment, service } = randomTarget;
const OWN = `spiffe://${mesh}/env/${environment}/team/core/svc/${service}/i/3f0e8c1a-0000-4000-8000-0000000000ff`;

let module: WebAssembly.Module;
beforeAll(async () => {
  module = await loadModule(new URL('../../build/filter.wasm', import.meta.url));
});

/** What both sides say about a request. */
interface Answer {
  readonly code: string;
  readonly rule: string;
  readonly clearance: readonly string[];
}

const uriOf = (id: OracleIdentity) =>
  `spiffe://${id.trustDomain}/env/${id.environment}/team/${id.team}/svc/${id.service}/i/${id.instance}`;
const subjectTextOf = (id: OracleIdentity) =>
  [...Object.entries(id.labels).map(([name, value]) => `OU=label.${name}=${value}`), 'O=x'].join(
    ',',
  );
const digestOf = ({ identity }: RandomRequest): Uint8Array =>
  createHash('sha256')
    .update(`${uriOf(identity)} ${subjectTextOf(identity)}`)
    .digest();

/** One VM with one bundle, asked step by step. */
class Life {
  nowMs = randomNowMs;
  readonly #vm: Vm;
  readonly #root: Root;
  readonly #direction: Direction;
  #epoch = 0n;

  constructor(bundle: Uint8Array, direction: Direction) {
    const env = { DTA_IDENTITY: 'header', DTA_AUDIT_CLUSTER: 'audit', DTA_CACHE_ENTRIES: '16' };
    this.#vm = new Vm(module, { env, now: () => BigInt(this.nowMs) * 1_000_000n });
    this.#root = this.#vm.startRoot({ rootId: 'dta', configuration: bundle });
    this.#direction = direction;
    expect(this.#root.accepted).toBe(true);
  }

  learn(knowledge: Knowledge, identity: OracleIdentity): void {
    const isOutbound = this.#direction === Direction.Outbound;
    this.#epoch += 1n;
    const self = isOutbound ? uriOf(identity) : OWN;
    const selfSubject = isOutbound ? subjectTextOf(identity) : '';
    const state = encodeState({ mesh, self, selfSubject, epoch: this.#epoch, ...knowledge });
    expect(this.#vm.startRoot({ rootId: 'dta-state', configuration: state }).accepted).toBe(true);
  }

  ask(request: RandomRequest): string {
    const hash = Buffer.from(digestOf(request)).toString('hex');
    const stream = this.#vm.stream(this.#root, {
      properties: {
        'connection.uri_san_peer_certificate': uriOf(request.identity),
        'connection.subject_peer_certificate': subjectTextOf(request.identity),
        'connection.sha256_peer_certificate_digest': hash,
      },
    });
    const outcome = stream.requestHeaders(
      [
        [':method', request.method],
        [':path', `${request.path}?q=/a/b`],
        [':authority', request.host],
        ['x-forwarded-client-cert', `By=${OWN};Hash=${hash}`],
      ],
      true,
    );
    stream.end();
    return statusOf(outcome).code;
  }

  /** Audit records and counters since the start. */
  finish(): { records: readonly AuditRecord[]; count: (name: string) => bigint } {
    this.#vm.tick(this.#root);
    const call = this.#vm.httpCalls[0];
    const records = call === undefined ? [] : decodeAuditBatch(call.body).records;
    return { records, count: (name) => this.#vm.metrics.get(name) ?? 0n };
  }
}

/** The naive answer; `shadow` is what it would be if shadow rules had a say. */
function judge(set: RawDocument[], step: Step, knowledge: Knowledge) {
  const { request, timeMs } = step;
  const { identity } = request;
  const before = (code: string) => ({
    code,
    rule: '',
    clearance: [],
    differs: false,
    audit: 'always',
  });
  if (timeMs >= randomNowMs + 7 * 86_400_000) return before('DTA1003');
  if (timeMs >= knowledge.nowMs + HARD_LIFETIME_MS) return before('DTA1004');
  const hash = Buffer.from(digestOf(request));
  if (knowledge.revokedDigests.some((digest) => hash.equals(digest))) return before('DTA1008');
  if (knowledge.revokedInstances.includes(identity.instance)) return before('DTA1008');
  // Longer paths are not matched at all; they are refused rather than let past a deny rule.
  if (request.path.split('/').length > 65) return before('DTA1021');
  const signals = knownSignals(knowledge, identity, timeMs);
  const asked = { ...request, timeMs, signals, band: knownBand(knowledge, identity) };
  const decision = decide({ set, target: randomTarget, ...asked });
  const enforced = set.map((policy) => ({
    ...policy,
    spec: { ...(policy.spec as object), mode: 'enforce' },
  }));
  const shadow = decide({ set: enforced, target: randomTarget, ...asked });
  const isAllowed = decision.verdict === 'allow';
  const tooRisky =
    decision.denying.length === 0 && !isAllowed ? decision.applyingAllow[0] : undefined;
  const denied = tooRisky === undefined ? 'DTA1011' : 'DTA1013';
  return {
    code: isAllowed ? '' : decision.denying.length > 0 ? 'DTA1012' : denied,
    rule: decision.rule ?? tooRisky ?? '',
    clearance: isAllowed ? decision.clearance : [],
    differs: shadow.verdict !== decision.verdict,
    audit: isAllowed ? decision.audit : 'always',
  };
}

const codeOf = (record: AuditRecord, codes: ReadonlyMap<bigint, string>) =>
  codes.get(record.decision);

test(`${PAIRS} random requests get the answer that the policies give`, {
  timeout: 3_600_000,
}, () => {
  const seen = new Map<string, number>();
  let hits = 0n;
  const direction = fc.constantFrom(Direction.Inbound, Direction.Inbound, Direction.Outbound);
  const life = randomLife(REQUESTS_PER_LIFE, digestOf);
  fc.assert(
    fc.property(randomSet(), life, direction, (documents, steps, side) => {
      const text = toPolicyText(documents);
      const { set, errors } = parsePolicySet([{ name: 'random.yaml', text }]);
      expect(errors).toEqual([]);
      const options = { version: 1n, nowMs: randomNowMs };
      const bundle = compileBundle(set, { ...randomTarget, direction: side }, options);
      hits += compare(
        new Life(bundle, side),
        loadDocuments(text),
        side,
        steps,
        labelsOf(bundle),
        seen,
      );
    }),
    { numRuns: Math.ceil(PAIRS / REQUESTS_PER_LIFE) },
  );
  console.log(
    `measured: differential outcomes ${JSON.stringify(Object.fromEntries(seen))}, cache hits ${hits}`,
  );
  // Every kind of outcome comes up, and decisions out of the cache as well.
  for (const code of ['', 'DTA1004', 'DTA1008', 'DTA1011', 'DTA1012', 'DTA1013']) {
    expect(seen.get(code) ?? 0, code).toBeGreaterThan(0);
  }
  expect(Number(hits)).toBeGreaterThan(PAIRS / 100);
});

function compare(
  life: Life,
  set: RawDocument[],
  side: Direction,
  steps: readonly Step[],
  labels: readonly string[],
  seen: Map<string, number>,
): bigint {
  const wanted = new Map<bigint, Answer & { audit: string }>();
  const codes = new Map<bigint, string>();
  let knowledge = steps[0]?.knowledge;
  let self = steps[0]?.request.identity;
  let differing = 0n;
  for (const [i, given] of steps.entries()) {
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
    const answer = judge(set, step, knowledgeFor(side, knowledge));
    const code = life.ask(given.request);
    expect(code, JSON.stringify({ i, step, knowledge })).toBe(answer.code);
    codes.set(BigInt(i + 1), code);
    wanted.set(BigInt(i + 1), answer);
    seen.set(code, (seen.get(code) ?? 0) + 1);
    if (answer.differs) differing += 1n;
  }
  const { records, count } = life.finish();
  expect(count('dta_decisions_total_effect=shadow_differs')).toBe(differing);
  compareRecords(records, wanted, labels);
  for (const record of records)
    expect(record.verdict === 'Allow').toBe(codeOf(record, codes) === '');
  return count('dta_cache_total_result=hit');
}

// Certificates outbound stand in no stream: a digest there is the filter's own and can be no certificate's.
function knowledgeFor(side: Direction, knowledge: Knowledge): Knowledge {
  return side === Direction.Outbound ? { ...knowledge, revokedDigests: [] } : knowledge;
}

function compareRecords(
  records: readonly AuditRecord[],
  wanted: ReadonlyMap<bigint, Answer & { audit: string }>,
  labels: readonly string[],
): void {
  const byDecision = new Map(records.map((record) => [record.decision, record]));
  for (const [decision, answer] of wanted) {
    const record = byDecision.get(decision);
    const isSampled = answer.audit === 'sampled' && decision % 16n !== 0n;
    expect(record === undefined, `record of ${decision}`).toBe(isSampled);
    if (record === undefined) continue;
    const clearance = labels.filter((_, bit) => (record.clearance >> BigInt(bit)) & 1n);
    expect({ rule: record.rule, clearance: clearance.sort() }).toEqual({
      rule: answer.rule,
      clearance: [...answer.clearance].sort(),
    });
  }
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
  const spec = policy.spec as { rules: RawDocument[] };
  const rules = spec.rules.map((rule) => ({ audit: 'always', ...rule }));
  return { ...policy, spec: { ...spec, rules } };
}

function labelsOf(bundle: Uint8Array): string[] {
  return (readBundle(bundle).records.Labels ?? []).map((label) => String(label.name));
}
