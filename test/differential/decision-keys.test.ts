/** Every part of a decision's key counts: a walk that changes one part at a time through a cache of sixteen entries. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { bundleOf, id, Mesh, stateOf } from '../filter/mesh.ts';

const STEPS = 20_000;
const HOSTS = 60;
const PATHS = 300;
const CALLERS = 300;
const VALUES = 60;
const METHODS = [
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'OPTIONS',
  'DELETE',
  'TRACE',
  'PATCH',
  'PURGE',
  'LOCK',
];

// What is odd is denied; every host, path and value has its own pattern, so that no two fall into one class.
const numbers = (count: number) => [...Array(count).keys()];
const odd = <T>(all: T[]): T[] => all.filter((_, i) => i % 2 === 1);
const even = <T>(all: T[]): T[] => all.filter((_, i) => i % 2 === 0);
const hosts = numbers(HOSTS).map((i) => `h${i}.test`);
const values = numbers(VALUES).map((i) => `v${i}`);
const paths = numbers(PATHS).map((i) => `/p${i}`);
const rule = (name: string, effect: string, to: object) =>
  `    - { name: ${name}, effect: ${effect}, to: [${JSON.stringify(to)}] }`;
const POLICY = `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: parity }
spec:
  destination: { service: orders }
  rules:
    - { name: all, effect: allow }
    - { name: callers, effect: deny, from: [{ service: odd }] }
${rule('odd-hosts', 'deny', { hosts: odd(hosts) })}
${rule('odd-paths', 'deny', { paths: odd(paths) })}
${rule('odd-methods', 'deny', { methods: odd(METHODS) })}
${rule('odd-headers', 'deny', { headers: { 'x-v': odd(values) } })}
${rule('odd-parameters', 'deny', { parameters: { v: odd(values) } })}
${even(hosts)
  .map((host, i) => rule(`host-${i}`, 'allow', { hosts: [host] }))
  .join('\n')}
${even(values)
  .map((value, i) => rule(`header-${i}`, 'allow', { headers: { 'x-v': value } }))
  .join('\n')}
${even(values)
  .map((value, i) => rule(`parameter-${i}`, 'allow', { parameters: { v: value } }))
  .join('\n')}
${even(paths)
  .map((path, i) => rule(`path-${i}`, 'allow', { paths: [path] }))
  .join('\n')}
`;

const sizes = [HOSTS, PATHS, METHODS.length, CALLERS, VALUES, VALUES];
const callers = numbers(CALLERS).map((i) =>
  id(
    'prod',
    't',
    i % 2 === 1 ? 'odd' : 'even',
    `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
  ),
);

test(`a walk of ${STEPS} steps never meets the decision of another request`, async () => {
  const env = { DTA_IDENTITY: 'header', DTA_CACHE_ENTRIES: '16' };
  const mesh = await Mesh.start({ env });
  const root = mesh.bundle(bundleOf(POLICY));
  mesh.state(stateOf());
  const move = fc.tuple(fc.nat(sizes.length - 1), fc.nat(299));
  const walk = fc.array(move, { minLength: STEPS, maxLength: STEPS, size: 'max' });
  const [moves = []] = fc.sample(walk, { numRuns: 1, seed: Number(process.env.FUZZ_SEED ?? 1) });
  const now = [0, 0, 0, 0, 0, 0];
  for (const [at, to] of moves) {
    now[at] = to % (sizes[at] ?? 1);
    const [host = 0, path = 0, method = 0, caller = 0, header = 0, parameter = 0] = now;
    const { status } = mesh.status(root, callers[caller] ?? '', {
      method: METHODS[method] ?? '',
      path: `${paths[path]}?v=${values[parameter]}`,
      authority: hosts[host] ?? '',
      headers: [['x-v', values[header] ?? '']],
    });
    expect(status, JSON.stringify(now)).toBe(now.every((part) => part % 2 === 0) ? 200 : 403);
    // Back to a request that is allowed, so that the next step shows whether it was decided anew.
    if (status === 403) now[at] = 0;
  }
  mesh.vm.tick(root);
  expect(mesh.vm.metrics.get('dta_cache_total_result=hit')).toBeGreaterThan(0n);
  expect(mesh.vm.metrics.get('dta_cache_total_result=evicted')).toBeGreaterThan(BigInt(STEPS / 4));
});
