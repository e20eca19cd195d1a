import { expect, test } from 'vitest';

import { parsePolicySet } from '../parse.ts';
import type { PolicySet } from '../policy-set.ts';
import { analyse, findingsOf } from './analyse.ts';

const NOW = Date.UTC(2026, 0, 1);

function setOf(rules: string, rest = ''): PolicySet {
  const text = `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: p }
spec:
  destination: { service: orders }
  rules:
${rules}
${rest}`;
  const { set, errors } = parsePolicySet([{ name: 'p.yaml', text }]);
  expect(errors).toEqual([]);
  return set;
}

function found(rules: string, rest = ''): string[] {
  const { findings, gaveUp } = analyse(setOf(rules, rest), { nowMs: NOW });
  expect(gaveUp).toEqual([]);
  return findings.map(({ kind, rule, others }) => [kind, rule, ...others].join(' '));
}

const a = '- { name: a, effect: allow, from: [{ service: x }], to: [{ paths: [/a] }] }';
const classified = `
---
apiVersion: sm-dta/v1
kind: DataClassification
metadata: { name: c }
spec:
  destination: { service: orders }
  routes: [{ paths: [/secret], labels: [PII] }]
`;

test.each([
  ['rules of use', `${a}\n- { name: b, effect: allow, from: [{ service: y }] }`, []],
  [
    'a condition that contradicts itself',
    "- { name: b, effect: allow, when: 'source.cpu > 0.5 && source.cpu < 0.5' }",
    ['contradiction p/b'],
  ],
  [
    'a deny that would need a value to match and not to match',
    '- { name: b, effect: deny, when: \'!(has(request.headers.h)) && request.method == "A" && request.method == "B"\' }',
    ['contradiction p/b'],
  ],
  [
    'a header of which any line matches: two lines may match two texts',
    '- { name: b, effect: allow, when: \'any(request.headers.h) == "1" && any(request.headers.h) == "2"\' }',
    [],
  ],
  [
    'a header of which all values match two texts',
    '- { name: b, effect: allow, when: \'request.headers.h == "1" && request.headers.h == "2"\' }',
    ['contradiction p/b'],
  ],
  [
    'a deny on any line: an absent header is unknown',
    '- { name: b, effect: deny, when: \'any(request.headers.h) == "1" && !has(request.headers.h)\' }',
    [],
  ],
  [
    'a time that is over',
    '- { name: b, effect: allow, when: \'request.time < timestamp("2025-01-01T00:00:00Z")\' }',
    ['contradiction p/b'],
  ],
  [
    'a caller that cannot be',
    '- { name: b, effect: allow, from: [{ service: x, notService: "x*" }] }',
    ['dead p/b'],
  ],
  [
    'a request that its condition excludes',
    '- { name: b, effect: allow, to: [{ methods: [GET] }], when: \'request.method != "GET"\' }',
    ['dead p/b'],
  ],
  [
    'hidden by a deny',
    `${a}\n- { name: d, effect: deny, from: [{ service: "x*" }] }`,
    ['hidden p/a p/d', 'overlap p/d p/a'],
  ],
  [
    'not hidden, for the deny may be false',
    `${a}\n- { name: d, effect: deny, from: [{ service: x }], when: 'source.cpu > 0.5' }`,
    ['overlap p/d p/a'],
  ],
  [
    'the later of two that say the same',
    `${a}\n- { name: b, effect: allow, from: [{ service: x }], to: [{ paths: [/a] }] }`,
    ['redundant p/b p/a'],
  ],
  [
    'covered by two others together',
    `${a}\n- { name: b, effect: allow, from: [{ service: x }], to: [{ notPaths: [/a] }] }\n- { name: c, effect: allow, from: [{ service: x }] }`,
    ['redundant p/c p/a p/b'],
  ],
  [
    'a clearance that nobody else grants',
    `${a}\n- { name: b, effect: allow, from: [{ service: x }], to: [{ paths: [/a] }], maxRisk: low, clearance: [PII] }`,
    [],
  ],
  [
    'a record that nobody else asks for',
    `${a}\n- { name: b, effect: allow, from: [{ service: x }], to: [{ paths: [/a] }], maxRisk: low, audit: synchronous }`,
    [],
  ],
  [
    'a record that nobody else asks for, of two that are stricter than none',
    `${a}\n- { name: b, effect: allow, from: [{ service: x }], to: [{ paths: [/a] }], maxRisk: low, audit: always }`,
    [],
  ],
  [
    'a record that a stricter one covers',
    `- { name: b, effect: allow, from: [{ service: x }], audit: synchronous }\n- { name: c, effect: allow, from: [{ service: x }], audit: always }`,
    ['redundant p/c p/b'],
  ],
  [
    'a path that a deny closes',
    '- { name: b, effect: allow, from: [{ service: x }], to: [{ paths: [/a, /b] }] }\n- { name: d, effect: deny, to: [{ paths: [/b] }] }',
    ['uncallable p/b', 'overlap p/d p/b'],
  ],
])('%s', (_, rules, wanted) => {
  const indented = rules.split('\n').map((line) => `    ${line}`);
  expect(found(indented.join('\n'))).toEqual(wanted);
});

test('anyone at classified data, and a classified path that nobody may call', () => {
  const open = '    - { name: b, effect: allow, to: [{ paths: [/secret] }] }';
  expect(found(open, classified)).toEqual(['open p/b']);
  expect(found(`    ${a}`, classified)).toEqual(['uncallable c']);
});

test('same: a rule is dead only if it is in every environment', () => {
  const same =
    '    - { name: b, effect: allow, from: [{ environment: [same], notEnvironment: prod }] }';
  expect(found(same)).toEqual([]);
  const never =
    '    - { name: b, effect: allow, from: [{ environment: same, notEnvironment: same }] }';
  expect(found(never)).toEqual(['dead p/b']);
});

test('beyond its effort an analysis says so, and still finds copies', () => {
  const copies = `    ${a}\n    ${a.replace('name: a', 'name: b')}`;
  const { findings, gaveUp } = analyse(setOf(copies), { nowMs: NOW, steps: 200 });
  expect(gaveUp).toEqual([
    { service: 'orders', reason: 'the whole analysis takes too many steps' },
  ]);
  expect(findings.map(({ kind, rule }) => `${kind} ${rule}`)).toEqual(['redundant p/b']);
  expect(findingsOf(setOf(copies), NOW).map(({ rule }) => rule)).toEqual(['p/b']);
});
