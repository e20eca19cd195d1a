/** What only a look at a whole set shows: limits, and labels that nothing carries. */
import { expect, test } from 'vitest';

import { Audit, Band, Effect } from '../layout.ts';
import { checkSet } from './check-set.ts';
import { parsePolicySet } from './parse.ts';
import type { AccessPolicy } from './policy-set.ts';

const policy = (rule: string) => `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders }
  rules:
    - ${rule}
`;

const warningsOf = (rule: string) => {
  const { errors, warnings } = parsePolicySet([{ name: 'p.yaml', text: policy(rule) }]);
  expect(errors).toEqual([]);
  return warnings.map(({ line, message }) => `${line} ${message}`);
};

test('rules that wait for a risk band or a signal are no reason for a warning', () => {
  expect(warningsOf('{ name: r, effect: allow, maxRisk: guarded }')).toEqual([]);
  expect(warningsOf('{ name: r, effect: allow, when: "!(source.cpu < 0.5)" }')).toEqual([]);
});

const asking = (condition: string) => `{ name: r, effect: deny, when: '${condition}' }`;
const classification = (environment: string, spec: string) => `
---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: data }
spec:
  destination: { service: orders${environment} }
  ${spec}
`;

const bothWarnings = (condition: string, environment: string, spec: string) => {
  const text = policy(asking(condition)) + classification(environment, spec);
  const { errors, warnings } = parsePolicySet([{ name: 'p.yaml', text }]);
  expect(errors).toEqual([]);
  return warnings.map(({ line, message }) => `${line} ${message}`);
};

test('a label that nothing carries is named, once in a rule', () => {
  expect(warningsOf(asking('"PII" in route.labels && !("PII" in route.labels)'))).toEqual([
    '8 rule `r` asks for label `PII` of routes, and nothing carries it',
  ]);
  expect(
    bothWarnings('"PCI" in request.labels', '', 'routes: [{ paths: [/a], labels: [PCI] }]'),
  ).toEqual(['8 rule `r` asks for label `PCI` of requests, and nothing carries it']);
  expect(bothWarnings('"PII" in route.labels', '', 'headers: [{ name: x, label: PII }]')).toEqual([
    '8 rule `r` asks for label `PII` of routes, and nothing carries it',
  ]);
});

test.each([
  ['"PII" in route.labels', '', 'routes: [{ paths: [/a], labels: [PII] }]'],
  ['"PII" in route.labels', ', environment: prod', 'routes: [{ paths: [/a], labels: [PII] }]'],
  ['"PII" in request.labels', '', 'headers: [{ name: x, label: PII }]'],
  ['"PII" in request.labels', '', 'parameters: [{ name: x, label: PII }]'],
])('a label that something carries is not: %s', (condition, environment, spec) => {
  expect(bothWarnings(condition, environment, spec)).toEqual([]);
});

const errorsOf = (text: string) =>
  parsePolicySet([{ name: 'p.yaml', text }]).errors.map((e) => `${e.line} ${e.message}`);

test('hosts of conditions count, and so do negated ones', () => {
  const half = (letter: string) => Array.from({ length: 32 }, (_, i) => `${letter}${i}.test`);
  const quotedHosts = half('a').map((host) => `"${host}"`);
  const rule = `{ name: r, effect: allow, to: [{ hosts: [${half('b')}] }, { notHosts: [c.test] }],
      when: 'request.host in [${quotedHosts}]' }`;
  expect(errorsOf(policy(rule))).toEqual([
    '2 policies for service `orders` name 65 different hosts',
  ]);
  expect(errorsOf(policy(rule.replace('c.test', 'b0.test')))).toEqual([]);
});

test('a bundle reads 64 headers, parameters and the like, wherever they are named', () => {
  const headers = Array.from({ length: 31 }, (_, i) => `h${i}: x`);
  const parameters = Array.from({ length: 31 }, (_, i) => `p${i}: x`);
  const rule = `{ name: r, effect: allow, to: [{ headers: { ${headers} }, notParameters: { ${parameters} } },
      { methods: [PURGE] }], when: 'has(request.authority) && "A" in request.labels' }`;
  const text = (spec: string) => policy(rule) + classification('', spec);
  expect(errorsOf(text('headers: [{ name: h0, label: A }]'))).toEqual([]);
  expect(errorsOf(text('headers: [{ name: extra, label: A }]'))).toEqual([
    '2 policies for service `orders` name 65 different headers, parameters and the like',
  ]);
});

test('a header or a parameter is compared with 128 texts with a wildcard, and any number of exact ones', () => {
  const texts = (letter: string, count: number) =>
    Array.from({ length: count }, (_, i) => `"${letter}${i}*"`);
  const exact = Array.from({ length: 500 }, (_, i) => `"${i}"`);
  const rule = (count: number) => `{ name: r, effect: allow,
      to: [{ headers: { x: [${texts('a', 64)}, ${exact}] }, parameters: { x: ["b*"] } }, { notHeaders: { X: [${texts('b', count)}] } }],
      when: 'request.headers["x"].startsWith("a0")' }`;
  expect(errorsOf(policy(rule(64)))).toEqual([]);
  expect(errorsOf(policy(rule(65)))).toEqual([
    '2 policies for service `orders` name 129 texts with a wildcard for `request.headers["x"]`',
  ]);
});

test('a set has 250,000 rules at most, and the first too many is named', () => {
  const origin = (line: number) => ({ file: 'p.yaml', line, column: 1 });
  const rule = {
    effect: Effect.Allow,
    from: [],
    to: [],
    when: undefined,
    maxRisk: Band.Critical,
    clearance: [],
    audit: Audit.Sampled,
  };
  const policyOf = (name: string, count: number): AccessPolicy => ({
    kind: 'AccessPolicy',
    name,
    origin: origin(1),
    destination: { service: name },
    isShadow: false,
    rules: Array.from({ length: count }, (_, i) => ({ ...rule, name: `r${i}`, origin: origin(i) })),
  });
  const check = (count: number) =>
    checkSet({
      access: [policyOf('a', 200_000), policyOf('b', count)],
      classifications: [],
      masking: [],
    }).errors;
  expect(check(50_000)).toEqual([]);
  expect(check(50_001)).toMatchObject([{ line: 50_000, message: 'set has 250001 rules' }]);
});

const mixedIn = (first: string, second: string, environments = ['', '']) => {
  const document = (rule: string, i: number) =>
    policy(rule)
      .replace('name: orders }', `name: orders-${i} }`)
      .replace('service: orders }', `service: orders${environments[i]} }`);
  const text = [first, second].map(document).join('---\n');
  const { errors } = parsePolicySet([{ name: 'p.yaml', text }]);
  return errors.map(({ line, message, help }) => `${line} ${message}: ${help}`);
};
const readsValue = '{ name: v, effect: deny, to: [{ notHeaders: { X-A: evil } }] }';
const readsLine = `{ name: l, effect: allow, when: 'any(request.headers["x-a"]) == "a,b"' }`;
const both = '`x-a` by `any()`, and rule `v` by value';

test('a header is read by value or by line in a destination, and both places are named', () => {
  const help = 'use `any()` in both, or in neither; the other is in p.yaml';
  expect(mixedIn(readsValue, readsLine)).toEqual([
    `17 rule \`l\` reads header ${both}: ${help}, line 8`,
  ]);
  expect(mixedIn(readsLine, readsValue)).toEqual([
    `17 rule \`v\` reads header \`x-a\` by value, and rule \`l\` by \`any()\`: ${help}, line 8`,
  ]);
  const [prod, test] = [', environment: prod', ', environment: test'];
  expect(mixedIn(readsValue, readsLine, ['', prod])).toHaveLength(1);
  expect(mixedIn(readsValue, readsLine, [prod, test])).toEqual([]);
  const isThere = '{ name: t, effect: deny, to: [{ headers: { x-a: "*" } }] }';
  expect(mixedIn(isThere, readsLine)).toEqual([]);
});
