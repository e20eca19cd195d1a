/** Looking for the smallest change: where the exact way gives up, where restrictions stand in the way as well. */

import { expect, test } from 'vitest';
import { Direction, RestrictionSide, Verdict } from '../../layout.ts';
import { baseRequest as base } from '../../policy/analysis/concrete-request.test-data.ts';
import type { ConcreteRequest } from '../../policy/analysis/concrete-request.ts';
import { parsePolicySet } from '../../policy/parse.ts';
import { filterPath } from '../project-paths.ts';
import { loadFilter } from './laboratory.ts';
import { smallestChange } from './smallest-change.ts';

const module = await loadFilter(filterPath());
const target = {
  mesh: 'mesh.test',
  service: 'orders',
  environment: 'prod',
  direction: Direction.Inbound,
};

const find = (rule: string, request: Partial<ConcreteRequest>, steps?: number, broken = false) => {
  const text = `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: p }
spec:
  destination: { service: orders, environment: prod }
  rules: [{ name: r, ${rule} }]`;
  const { set, errors } = parsePolicySet([{ name: 'p.yaml', text }]);
  expect(errors).toEqual([]);
  const restriction = {
    subject: 'prod/orders',
    side: RestrictionSide.Destination,
    verdict: Verdict.Break,
    readOnly: false,
    noClearance: false,
    ratePerSecond: 0,
    burst: 0,
    retryAfterSeconds: 10,
    untilMs: 0,
  };
  const question = { request: { ...base, ...request }, restrictions: broken ? [restriction] : [] };
  return smallestChange(module, set, target, question, steps);
};

const partsOf = (found: ReturnType<typeof find>) =>
  found.alternatives.map((changes) => changes.map(({ part, to }) => `${part}: ${to}`));

test.each<[string, string, Partial<ConcreteRequest>, string[]]>([
  [
    'a signal',
    'effect: allow, when: "source.cpu < 0.8"',
    { signals: { 'source.cpu': 0.9 } },
    ['source.cpu: 0.79'],
  ],
  ['a method', 'effect: allow, to: [{ methods: [PUT] }]', {}, ['request.method: PUT']],
  ['a path', 'effect: allow, to: [{ paths: ["/a/{x}/b"] }]', {}, ['request.path: /a/x/b']],
  ['a path by its start', 'effect: allow, to: [{ paths: ["/a/b*"] }]', {}, ['request.path: /a/b']],
  ['a path by its end', 'effect: allow, to: [{ paths: ["*.json"] }]', {}, ['request.path: /.json']],
  ['a host', 'effect: allow, to: [{ hosts: ["*.a.example"] }]', {}, ['request.host: x.a.example']],
  ['a service', 'effect: allow, from: [{ service: a }]', {}, ['source.service: a']],
  ['a label', 'effect: allow, from: [{ labels: { a: b } }]', {}, ['source.labels["a"]: "b"']],
  [
    'a label that goes',
    'effect: allow, from: [{ notLabels: { a: "*" } }]',
    { identity: { ...base.identity, labels: { a: 'x' } } },
    ['source.labels["a"]: absent'],
  ],
  ['the band', 'effect: allow, maxRisk: low', { band: 2 }, ['band: low']],
  ['a header', 'effect: allow, to: [{ headers: { a: b } }]', {}, ['request.headers["a"]: "b"']],
  [
    'a parameter',
    'effect: allow, to: [{ parameters: { a: b } }]',
    { query: 'c=d' },
    ['request.parameters["a"]: "b"'],
  ],
  [
    'the time',
    'effect: allow, when: "within(request.time, \\"13:00-14:00\\", \\"UTC\\")"',
    {},
    ['request.time: 2026-03-27T13:00:00.000Z'],
  ],
  [
    'two parts',
    'effect: allow, from: [{ service: a }], to: [{ methods: [PUT] }]',
    {},
    ['source.service: a', 'request.method: PUT'],
  ],
])('without a diagram, %s is tried', (_name, rule, request, expected) => {
  const found = find(rule, request, 1);
  expect(partsOf(found)[0]?.toSorted()).toEqual(expected.toSorted());
  expect(found).toMatchObject({ isSmallest: false, wanted: 'allowed' });
  expect(found.note).toMatch(/too many or too tangled .* changes of one and two parts were tried$/);
});

test('a circuit that is open as well has to be closed, too', () => {
  const rule = 'effect: allow, when: "source.cpu < 0.8"';
  expect(partsOf(find(rule, { signals: { 'source.cpu': 0.9 } }, undefined, true))).toEqual([
    ['source.cpu: 0.79', 'restriction break of prod/orders as destination: released'],
  ]);
});

test('a path in another spelling is that of its rule', () => {
  const rule = 'effect: allow, to: [{ methods: [PUT], paths: [/a@b] }]';
  expect(partsOf(find(rule, { path: '/a%40b' }))).toEqual([['request.method: PUT']]);
});

test('nothing helps against a deny rule without conditions', () => {
  const found = find('effect: deny', {});
  expect(found).toEqual({ wanted: 'allowed', alternatives: [], isSmallest: true });
});
