/** The oracle itself, on cases worked out by hand from the policy model: it has to be right before it can judge. */
import { expect, test } from 'vitest';

import { requestHasLabel, routeHasLabel } from './classified.ts';
import { evaluateWhen } from './conditions.ts';
import type { OracleRequest, RawDocument, Truth } from './request.ts';
import { matchesRequest } from './requests.ts';
import { NaiveBuckets, restraintOn } from './restrictions.ts';
import { matchesSource } from './sources.ts';

const data: RawDocument = {
  kind: 'DataClassification',
  spec: {
    destination: { service: 'orders' },
    routes: [{ paths: ['/people/**'], labels: ['PII'] }],
    headers: [{ name: 'X-Card', label: 'PCI' }],
    parameters: [{ name: 'ssn', label: 'PII' }],
  },
};
const request: OracleRequest = {
  set: [data],
  target: { mesh: 'mesh.test', environment: 'prod', service: 'orders' },
  identity: {
    trustDomain: 'mesh.test',
    environment: 'prod',
    team: 'payments',
    service: 'checkout',
    instance: '3f0e8c1a-0000-4000-8000-000000000001',
    labels: { tier: 'web' },
  },
  method: 'GET',
  path: '/people/7/lines',
  query: 'q=a&q=b&s=one+two&e=%C3%A9&empty',
  host: 'API.test:8443',
  headers: [
    ['x-one', ' v1 '],
    ['x-two', 'a'],
    ['x-two', 'b'],
    ['x-same', 'a'],
    ['x-same', 'a'],
    ['x-list', 'a, b, '],
  ],
  timeMs: Date.parse('2026-03-29T01:00:00Z'),
  signals: { 'source.cpu': 0.5, 'source.worstCve': 3, 'environment.alert': 1 },
  band: 0,
};

test.each<[string, Truth]>([
  ['source.cpu < 0.8', true],
  ['0.8 <= source.cpu', false],
  ['source.memory < 0.5', undefined],
  ['has(source.memory) || has(source.cpu)', true],
  ['source.memory < 0.5 && source.cpu > 0.9', false],
  ['!(source.memory < 0.5)', undefined],
  ['source.worstCve >= "high"', true],
  ['source.worstCve in ["none", "low"]', false],
  ['environment.alert == true', true],
  ['request.headers["x-one"] == "v1"', true],
  ['request.headers["X-Two"] == "a"', undefined],
  ['request.headers["x-two"] != "c"', true],
  ['request.headers["x-two"] in ["a", "b"]', undefined],
  ['request.headers["x-same"].startsWith("a")', true],
  ['request.headers["x-none"] == "a"', undefined],
  ['has(request.headers["x-none"])', false],
  ['any(request.headers["x-two"]) == "b"', true],
  ['!(any(request.headers["x-two"]) == "b")', false],
  ['request.headers["x-list"] == "a"', undefined],
  ['request.headers["x-list"] == "a, b,"', false],
  ['request.headers["x-list"] in ["c", "d"]', false],
  ['request.headers["x-list"] == ""', undefined],
  ['any(request.headers["x-list"]) == "a"', false],
  ['any(request.headers["x-list"]) == "a, b,"', true],
  ['any(request.headers["x-two"]) in ["c", "d"]', false],
  ['any(request.headers["x-none"]) == "a"', undefined],
  ['request.parameters.q == "a"', undefined],
  ['request.parameters.s == "one two"', true],
  ['request.parameters["e"].endsWith("é")', true],
  ['request.parameters.empty == ""', true],
  ['request.method == "GET" && request.authority == "api.test:8443"', true],
  ['request.host == "api.test" && !request.host.endsWith(".test")', false],
  ['request.host.endsWith(".test")', true],
  ['request.path.startsWith("/p%65ople/")', true],
  ['request.path.endsWith("/lines") && request.path != "/people"', true],
  ['"PII" in route.labels', true],
  ['"PCI" in route.labels || "PCI" in request.labels', false],
  ['source.labels.tier != "db" && source.labels["zone"] != "a"', true],
  ['source.environment == destination.environment', true],
  ['source.service.endsWith("out")', true],
  // 29 March, 02:00 becomes 03:00 in Paris; in Azores midnight becomes one o'clock.
  ['within(request.time, "Sun 02:00-03:00", "Europe/Paris")', false],
  ['within(request.time, "Sun 03:00-03:01", "Europe/Paris")', true],
  ['onDate(request.time, "2026-03-29", "Atlantic/Azores")', true],
  ['onDate(request.time, ["12-24..03-28"], "UTC")', false],
  ['onDate(request.time, ["12-24..03-29"], "UTC")', true],
  ['request.time < timestamp("2026-03-29T03:00:00+02:00")', false],
  ['request.time <= timestamp("2026-03-29T03:00:00+02:00")', true],
])('%s', (when, truth) => {
  expect(evaluateWhen(when, request)).toBe(truth);
});

test.each<[RawDocument, boolean]>([
  [{ service: ['cart', 'check*'], team: '*ments' }, true],
  [{ environment: 'same', notTeam: ['web', 'pay'] }, true],
  [{ notEnvironment: 'same' }, false],
  [{ labels: { tier: '*' } }, true],
  [{ labels: { tier: ['db', '*b'], zone: '*' } }, false],
  [{ notLabels: { zone: ['a', 'b'] } }, true],
  [{ notLabels: { tier: '*' } }, false],
  [{ notLabels: { tier: 'web', zone: 'a' } }, false],
  [{ instance: '3f0e8c1a*', domain: '*.test', notInstance: 'x' }, true],
])('from %j', (entry, holds) => {
  expect(matchesSource(entry, 'allow', request)).toBe(holds);
});

// For a stranger: in an allow rule, then in a deny rule.
test.each<[RawDocument, boolean, boolean]>([
  [{ service: 'checkout' }, false, true],
  [{ service: 'cart' }, false, false],
  [{ notService: 'checkout' }, false, true],
  [{ notLabels: { tier: 'web' } }, false, true],
  [{ notDomain: 'partner.test' }, false, false],
  [{ domain: 'mesh.test' }, false, false],
  [{ domain: 'partner.test' }, true, true],
  [{ domain: 'partner.test', notService: 'checkout' }, false, false],
])('from %j of a stranger', (entry, allows, denies) => {
  const identity = { ...request.identity, trustDomain: 'partner.test' };
  expect(matchesSource(entry, 'allow', { ...request, identity })).toBe(allows);
  expect(matchesSource(entry, 'deny', { ...request, identity })).toBe(denies);
});

// In an allow rule, then in a deny rule.
test.each<[RawDocument, boolean, boolean]>([
  [{ methods: ['G*'], paths: ['*/lines'], hosts: ['*.test'] }, true, true],
  [{ paths: ['/people/{id}'] }, false, false],
  [{ paths: ['/people/{id}/li*'] }, true, true],
  [{ paths: ['/people/7/lines/**'] }, true, true],
  [{ paths: ['/people/7/lines/*'] }, false, false],
  [{ notMethods: ['POST', '*T'] }, false, false],
  [{ headers: { 'x-two': ['a', 'b'] } }, false, true],
  [{ headers: { 'x-two': '*' } }, true, true],
  [{ headers: { 'x-none': 'a' } }, false, false],
  [{ headers: { 'x-two': 'a', 'x-none': 'a' } }, false, false],
  [{ notHeaders: { 'x-two': 'a' } }, false, true],
  [{ notHeaders: { 'x-one': 'v*', 'x-none': '*' } }, false, false],
  [{ notParameters: { none: '*', s: 'one*' } }, false, false],
  [{ parameters: { q: 'a' }, notPaths: ['/people/**'] }, false, false],
])('to %j', (entry, allows, denies) => {
  expect(matchesRequest(entry, 'allow', request)).toBe(allows);
  expect(matchesRequest(entry, 'deny', request)).toBe(denies);
});

test('labels come from the classifications of the destination', () => {
  const withCard = { ...request, headers: [['x-card', '']] as const };
  expect(requestHasLabel('PCI', withCard)).toBe(true);
  expect(requestHasLabel('PII', { ...request, query: 'ssn=1' })).toBe(true);
  const elsewhere = {
    ...request,
    target: { mesh: 'mesh.test', environment: 'prod', service: 'cart' },
  };
  expect(routeHasLabel('PII', elsewhere)).toBe(false);
});

test('restrictions add up, and tokens come back', () => {
  const none = { readOnly: false, noClearance: false, ratePerSecond: 0, burst: 0 };
  const source = { ...none, subject: 'prod/checkout', side: 'source', untilMs: 0 } as const;
  const restrictions = [
    { ...source, verdict: 'Throttle', ratePerSecond: 2, burst: 1, retryAfterSeconds: 9 } as const,
    { ...source, verdict: 'Degrade', readOnly: true, retryAfterSeconds: 0 } as const,
    { ...source, verdict: 'Break', retryAfterSeconds: 99, untilMs: request.timeMs } as const,
    { ...source, side: 'destination', verdict: 'Isolate', retryAfterSeconds: 0 } as const,
  ];
  const { identity, target, timeMs } = request;
  const rate = { perSecond: 2, burst: 1 };
  expect(restraintOn(restrictions, identity, target, timeMs)).toEqual({
    verdict: 'Throttle',
    isReadOnly: true,
    takesClearance: false,
    rate,
    retryAfterSeconds: 9,
  });
  expect(restraintOn(restrictions, identity, target, timeMs - 1).verdict).toBe('Break');
  const buckets = new NaiveBuckets(1);
  const taken = [0, 499, 500, 400, 899, 900].map((at) => buckets.take('a', rate, at));
  expect(taken).toEqual([true, false, true, false, false, true]);
});
