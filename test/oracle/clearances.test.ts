/** Clearances of compiled bundles cover the labels that the naive reading of the policies says. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Direction } from '../../controller/layout.ts';
import { compileBundle } from '../../controller/policy/compile.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import { loadDocuments } from './decide.ts';
import { closeDown } from './lattice.ts';
import { randomNowMs, randomTarget } from './random-domain.ts';
import { randomPolicySet, toPolicyText } from './random-policies.ts';
import { readBundle } from './read-sections.ts';
import { listOf, mapOf, type RawDocument } from './request.ts';

test('a bundle has the closed clearances of all rules, and no others', () => {
  let closed = 0;
  fc.assert(
    fc.property(randomPolicySet(), (documents) => {
      const text = toPolicyText([...documents, masks]);
      const { set, errors } = parsePolicySet([{ name: 'random.yaml', text }]);
      expect(errors).toEqual([]);
      const target = { ...randomTarget, direction: Direction.Inbound };
      const { records } = readBundle(
        compileBundle(set, target, { version: 1n, nowMs: randomNowMs }),
      );
      const labels = records.Labels?.map(({ name }) => String(name)) ?? [];
      const found = (records.Outcomes ?? []).map(({ clearance }) =>
        labels.filter((_, bit) => (BigInt(clearance ?? 0) >> BigInt(bit)) & 1n).join(),
      );
      const raw = loadDocuments(text);
      const wanted = raw
        .filter(({ kind, spec }) => kind === 'AccessPolicy' && isHere(spec))
        .flatMap(({ spec }) => listOf(mapOf(spec).rules) as RawDocument[])
        .map((rule) => {
          const written = listOf(rule.clearance).map(String);
          const covered = closeDown(written, { set: raw, target: randomTarget });
          if (covered.length > written.length) closed++;
          return covered.join();
        });
      expect([...new Set(found)].sort()).toEqual([...new Set(wanted)].sort());
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 200) },
  );
  expect(closed).toBeGreaterThan(20);
});

const masks = {
  apiVersion: 'sm-dta/v1',
  kind: 'MaskingPolicy',
  metadata: { name: 'masks' },
  spec: {
    destination: { service: randomTarget.service },
    rules: [{ labels: ['Confidential', 'Other'], operator: 'redact' }],
  },
};

function isHere(spec: unknown): boolean {
  const { service, environment } = mapOf(mapOf(spec).destination);
  return (
    service === randomTarget.service &&
    (environment === undefined || environment === randomTarget.environment)
  );
}
