/** The nearest request with another answer: what changes, to what, and that nothing less does. */

import { describe, expect, test } from 'vitest';
import { parsePolicySet } from '../parse.ts';
import type { PolicySet } from '../policy-set.ts';
import { baseRequest as base } from './concrete-request.test-data.ts';
import type { ConcreteRequest } from './concrete-request.ts';
import { GaveUp } from './effort.ts';
import { type NearbyRequest, nearestChanges, type WantedAnswer } from './nearest-change.ts';

function setOf(...rules: string[]): PolicySet {
  const text = `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: p }
spec:
  destination: { service: orders, environment: prod }
  rules:
${rules.map((rule, i) => `  - { name: r${i}, ${rule} }`).join('\n')}`;
  const { set, errors } = parsePolicySet([{ name: 'p.yaml', text }]);
  expect(errors).toEqual([]);
  return set;
}

type Options = Partial<WantedAnswer> & { readonly take?: number };

function nearest(
  set: PolicySet,
  request: Partial<ConcreteRequest> = {},
  { take = 1, ...wanted }: Options = {},
) {
  const found = nearestChanges(
    set,
    { ...base, ...request },
    { service: 'orders', environment: 'prod', isAllowed: true, ...wanted },
  );
  const first: NearbyRequest[] = [];
  for (const near of found) if (first.push(near) >= take) break;
  return first.map(({ size, request: to }) => {
    const changes = Object.entries(to).filter(
      ([name, value]) =>
        JSON.stringify(value) !==
        JSON.stringify({ ...base, ...request }[name as keyof ConcreteRequest]),
    );
    return { size, ...Object.fromEntries(changes) };
  });
}

describe('one part', () => {
  test.each<[string, string, Partial<ConcreteRequest>, object]>([
    ['is nothing when the answer is there', 'effect: allow', {}, { size: 0 }],
    [
      'is a share just below its limit',
      'effect: allow, when: "source.cpu < 0.8"',
      { signals: { 'source.cpu': 0.95 } },
      { size: 1, signals: { 'source.cpu': 0.79 } },
    ],
    [
      'is a share at its limit',
      'effect: allow, when: "source.cpu <= 0.8"',
      { signals: { 'source.cpu': 0.95 } },
      { size: 1, signals: { 'source.cpu': 0.8 } },
    ],
    [
      'is a count above its limit',
      'effect: allow, when: "source.cveCount > 4"',
      { signals: { 'source.cveCount': 1 } },
      { size: 1, signals: { 'source.cveCount': 5 } },
    ],
    [
      'is the nearer end of a range',
      'effect: allow, when: "environment.load > 10 && environment.load < 20"',
      { signals: { 'environment.load': 500 } },
      { size: 1, signals: { 'environment.load': 19 } },
    ],
    [
      'is a known value, when it is unknown',
      'effect: allow, when: "source.worstCve < \\"high\\""',
      {},
      { size: 1, signals: { 'source.worstCve': 0 } },
    ],
    ['is the band', 'effect: allow, maxRisk: guarded', { band: 3 }, { size: 1, band: 1 }],
    [
      'is the next window',
      'effect: allow, when: "within(request.time, \\"Mon 09:00-17:00\\", \\"UTC\\")"',
      {},
      { size: 1, timeMs: Date.parse('2026-03-30T09:00:00Z') },
    ],
    [
      'is a header, beside the others',
      'effect: allow, to: [{ headers: { x-tenant: [acme] } }]',
      { headers: { 'x-other': ['1'], 'x-tenant': ['acme', 'evil'] } },
      { size: 1, headers: { 'x-other': ['1'], 'x-tenant': ['acme'] } },
    ],
    [
      'is a parameter',
      'effect: allow, to: [{ parameters: { v: "2" } }]',
      { query: 'a=%20b&v=1' },
      { size: 1, query: 'a=%20b&v=2' },
    ],
    [
      'is the method, and leaves the query as it was written',
      'effect: allow, to: [{ methods: [POST], parameters: { a: "*" } }]',
      { query: 'a=+b&c' },
      { size: 1, method: 'POST' },
    ],
    [
      'is the host',
      'effect: allow, to: [{ hosts: [a.example] }]',
      {},
      { size: 1, host: 'a.example' },
    ],
    [
      'is a label',
      'effect: allow, from: [{ labels: { tier: web } }]',
      {},
      { size: 1, identity: { ...base.identity, labels: { tier: 'web' } } },
    ],
    [
      'is a header of which any line matches',
      'effect: allow, when: "any(request.headers[\\"a\\"]) == \\"y\\""',
      { headers: { a: ['x'] } },
      { size: 1, headers: { a: ['x', 'y'] } },
    ],
  ])('%s', (_name, rule, request, expected) => {
    expect(nearest(setOf(rule), request)).toEqual([expected]);
  });
});

test('as many parts as it takes, and no more', () => {
  const set = setOf(
    'effect: allow, from: [{ service: a }], to: [{ methods: [PUT], paths: [/x] }]',
    'effect: allow, to: [{ methods: [POST] }], when: "source.cpu < 0.5"',
  );
  expect(nearest(set, { signals: { 'source.cpu': 0.6 } })).toEqual([
    { size: 2, method: 'POST', signals: { 'source.cpu': 0.49 } },
  ]);
});

test('what an operator can change soonest comes first, then other parts', () => {
  const set = setOf(
    'effect: allow, from: [{ service: a }]',
    'effect: allow, to: [{ methods: [PUT] }]',
    'effect: allow, when: "source.cpu < 0.5"',
  );
  const found = nearest(set, { signals: { 'source.cpu': 0.6 } }, { take: 10 });
  expect(found.slice(0, 3)).toEqual([
    { size: 1, signals: { 'source.cpu': 0.49 } },
    { size: 1, method: 'PUT' },
    { size: 1, identity: { ...base.identity, service: 'a' } },
  ]);
  expect(found.slice(3).every(({ size }) => size > 1)).toBe(true);
  const parts = found.map((change) => Object.keys(change).sort().join(' '));
  expect(new Set(parts).size).toBe(parts.length);
});

test('every way comes once', () => {
  const set = setOf(
    'effect: allow, from: [{ service: a }], to: [{ methods: [PUT] }]',
    'effect: allow, from: [{ team: t }], to: [{ paths: [/x] }]',
  );
  const found = nearest(set, {}, { take: 10 });
  expect(found.filter(({ size }) => size === 2)).toHaveLength(2);
});

test('a denial can be wanted', () => {
  const set = setOf('effect: allow', 'effect: deny, when: "source.cpu >= 0.5"');
  expect(nearest(set, { signals: { 'source.cpu': 0.1 } }, { isAllowed: false })).toEqual([
    { size: 1, signals: { 'source.cpu': 0.5 } },
  ]);
});

test('nothing is found where nothing can be', () => {
  expect(nearest(setOf('effect: deny'))).toEqual([]);
  expect(nearest(setOf('effect: allow, from: [{ domain: other.test }]'))).toEqual([]);
});

test('time does not go back', () => {
  const rule = 'effect: allow, when: "request.time < timestamp(\\"2026-01-01T00:00:00Z\\")"';
  expect(nearest(setOf(rule))).toEqual([]);
});

test('it gives up when it may not spend enough', () => {
  const set = setOf('effect: allow, to: [{ paths: ["/a/{x}/c"] }], from: [{ service: a* }]');
  expect(() => nearest(set, {}, { steps: 5 })).toThrow(GaveUp);
});
