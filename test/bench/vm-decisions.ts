/** What one decision costs inside the VM: no host, no JavaScript, only the filter's own work. */
import { Attribute, Band, Reason } from '../../controller/layout.ts';
import { digestOf, id, ORDERS, stateOf } from '../filter/mesh.ts';
import { BENCH_NOW_MS, benchTeam, isDenying } from './policy-set.ts';
import { type Spread, spreadOf } from './statistics.ts';
import { BenchVm, Change, type VmAsk, Work } from './vm-module.ts';

/** µs of CPU a request; reading its headers is counted in `headers` only. */
export interface VmCosts {
  readonly headers: Spread;
  /** The whole decision, the look-up of the caller included, all of it cached. */
  readonly whole: Spread;
  /** What follows the look-up of the caller: path, values, host, and the decision from the cache. */
  readonly cached: Spread;
  /** The same with the decision evaluated anew. */
  readonly evaluated: Spread;
  /** The same when nothing of it is in the processor's caches. */
  readonly cold: Spread;
  /** A path that was never seen: brought into normal form, classified, evaluated. */
  readonly newPath: Spread;
  /** The whole decision on a path and a certificate that were never seen. */
  readonly newCaller: Spread;
  /** Callers with a path each, of which `cached`, `evaluated` and `cold` pick, and the last two. */
  readonly knownCallers: number;
  readonly manyCallers: number;
}

/** Rounds that are measured, after some that only warm up, and requests a round. */
export const VM_ROUNDS = 11;
export const VM_REQUESTS = 200_000;

/** Measures the bundle of `bigPolicySet(ruleCount)`. */
export function measureVm(
  module: WebAssembly.Module,
  bundle: Uint8Array,
  ruleCount: number,
): VmCosts {
  const vm = new BenchVm(module);
  vm.bundle(bundle, BENCH_NOW_MS);
  const rules = callingRules(ruleCount);
  vm.state(stateFor(rules));

  const known = rules.length <= KNOWN_RULES_MAX ? rules : thin(rules, KNOWN_RULES_MAX);
  vm.place(asksOf(known, KNOWN_ASKS));
  const hits = keepHits(vm, KNOWN_ASKS);
  orderOf(vm, hits, VM_REQUESTS);
  const headers = costOf(vm, Work.Nothing, 0);
  const missesBefore = vm.misses;
  const cached = costOf(vm, Work.Rules, 0, Work.Nothing);
  const whole = costOf(vm, Work.Decide, 0, Work.Nothing);
  if (vm.misses !== missesBefore) throw new Error('decisions were not in the cache');
  const evaluated = costOf(vm, Work.Rules, Change.Decisions, Work.Nothing);
  const cold = coldCostOf(vm, hits);

  vm.place(asksOf(rules, MANY_ASKS));
  const callers = keepCallers(vm, MANY_ASKS);
  orderOf(vm, callers, VM_REQUESTS);
  const newPath = costOf(vm, Work.Rules, Change.Path | Change.Decisions, Work.Nothing);
  const allNew = Change.Path | Change.Certificate | Change.Decisions;
  const newCaller = costOf(vm, Work.Decide, allNew, Work.Nothing);
  const counts = { knownCallers: hits.length, manyCallers: callers.length };
  return { headers, whole, cached, evaluated, cold, newPath, newCaller, ...counts };
}

/** Rules that allow, spread over the set: their callers have a signal and a band each. */
function callingRules(ruleCount: number): number[] {
  const all = Array.from({ length: ruleCount }, (_, rule) => rule);
  return thin(all, CALLERS_MAX).map((rule) => (isDenying(rule) ? rule - 1 : rule));
}

function thin(rules: readonly number[], most: number): number[] {
  const count = Math.min(most, rules.length);
  return Array.from(
    { length: count },
    (_, i) => rules[Math.floor((i * rules.length) / count)] ?? 0,
  );
}

function stateFor(rules: readonly number[]): Uint8Array {
  const subjects = [...new Set(rules)].map((rule) => `prod/caller-${rule}`);
  return stateOf({
    nowMs: BENCH_NOW_MS,
    revokedDigests: Array.from({ length: REVOKED }, (_, i) => digestOf(`revoked ${i}`)),
    bands: subjects.map((subject) => ({ subject, band: Band.Low })),
    signals: subjects.map((subject) => ({
      subject,
      attribute: Attribute.SourceCpu,
      value: 0.01,
      observedAtMs: BENCH_NOW_MS,
      maxAgeMs: 0,
    })),
  });
}

/** So many requests, each with a certificate of its own, by the rules in turn; a rule has one path. */
function asksOf(rules: readonly number[], count: number): VmAsk[] {
  return Array.from({ length: count }, (_, i) => askOf(rules[i % rules.length] ?? 0, i));
}

function askOf(rule: number, serial: number): VmAsk {
  const uuid = `00000000-0000-4000-8000-${serial.toString(16).padStart(12, '0')}`;
  const uri = id('prod', benchTeam(rule), `caller-${rule}`, uuid);
  const digest = Buffer.from(digestOf(uri)).toString('hex');
  return {
    uri,
    subject: 'OU=label.tier=web,O=x',
    headers: [
      [':method', 'GET'],
      [':path', `/resource-${rule}/order-00000000`],
      [':authority', 'orders.example'],
      ['accept', 'application/json'],
      ['user-agent', 'bench/1.0'],
      ['x-tenant', 'north'],
      ['x-request-id', uuid],
      ['x-forwarded-client-cert', `By=${ORDERS};Hash=${digest}`],
    ],
  };
}

/** The requests that all caches of the filter hold at once: they do not evict one another. */
function keepHits(vm: BenchVm, count: number): number[] {
  let kept = rememberAll(vm, count);
  for (let before = 0; before !== kept.length; ) {
    before = kept.length;
    kept = kept.filter((index) => {
      const { caller, path } = vm.held(index);
      vm.remember(index);
      return caller && path && vm.wasHit;
    });
  }
  return kept;
}

/** The requests of which the filter holds the caller. */
function keepCallers(vm: BenchVm, count: number): number[] {
  return rememberAll(vm, count).filter((index) => vm.held(index).caller);
}

function rememberAll(vm: BenchVm, count: number): number[] {
  const indexes = Array.from({ length: count }, (_, index) => index);
  for (const index of indexes) {
    const reason = vm.remember(index);
    if (reason !== Reason.Permitted) throw new Error(`request ${index} was denied: ${reason}`);
  }
  return indexes;
}

/** So many requests at random. */
function orderOf(vm: BenchVm, indexes: readonly number[], count: number): void {
  const next = randomNumbers();
  vm.order(Uint32Array.from({ length: count }, () => indexes[next() % indexes.length] ?? 0));
}

/** µs a request; what `without` costs is taken away in each round. */
function costOf(vm: BenchVm, work: Work, changes: number, without?: Work): Spread {
  const measure = (): number => {
    const before = without === undefined ? 0 : timed(() => vm.run(without, changes));
    return (timed(() => vm.run(work, changes)) - before) / VM_REQUESTS;
  };
  for (let i = 0; i < WARM_UP_ROUNDS; i++) measure();
  return spreadOf(Array.from({ length: VM_ROUNDS }, measure));
}

/**
 * Each request once, after other memory has taken the processor's caches. That is too short for a clock of CPU time: of
 * many passes only the median says something.
 */
function coldCostOf(vm: BenchVm, hits: readonly number[]): Spread {
  const next = randomNumbers();
  const pass = (work: Work): number => {
    vm.order(shuffled(hits, next));
    sweep();
    const start = performance.now();
    vm.run(work, Change.Decisions);
    return (performance.now() - start) * 1_000;
  };
  const measure = (): number => (pass(Work.Rules) - pass(Work.Nothing)) / hits.length;
  return spreadOf(Array.from({ length: COLD_ROUNDS }, measure));
}

/** Fisher and Yates. */
function shuffled(indexes: readonly number[], next: () => number): Uint32Array {
  const order = Uint32Array.from(indexes);
  for (let i = order.length - 1; i > 0; i--) {
    const other = next() % (i + 1);
    const [a, b] = [order[i] ?? 0, order[other] ?? 0];
    order[i] = b;
    order[other] = a;
  }
  return order;
}

/** Touches more memory than the processor's caches hold. */
function sweep(): void {
  for (let at = 0; at < swept.length; at += CACHE_LINE) swept[at] = (swept[at] ?? 0) + 1;
}

/** CPU time of this thread in µs. The kernel counts it in steps of up to 4 ms: a round takes many. */
function timed(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return user + system;
}

/** Marsaglia's xorshift of 32 bits, the same numbers each time. */
function randomNumbers(): () => number {
  let state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const swept = new Uint8Array(128 << 20);
const CACHE_LINE = 64;
const WARM_UP_ROUNDS = 3;
const COLD_ROUNDS = 41;
/** Services that call at all: a state holds a signal and a band of each. */
const CALLERS_MAX = 5_000;
const REVOKED = 1_000;
/** Fewer rules than the filter keeps path classes, more callers. */
const KNOWN_RULES_MAX = 700;
const KNOWN_ASKS = 1_400;
const MANY_ASKS = 5_000;
