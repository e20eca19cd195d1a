/** What the compiler writes says the same as the policies: compiled bundles against the naive interpreter. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Direction } from '../../controller/layout.ts';
import { compileBundle } from '../../controller/policy/compile.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import { decide, loadDocuments } from './decide.ts';
import { applyingRules } from './evaluate-bundle.ts';
import { federatedDomains, randomNowMs, randomTarget } from './random-domain.ts';
import { randomPolicySet, toPolicyText } from './random-policies.ts';
import { randomRequest } from './random-requests.ts';
import { readBundle } from './read-sections.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 300);

test('a bundle applies the rules that the policies apply', () => {
  const requests = fc.array(randomRequest(federatedDomains), { minLength: 20, maxLength: 20 });
  const seen = { allow: 0, deny: 0, shadow: 0, stranger: 0 };
  fc.assert(
    fc.property(randomPolicySet(), requests, (documents, some) => {
      const text = toPolicyText(documents);
      const { set, errors } = parsePolicySet([{ name: 'random.yaml', text }]);
      expect(errors).toEqual([]);
      const options = { version: 1n, nowMs: randomNowMs };
      const target = { ...randomTarget, direction: Direction.Inbound, federatedDomains };
      const bundle = readBundle(compileBundle(set, target, options));
      const raw = loadDocuments(text);
      // A path of more than 64 segments is refused before any rule is asked.
      for (const request of some.filter(({ path }) => path.split('/').length <= 65)) {
        const decision = decide({ set: raw, target: randomTarget, ...request });
        const wanted = [...decision.applyingAllow, ...decision.denying, ...decision.applyingShadow];
        expect(applyingRules(bundle, request).sort()).toEqual(wanted.sort());
        seen.allow += decision.verdict === 'allow' ? 1 : 0;
        seen.deny += decision.denying.length > 0 ? 1 : 0;
        const isStranger = request.identity.trustDomain !== randomTarget.mesh;
        seen.stranger += isStranger && wanted.length > 0 ? 1 : 0;
        seen.shadow += decision.applyingShadow.length > 0 ? 1 : 0;
      }
    }),
    { numRuns: RUNS },
  );
  // The domains are small enough that every kind of outcome comes up often.
  expect(Math.min(seen.allow, seen.deny, seen.shadow, seen.stranger)).toBeGreaterThan(50);
}, 3_600_000);
