/** What the compiler writes says the same as the policies: compiled bundles against the naive interpreter. */
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Direction } from '../../controller/layout.ts';
import { compileBundle } from '../../controller/policy/compile.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import { decide, loadDocuments } from './decide.ts';
import { applyingRules } from './evaluate-bundle.ts';
import {
  randomNowMs,
  randomPolicySet,
  randomRequest,
  randomTarget,
  toPolicyText,
} from './random-policies.ts';
import { readBundle } from './read-sections.ts';

test('a bundle applies the rules that the policies apply', () => {
  const requests = fc.array(randomRequest(), { minLength: 20, maxLength: 20 });
  const seen = { allow: 0, deny: 0, shadow: 0 };
  fc.assert(
    fc.property(randomPolicySet(), requests, (documents, some) => {
      const text = toPolicyText(documents);
      const { set, errors } = parsePolicySet([{ name: 'random.yaml', text }]);
      expect(errors).toEqual([]);
      const target = { ...randomTarget, direction: Direction.Inbound };
      const bundle = readBundle(compileBundle(set, target, { version: 1n, nowMs: randomNowMs }));
      const raw = loadDocuments(text);
      for (const request of some) {
        const decision = decide({ set: raw, target: randomTarget, ...request });
        const wanted = [...decision.applyingAllow, ...decision.denying, ...decision.applyingShadow];
        expect(applyingRules(bundle, request).sort()).toEqual(wanted.sort());
        seen.allow += decision.verdict === 'allow' ? 1 : 0;
        seen.deny += decision.denying.length > 0 ? 1 : 0;
        seen.shadow += decision.applyingShadow.length > 0 ? 1 : 0;
      }
    }),
    { numRuns: 300 },
  );
  // The domains are small enough that every kind of outcome comes up often.
  expect(Math.min(seen.allow, seen.deny, seen.shadow)).toBeGreaterThan(50);
});
