import { expect, test } from 'vitest';

import { parsePolicySet } from '../parse.ts';
import type { PolicySet } from '../policy-set.ts';
import { diffSets } from './diff-sets.ts';

const NOW = Date.UTC(2026, 0, 1);

function setOf(...rules: string[]): PolicySet {
  const text = `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: p }
spec:
  destination: { service: orders, environment: prod }
  rules: [${rules.map((rule, i) => `{ name: r${i}, ${rule} }`).join(', ')}]
`;
  const { set, errors } = parsePolicySet([{ name: 'p.yaml', text }]);
  expect(errors).toEqual([]);
  return set;
}

const x = 'effect: allow, from: [{ service: x }]';

test.each<[string, string[], string[], string[]]>([
  ['nothing', [x], [x], []],
  [
    'the same in other words',
    ['effect: allow, from: [{ service: [x, y] }], to: [{ methods: [GET] }]'],
    [
      'effect: allow, from: [{ service: y }], when: \'request.method == "GET"\'',
      'effect: allow, from: [{ service: x }], when: \'!(request.method != "GET")\'',
    ],
    [],
  ],
  [
    'a method more',
    [`${x}, to: [{ methods: [GET] }]`],
    [`${x}, to: [{ methods: [GET, POST] }]`],
    ['grants p/r0 of b: source.service: `x`; method: `POST`'],
  ],
  [
    'a deny rule less',
    [x, 'effect: deny, to: [{ paths: ["/a/{id}"] }]'],
    [x],
    ['grants p/r1 of a, p/r0 of b: source.service: `x`; path: `/a/{id}`'],
  ],
  [
    'a deny rule more',
    [x],
    [x, 'effect: deny, when: \'request.headers.h == "1"\''],
    ['takes p/r1 of b, p/r0 of a: source.service: `x`; header `h`: absent or a value `1`'],
  ],
  [
    'a lower risk',
    [x],
    [`${x}, maxRisk: high`],
    ['takes p/r0 of a: source.service: `x`; band: critical'],
  ],
  [
    'a clearance',
    [x],
    [`${x}, clearance: [PII]`],
    ['clearance granted PII p/r0 of b: source.service: `x`'],
  ],
  [
    'a record',
    [`${x}, audit: always`],
    [x],
    ['audit lowered always p/r0 of a: source.service: `x`'],
  ],
  [
    'a bound that moves',
    [`${x}, when: 'source.cpu < 0.5'`],
    [`${x}, when: 'source.cpu <= 0.5'`],
    ['grants p/r0 of b: source.service: `x`; source.cpu: 0.5'],
  ],
])('%s', (_, a, b, wanted) => {
  const { entries, gaveUp } = diffSets(setOf(...a), setOf(...b), { nowMs: NOW });
  expect(gaveUp).toEqual([]);
  const shown = entries.map(({ kind, label, rules, region, isExact }) => {
    const names = rules.map(({ rule, side }) => `${rule} of ${side}`).join(', ');
    expect(isExact).toBe(true);
    return `${[kind, label, names].filter(Boolean).join(' ')}: ${region}`;
  });
  expect(shown).toEqual(wanted);
});

test('an example is a whole request', () => {
  const after = `${x}, when: 'source.labels.tier == "web" && request.parameters["a b"] == "é"'`;
  const { entries } = diffSets(setOf(`${x}, to: [{ hosts: [h.test] }]`), setOf(after), {
    nowMs: NOW,
  });
  const granted = entries.find(({ kind }) => kind === 'grants');
  expect(granted?.example).toEqual({
    identity: {
      trustDomain: 'mesh.example',
      environment: 'prod',
      team: 'some-team',
      service: 'x',
      instance: '00000000-0000-4000-8000-000000000001',
      labels: { tier: 'web' },
    },
    method: 'GET',
    path: '/',
    query: 'a%20b=%C3%A9',
    host: 'orders',
    headers: {},
    timeMs: NOW,
    signals: {},
    band: 0,
  });
});

test('a comparison that is too much names the destination', () => {
  const { entries, gaveUp } = diffSets(setOf(x), setOf(`${x}, maxRisk: low`), {
    nowMs: NOW,
    steps: 10,
  });
  expect(entries).toEqual([]);
  expect(gaveUp).toEqual([
    {
      service: 'orders',
      environment: 'prod',
      reason: 'the whole analysis takes too many steps',
    },
  ]);
});
