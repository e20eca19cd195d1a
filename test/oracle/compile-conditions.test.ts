/** What conditions and routes become: programs, tests of request values, patterns, and what is shared. */
import { expect, test } from 'vitest';

import {
  AtomOp,
  Attribute,
  Audit,
  Band,
  Direction,
  Effect,
  HostKind,
  IdentityAttribute,
  NONE,
  PROGRAM_STACK_MAX,
  REQUEST_NAMES_MAX,
  REQUEST_TESTS_MAX,
  RequestKind,
  TestOp,
  TextOp,
} from '../../controller/layout.ts';
import type { Condition } from '../../controller/policy/cel/condition.ts';
import { compileBundle } from '../../controller/policy/compile.ts';
import type { PathTemplate, Segment } from '../../controller/policy/path-template.ts';
import type { AccessRule, PolicySet, RequestMatch } from '../../controller/policy/policy-set.ts';
import { matchingPatterns } from './bundle-tables.ts';
import { applyingRules } from './evaluate-bundle.ts';
import type { RandomRequest } from './random-requests.ts';
import { readBundle, type SectionsFile } from './read-sections.ts';

const nowMs = Date.UTC(2026, 2, 27, 12);
const origin = { file: 'a.yaml', line: 1, column: 1 };

const ruleOf = (rule: Partial<AccessRule>, index = 0): AccessRule => ({
  name: `r${index}`,
  origin,
  effect: Effect.Allow,
  from: [],
  to: [],
  when: undefined,
  maxRisk: Band.Critical,
  clearance: [],
  audit: Audit.Sampled,
  ...rule,
});

const bundleOf = (...rules: Partial<AccessRule>[]): SectionsFile => {
  const destination = { service: 'orders' };
  const policy = {
    kind: 'AccessPolicy' as const,
    name: 'p',
    origin,
    destination,
    isShadow: false,
    rules: rules.map(ruleOf),
  };
  const set: PolicySet = { access: [policy], classifications: [], masking: [] };
  const target = {
    mesh: 'm',
    environment: 'prod',
    service: 'orders',
    direction: Direction.Inbound,
  };
  return readBundle(compileBundle(set, target, { version: 1n, nowMs }));
};

const whenBundle = (...conditions: Condition[]): SectionsFile =>
  bundleOf(...conditions.map((when) => ({ when })));

const request = (given: Partial<RandomRequest> = {}): RandomRequest => ({
  identity: {
    trustDomain: 'm',
    environment: 'prod',
    team: 't',
    service: 'checkout',
    instance: '3f0e8c1a-0000-4000-8000-000000000001',
    labels: { tier: 'web' },
  },
  method: 'GET',
  path: '/a',
  query: '',
  host: 'api.test',
  headers: [],
  timeMs: nowMs,
  signals: {},
  band: 0,
  ...given,
});

const match = (given: Partial<RequestMatch>): RequestMatch => ({
  methods: [],
  paths: [],
  hosts: [],
  also: undefined,
  ...given,
});

const template = (
  segments: readonly Segment[],
  end: PathTemplate['end'] = 'exact',
  affix = '',
): PathTemplate => ({ text: '', segments, end, affix });
const literal = (text: string): Segment => ({ literal: text });

const header = (
  name: string,
  text: string,
  op: TextOp = TextOp.Equal,
  kind: RequestKind = RequestKind.Header,
): Condition => ({
  kind: 'request',
  ref: { kind, name },
  pattern: { op, text },
});
const below = (number: number): Condition => ({
  kind: 'compare',
  ref: { attribute: Attribute.SourceCpu, fact: '' },
  op: AtomOp.Less,
  number,
});
const not = (operand: Condition): Condition => ({ kind: 'not', operand });
const and = (left: Condition, right: Condition): Condition => ({ kind: 'and', left, right });
const or = (left: Condition, right: Condition): Condition => ({ kind: 'or', left, right });
const always: Condition = { kind: 'constant', value: true };

test('conditions that say the same share a program', () => {
  const [a, b, c] = [below(0.5), header('x-a', '1'), header('x-b', '2')];
  const { records } = whenBundle(
    and(a, and(b, c)),
    and(and(c, always), and(b, and(a, b))),
    not(not(and(and(b, a), c))),
    or(and(and(a, b), c), not(always)),
    and(not({ ...a, op: AtomOp.GreaterEqual } as Condition), and(b, c)),
  );
  expect(records.Programs).toHaveLength(1);
  expect(new Set(records.Rules?.map(({ program }) => program))).toEqual(new Set([0]));
});

test('a negated comparison is the opposite one', () => {
  const { Less, LessEqual, Greater, GreaterEqual, Equal, NotEqual } = AtomOp;
  const ops = [Less, LessEqual, Greater, GreaterEqual, Equal, NotEqual];
  const bundle = whenBundle(...ops.map((op) => not({ ...below(0.5), op } as Condition)));
  const ask = (...cpu: number[]) =>
    cpu.map((value) => applyingRules(bundle, request({ signals: { 'source.cpu': value } })).join());
  expect(ask(0.4, 0.5, 0.6)).toEqual(['p/r2,p/r3,p/r4', 'p/r0,p/r2,p/r5', 'p/r0,p/r1,p/r4']);
  expect(applyingRules(bundle, request())).toEqual([]);
});

test('what always holds needs no program, what never holds is one constant', () => {
  const { records, numbers } = whenBundle(
    or(always, below(0.5)),
    and(not(always), below(0.5)),
    { kind: 'before', timeMs: nowMs + 365 * 86_400_000 },
    { kind: 'before', timeMs: nowMs - 86_400_000 },
  );
  expect(records.Rules?.map(({ program }) => program)).toEqual([NONE, 0, NONE, 0]);
  expect(numbers.Code).toEqual([0x0500_0000]);
});

test('times that are the same intervals are one atom', () => {
  const zoned = (zone: string): Condition => ({
    kind: 'within',
    windows: [{ days: 127, startMinute: 540, endMinute: 600 }],
    zone,
  });
  const { records } = whenBundle(zoned('UTC'), zoned('Africa/Abidjan'), zoned('Asia/Kolkata'));
  expect(records.Rules?.map(({ program }) => program)).toEqual([0, 0, 1]);
  expect(records.Intervals).toHaveLength(7 + 7);
});

test('lists of thousands need no deep stack, however they are nested', () => {
  const tests = Array.from({ length: 3_000 }, (_, i) => header('x-a', `value-${i}`));
  const leftDeep = tests.reduce((left, right) => or(left, right));
  const rightDeep = tests.reduceRight((right, left) => or(left, right));
  const bundle = whenBundle(leftDeep, rightDeep, and(below(0.5), not(leftDeep)));
  expect(bundle.records.Programs).toHaveLength(2);
  for (const program of bundle.records.Programs ?? []) {
    const start = Number(program.start);
    const code = bundle.numbers.Code?.slice(start, start + Number(program.count)) ?? [];
    let [depth, deepest] = [0, 0];
    for (const word of code) {
      depth += { 1: 1, 2: -1, 3: -1 }[word >>> 24] ?? 0;
      deepest = Math.max(deepest, depth);
    }
    expect(depth).toBe(1);
    expect(deepest).toBeLessThan(PROGRAM_STACK_MAX);
  }
  const ask = (value: string) => applyingRules(bundle, request({ headers: [['x-a', value]] }));
  expect(ask('value-2999')).toEqual(['p/r0', 'p/r1']);
  expect(ask('value-3000')).toEqual([]);
});

test('a tree of one depth on both sides stays far below the bound', () => {
  const tree = (depth: number, index: number): Condition => {
    if (depth === 0) return header('x-a', `${index}`);
    const join = depth % 2 === 0 ? and : or;
    return join(tree(depth - 1, index * 2), tree(depth - 1, index * 2 + 1));
  };
  const { numbers } = whenBundle(tree(10, 0));
  let [depth, deepest] = [0, 0];
  for (const word of numbers.Code ?? []) {
    depth += { 1: 1, 2: -1, 3: -1 }[word >>> 24] ?? 0;
    deepest = Math.max(deepest, depth);
  }
  expect(deepest).toBe(11);
});

test('methods without a bit become a program beside what else has to hold', () => {
  const also = header('x-a', '1');
  const bundle = bundleOf({ to: [match({ methods: ['GET', 'PURGE', 'REPORT'], also })] });
  expect(bundle.records.Routes).toMatchObject([
    { methods: 1, program: 0 },
    { methods: 0, program: 1 },
  ]);
  const ask = (method: string, value: string) =>
    applyingRules(bundle, request({ method, headers: [['x-a', value]] })).length;
  expect(['GET', 'PURGE', 'REPORT', 'POST'].map((method) => ask(method, '1'))).toEqual([
    1, 1, 1, 0,
  ]);
  expect(['GET', 'PURGE', 'REPORT', 'POST'].map((method) => ask(method, '2'))).toEqual([
    0, 0, 0, 0,
  ]);
});

test('an unknown `also` holds for a deny and not for an allow', () => {
  const to = [match({ also: header('x-a', '1') })];
  const bundle = bundleOf({ to }, { to, effect: Effect.Deny });
  const ask = (...values: string[]) =>
    applyingRules(bundle, request({ headers: values.map((value) => ['x-a', value] as const) }));
  expect(ask()).toEqual(['p/r1']);
  expect(ask('1', '2')).toEqual(['p/r1']);
  expect(ask('1', '1')).toEqual(['p/r0', 'p/r1']);
  expect(ask('2')).toEqual([]);
});

test('paths of all forms are found, and the same set of paths is one pattern', () => {
  const templates = [
    template([literal('a')]),
    template([literal('a'), 'any']),
    template([literal('a')], 'tail'),
    template([literal('a')], 'prefix', 'b/c'),
    template([literal('a')], 'prefix', 'ü'),
    template([literal('a')], 'prefix', ''),
    template([], 'prefix', ''),
    template([], 'suffix', '/ü'),
    template([], 'suffix', 'c'),
    template([literal('a')], 'prefix', 'b/c'),
    template([], 'suffix', 'c'),
    template([literal('')]),
  ];
  const bundle = bundleOf({ to: [match({ paths: templates })] });
  expect(bundle.records.PathPatterns).toHaveLength(10);
  const ask = (path: string) => [...matchingPatterns(bundle, path)].sort((a, b) => a - b);
  expect(ask('/a')).toEqual([0, 2, 6]);
  expect(ask('/a/')).toEqual([2, 5, 6]);
  expect(ask('/a/b')).toEqual([1, 2, 5, 6]);
  expect(ask('/a/b/cd')).toEqual([2, 3, 5, 6]);
  expect(ask('/a/b/c')).toEqual([2, 3, 5, 6, 8]);
  expect(ask('/a/ü')).toEqual([1, 2, 4, 5, 6, 7]);
  expect(ask('/')).toEqual([6, 9]);
  expect(ask('/c')).toEqual([6, 8]);
  expect(ask(`/a${'/c'.repeat(64)}`)).toEqual([]);
});

test('a node that only ends a pattern is a leaf, one with more below is not', () => {
  const leaf = bundleOf({ to: [match({ paths: [template([literal('a'), 'any'])] })] });
  expect(leaf.records.PathNodes).toHaveLength(2);
  expect(leaf.records.PathNodes?.[1]).toMatchObject({ anyChild: 0x8000_0000, end: NONE });
  const paths = [template([literal('a')]), template([literal('a'), literal('b')])];
  const both = bundleOf({ to: [match({ paths })] });
  expect(both.records.PathNodes).toHaveLength(2);
  expect(both.records.PathEdges).toMatchObject([{ child: 1 }, { child: 0x8000_0001 }]);
  expect([...matchingPatterns(both, '/a')]).toEqual([0]);
  expect([...matchingPatterns(both, '/a/b')]).toEqual([1]);
  const prefix = template([literal('a')], 'prefix', 'b');
  const ends = bundleOf({ to: [match({ paths: [template([literal('a')]), prefix] })] });
  expect([...matchingPatterns(ends, '/a/bc')]).toEqual([1]);
});

test('each of 64 hosts has its bit', () => {
  const hosts = Array.from({ length: 64 }, (_, i) => ({
    kind: HostKind.Exact,
    text: `h${i}.test`,
  }));
  const bundle = bundleOf(...hosts.map((host) => ({ to: [match({ hosts: [host] })] })));
  for (const i of [0, 31, 32, 63]) {
    expect(applyingRules(bundle, request({ host: `h${i}.test` }))).toEqual([`p/r${i}`]);
  }
});

test('outcomes are shared when every part of them is the same', () => {
  const { records } = bundleOf(
    {},
    { effect: Effect.Deny },
    { maxRisk: Band.High },
    { audit: Audit.Always },
    { clearance: ['PII'] },
    { clearance: ['PII'] },
    {},
  );
  expect(records.Rules?.map(({ outcome }) => outcome)).toEqual([0, 1, 2, 3, 4, 4, 0]);
});

test('conditions on paths, hosts and identities use the tables of the rules', () => {
  const identity = {
    attribute: IdentityAttribute.Label,
    op: TestOp.Prefix,
    label: 'tier',
    value: 'w',
  };
  const path = template([literal('a')]);
  const host = { kind: HostKind.Suffix, text: '.test' };
  const bundle = bundleOf(
    { from: [[identity]], to: [match({ paths: [path], hosts: [host] })] },
    { when: and({ kind: 'identity', test: identity }, { kind: 'path', template: path }) },
    { when: and({ kind: 'host', host }, { kind: 'path', template: template([], 'suffix', 'x') }) },
  );
  const { IdentityTests, PathPatterns, Hosts } = bundle.records;
  expect([IdentityTests, PathPatterns, Hosts].map((records) => records?.length)).toEqual([1, 2, 1]);
  expect(PathPatterns?.[1]).toMatchObject({ ruleCount: 0 });
  expect(applyingRules(bundle, request())).toEqual(['p/r0', 'p/r1']);
  expect(applyingRules(bundle, request({ path: '/x' }))).toEqual(['p/r2']);
  expect(applyingRules(bundle, request({ host: 'test' }))).toEqual(['p/r1']);
});

test('tests other than Equal are in the list of their name, Equal ones in the slots', () => {
  const { records, numbers } = whenBundle(
    header('x-a', '1'),
    header('x-a', '1', TextOp.Prefix),
    header('x-b', '1'),
    header('x-a', '1', TextOp.Equal, RequestKind.AnyHeader),
  );
  expect(records.RequestNames).toMatchObject([
    { kind: RequestKind.Header, name: 'x-a', testCount: 1 },
    { kind: RequestKind.Header, name: 'x-b', testCount: 0 },
    { kind: RequestKind.AnyHeader, name: 'x-a', testCount: 0 },
  ]);
  expect(records.RequestTests).toHaveLength(4);
  const indexes = numbers.RequestSlots?.filter((word) => word !== 0).map(
    (word) => word & 0xff_ffff,
  );
  expect(indexes?.sort()).toEqual([1, 3, 4]);
});

test('a name of a fact stands in the strings', () => {
  const fact = (name: string): Condition => ({
    kind: 'has',
    ref: { attribute: Attribute.EnvironmentFact, fact: name },
  });
  const bundle = whenBundle(fact('alert'), fact('drill'));
  const ask = (name: string) => applyingRules(bundle, request({ signals: { [name]: 1 } }));
  expect(ask('environment.alert')).toEqual(['p/r0']);
  expect(ask('environment.drill')).toEqual(['p/r1']);
});

test('more headers and parameters than a request class holds are refused', () => {
  const names = Array.from({ length: REQUEST_NAMES_MAX + 1 }, (_, i) => header(`x-${i}`, '1'));
  expect(whenBundle(...names.slice(1)).records.RequestNames).toHaveLength(REQUEST_NAMES_MAX);
  expect(() => whenBundle(...names)).toThrow('more than 64 different headers and parameters');
});

test('more texts with a wildcard than a value is held against are refused, exact ones are not', () => {
  const startsWith = (text: string): Condition => ({
    kind: 'request',
    ref: { kind: RequestKind.Header, name: 'x-a' },
    pattern: { op: TextOp.Prefix, text },
  });
  const starts = Array.from({ length: REQUEST_TESTS_MAX + 1 }, (_, i) => startsWith(`v${i}-`));
  const exact = Array.from({ length: 1000 }, (_, i) => header('x-a', `${i}`));
  const { records } = whenBundle(...starts.slice(1), ...exact, ...starts.slice(1));
  expect(records.RequestNames).toMatchObject([{ testCount: REQUEST_TESTS_MAX }]);
  expect(records.RequestTests).toHaveLength(REQUEST_TESTS_MAX + 1000);
  expect(() => whenBundle(...starts)).toThrow(
    'more than 128 texts with a wildcard for `request.headers["x-a"]`',
  );
});
