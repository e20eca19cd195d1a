/** Warnings that only a look at the whole of a rule gives. */
import { expect, test } from 'vitest';

import { parsePolicySet } from './parse.ts';

const policy = (rule: string) => `
apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders }
  rules:
    - ${rule}
`;

const warningsOf = (rule: string) => {
  const { errors, warnings } = parsePolicySet([{ name: 'p.yaml', text: policy(rule) }]);
  expect(errors).toEqual([]);
  return warnings.map(({ line, message }) => `${line} ${message}`);
};

test('a rule that waits for a risk band or a signal is named: this version has neither', () => {
  expect(warningsOf('{ name: r, effect: allow, maxRisk: guarded }')).toEqual([
    '8 rule `r` can never permit: every service is in the band `critical`',
  ]);
  expect(warningsOf('{ name: r, effect: allow, when: "!(source.cpu < 0.5)" }')).toEqual([
    '8 the condition of rule `r` reads a signal, and all of them are unknown',
  ]);
});

test('rules that need neither are not', () => {
  expect(warningsOf('{ name: r, effect: allow, maxRisk: critical }')).toEqual([]);
  expect(
    warningsOf(`{ name: r, effect: deny, when: 'within(request.time, "09:00-18:00", "UTC")' }`),
  ).toEqual([]);
});
