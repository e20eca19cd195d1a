/** The nearest change against the filter: it is one, and no single change that the rules suggest is less. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Laboratories } from '../../controller/cli/policy-lab/laboratories.ts';
import { loadFilter } from '../../controller/cli/policy-lab/laboratory.ts';
import { editsOf } from '../../controller/cli/policy-lab/suggested-edits.ts';
import { Direction } from '../../controller/layout.ts';
import type { ConcreteRequest } from '../../controller/policy/analysis/concrete-request.ts';
import { functionsOf } from '../../controller/policy/analysis/destination.ts';
import { Effort, GaveUp, STEPS_MAX } from '../../controller/policy/analysis/effort.ts';
import {
  type NearbyRequest,
  nearestChanges,
} from '../../controller/policy/analysis/nearest-change.ts';
import { spaceFor } from '../../controller/policy/analysis/space-for.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import type { PolicySet } from '../../controller/policy/policy-set.ts';
import { destinationsOf, selectFor } from '../../controller/policy/select.ts';
import { randomNowMs } from '../oracle/random-domain.ts';
import { randomPolicySet, toPolicyText } from '../oracle/random-policies.ts';

const RUNS = Math.ceil(Number(process.env.FUZZ_RUNS ?? 60_000) / 200);
const module = await loadFilter('build/filter.wasm');

test(`nearest changes on ${RUNS} random sets are changes, and least`, {
  timeout: 3_600_000,
}, () => {
  const count = { found: 0, none: 0, gaveUp: 0, sizes: new Map<number, number>(), edits: 0 };
  fc.assert(
    fc.property(randomPolicySet(), (documents) => {
      const { set, errors } = parsePolicySet([{ name: 'p.yaml', text: toPolicyText(documents) }]);
      if (errors.length > 0) return;
      for (const { service, environment = 'elsewhere' } of destinationsOf(set)) {
        const target = { mesh: MESH, service, environment, direction: Direction.Inbound };
        const laboratories = new Laboratories(module, set, target);
        const ask = (request: ConcreteRequest) => laboratories.ask({ request, restrictions: [] });
        const isAllowed = (request: ConcreteRequest): boolean => ask(request).status === undefined;
        for (const request of examplesOf(set, target)) {
          const wanted = !isAllowed(request);
          const near = nearestOf(set, request, { service, environment, isAllowed: wanted });
          if (near === 'gave up') count.gaveUp += 1;
          else if (near === undefined) count.none += 1;
          else {
            count.found += 1;
            count.sizes.set(near.size, (count.sizes.get(near.size) ?? 0) + 1);
          }
          if (near === 'gave up') continue;
          const about = JSON.stringify({ request, near, documents });
          if (near !== undefined) expect(isAllowed(near.request), about).toBe(wanted);
          if (near?.size === 1) continue;
          const rules = selectFor(set, target).access.flatMap((policy) => policy.rules);
          for (const edit of editsOf(rules, target, request)) {
            const { record, status } = ask(edit.apply(request));
            // What nobody can read is denied, whatever the rules say.
            if (!ofRules.includes(record.reason)) continue;
            count.edits += 1;
            expect(status === undefined, `${edit.part} ${about}`).toBe(!wanted);
          }
        }
      }
    }),
    { numRuns: RUNS },
  );
  console.log(
    `measured: nearest changes ${JSON.stringify({ ...count, sizes: Object.fromEntries(count.sizes) })}`,
  );
  expect(Math.min(count.found, count.sizes.size)).toBeGreaterThan(1);
  expect(count.gaveUp).toBeLessThan(RUNS / 20);
});

type Target = { readonly service: string; readonly environment: string };

/** A request that is allowed, and one that is not, as far as there are such; both in the mesh. */
function examplesOf(set: PolicySet, { service, environment }: Target): ConcreteRequest[] {
  const selected = selectFor(set, { service, environment });
  try {
    const destination = { service, environment, isNamed: true };
    const space = spaceFor([selected], destination, randomNowMs, new Effort(STEPS_MAX));
    const { allowed } = functionsOf(selected, space);
    return [allowed, space.bdd.not(allowed)]
      .filter((node) => node !== 0)
      .map((node) => space.example(node))
      .map((one) => ({ ...one, identity: { ...one.identity, trustDomain: MESH } }));
  } catch (error) {
    if (error instanceof GaveUp) return [];
    throw error;
  }
}

function nearestOf(
  set: PolicySet,
  request: ConcreteRequest,
  wanted: Target & { readonly isAllowed: boolean },
): NearbyRequest | undefined | 'gave up' {
  try {
    for (const near of nearestChanges(set, request, wanted)) return near;
    return undefined;
  } catch (error) {
    if (error instanceof GaveUp) return 'gave up';
    throw error;
  }
}

const MESH = 'mesh.test';
const ofRules = ['Permitted', 'NoRulePermits', 'DenyRule', 'RiskTooHigh'];
