/** Suggested policies, compiled and asked of the filter: they allow what was seen and nothing beside it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Laboratory, loadFilter } from '../../controller/cli/policy-lab/laboratory.ts';
import { filterPath } from '../../controller/cli/project-paths.ts';
import { Direction } from '../../controller/layout.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import type { ObservedCall } from '../../controller/policy/suggest/observed-call.ts';
import { suggestPolicies } from '../../controller/policy/suggest/suggest-policies.ts';
import { writeSuggestedPolicies } from '../../controller/policy/suggest/write-suggestion.ts';

const numRuns = Math.ceil(Number(process.env.FUZZ_RUNS ?? 5_000) / 50);
const destination = { environment: 'prod', service: 'orders' };
const nowMs = Date.UTC(2026, 10, 22, 12);

const name = fc.constantFrom('checkout', 'web', 'ads', 'a', 'b', '7', 'v1', 'deadbeef01');
const calls = fc.array(
  fc.record({
    method: fc.constantFrom('GET', 'POST', 'PURGE'),
    path: fc
      .array(name, { maxLength: 4 })
      .chain((parts) =>
        fc.boolean().map((hasEnd) => `/${parts.join('/')}${hasEnd && parts.length > 0 ? '/' : ''}`),
      ),
    source: fc.record({
      environment: fc.constantFrom('prod', 'test'),
      team: fc.constantFrom('payments', 'growth'),
      service: fc.constantFrom('checkout', 'web'),
      instance: fc.constantFrom(
        '00000000-0000-4000-8000-00000000000b',
        '00000000-0000-4000-8000-00000000000c',
      ),
    }),
  }),
  { minLength: 1, maxLength: 12 },
);

test('every observed call is allowed, and none that differs in one attribute', async () => {
  const module = await loadFilter(filterPath());
  let asked = 0;
  let denied = 0;
  fc.assert(
    fc.property(calls, (seen) => {
      const observed = seen.map(toCall);
      const isAllowed = lawOf(module, observed);
      for (const call of observed) {
        asked += 1;
        expect(isAllowed(call)).toBe(true);
        for (const other of variants(call)) {
          asked += 1;
          if (isAllowed(other)) expect(observed.some((each) => isAlike(each, other))).toBe(true);
          else denied += 1;
        }
      }
    }),
    { numRuns },
  );
  expect(denied).toBeGreaterThan(asked / 2);
  console.log(
    `measured: suggested policies: ${numRuns} sets, ${asked} questions, ${denied} denied`,
  );
});

type Essentials = Omit<ObservedCall, 'decisionId' | 'timeMs' | 'destination' | 'rule'>;

function toCall(call: Essentials): ObservedCall {
  return { ...call, decisionId: 'vm-1', timeMs: nowMs, destination, rule: '' };
}

function lawOf(module: WebAssembly.Module, observed: readonly ObservedCall[]) {
  const { policies, left } = suggestPolicies(observed, observed, 10);
  expect(left).toEqual([]);
  const { set, errors } = parsePolicySet([
    { name: 'suggested.yaml', text: writeSuggestedPolicies(policies) },
  ]);
  expect(errors).toEqual([]);
  const mesh = 'mesh.example';
  const target = { mesh, ...destination, direction: Direction.Inbound };
  const laboratory = new Laboratory(module, set, target, nowMs);
  return ({ source, method, path }: ObservedCall): boolean => {
    const identity = { ...source, trustDomain: mesh, labels: {} };
    const request = {
      identity,
      method,
      path,
      query: '',
      headers: {},
      timeMs: nowMs,
      signals: {},
      band: 0,
    };
    return laboratory.ask({ request, restrictions: [] }).status === undefined;
  };
}

/** The call with one attribute changed; a path also made longer, shorter and given another literal. */
function variants(call: ObservedCall): ObservedCall[] {
  const { source, path } = call;
  return [
    { ...call, method: 'DELETE' },
    { ...call, method: call.method === 'GET' ? 'POST' : 'GET' },
    { ...call, path: `${path.replace(/\/$/, '')}/more` },
    { ...call, path: path.endsWith('/') ? path.slice(0, -1) || '/x' : `${path}/` },
    { ...call, path: path.replace(/[a-z]+/, 'other') },
    { ...call, source: { ...source, service: 'other' } },
    { ...call, source: { ...source, service: `${source.service}2` } },
    { ...call, source: { ...source, team: source.team === 'growth' ? 'payments' : 'growth' } },
    {
      ...call,
      source: { ...source, environment: source.environment === 'prod' ? 'test' : 'prod' },
    },
  ];
}

/** Same caller, method, and path but for segments of `seen` that have the form of an identifier here. */
function isAlike(seen: ObservedCall, other: ObservedCall): boolean {
  const segments = other.path.split('/');
  const parts = seen.path.split('/');
  return (
    seen.method === other.method &&
    parts.length === segments.length &&
    parts.every((part, i) => part === segments[i] || (/\d\d|7/.test(part) && segments[i] !== '')) &&
    seen.source.service === other.source.service &&
    seen.source.team === other.source.team &&
    seen.source.environment === other.source.environment
  );
}
