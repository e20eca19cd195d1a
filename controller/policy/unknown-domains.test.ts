/** Warnings of rules about domains that nobody calls from. */
import { expect, test } from 'vitest';

import { parsePolicySet } from './parse.ts';
import { findUnknownDomains } from './unknown-domains.ts';

function warningsOf(rule: string): string[] {
  const text = `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders }
  rules:
    - { name: r, effect: allow, ${rule} }
`;
  const { set, errors } = parsePolicySet([{ name: 'p.yaml', text }]);
  expect(errors).toEqual([]);
  return findUnknownDomains(set, ['mesh.example', 'partner.test']).map(
    ({ line, message }) => `${line} ${/trust domain `(.*?)`/.exec(message)?.[1]}`,
  );
}

test.each<[string, string[]]>([
  ['from: [{ domain: partner.test }]', []],
  ['from: [{ domain: "*.test" }, { domain: mesh* }]', []],
  ['from: [{ domain: [partner.test, b.test] }, { domain: b.test, service: x }]', ['7 b.test']],
  ['from: [{ domain: "b*" }]', ['7 b*']],
  ['from: [{ notDomain: b.test }]', []],
  [`when: 'source.domain == "b.test" || source.domain.endsWith(".test")'`, ['7 b.test']],
  ['from: [{ service: checkout }]', []],
])('%s', (rule, warnings) => {
  expect(warningsOf(rule)).toEqual(warnings);
});
