/** Rules for a caller are found one by one, however many there are and in whatever group they stand. */
import { expect, test } from 'vitest';

import { Direction } from '../../layout.ts';
import { parsePolicySet } from '../../policy/parse.ts';
import { filterPath } from '../project-paths.ts';
import { rulesForCaller } from './caller-rules.ts';
import { loadFilter } from './laboratory.ts';

const module = await loadFilter(filterPath());

test.each([
  ['in the middle, at the ends', [0, 499, 500, 1_200]],
  ['nowhere', []],
])('%s', (_name, own) => {
  const rules = Array.from({ length: 1_201 }, (_, i) => {
    const service = own.includes(i) ? 'checkout' : `other-${i}`;
    return `  - { name: r${i}, effect: allow, from: [{ service: ${service} }] }`;
  });
  const text = `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: p }
spec:
  destination: { service: orders }
  rules:
${rules.join('\n')}`;
  const { set, errors } = parsePolicySet([{ name: 'p.yaml', text }]);
  expect(errors).toEqual([]);
  const target = {
    mesh: 'a.b',
    service: 'orders',
    environment: 'prod',
    direction: Direction.Inbound,
  };
  const instance = '00000000-0000-4000-8000-000000000001';
  const names = { environment: 'prod', team: 't', service: 'checkout', instance, labels: {} };
  const request = {
    identity: { trustDomain: 'a.b', ...names },
    method: 'GET',
    path: '/',
    query: '',
    headers: {},
    timeMs: 1e12,
    signals: {},
    band: 0,
  };
  const found = rulesForCaller(module, target, set.access[0]?.rules ?? [], {
    request,
    restrictions: [],
  });
  expect(found.flatMap((isFor, i) => (isFor ? [i] : []))).toEqual(own);
});
