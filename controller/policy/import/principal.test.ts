import { describe, expect, test } from 'vitest';

import { conditionText } from './cel-text.ts';
import { namespaceTerm, principalTerm, serviceAccountTerm, trustDomainTerm } from './principal.ts';
import type { Term } from './term.ts';

const uuid = '00000000-0000-4000-8000-00000000000b';
const mapping = { namespaceIs: 'environment', serviceAccountIs: 'service' } as const;

describe('principals', () => {
  test.each([
    ['*', 'always'],
    [
      `td/env/prod/team/pay/svc/web/i/${uuid}`,
      `source.domain == "td" && source.environment == "prod" && source.team == "pay" && source.service == "web" && source.instance == "${uuid}"`,
    ],
    [
      'td/env/prod/team/pay/svc/web/i/*',
      'source.domain == "td" && source.environment == "prod" && source.team == "pay" && source.service == "web"',
    ],
    ['td/en*', 'source.domain == "td"'],
    ['td*', 'source.domain.startsWith("td")'],
    ['td/env/pr*', 'source.domain == "td" && source.environment.startsWith("pr")'],
    [`*eb/i/${uuid}`, `source.service.endsWith("eb") && source.instance == "${uuid}"`],
    ['*0b', 'source.instance.endsWith("0b")'],
    [`*/i/${uuid}`, `source.instance == "${uuid}"`],
    ['td/env/prod', 'never'],
    ['td/ns/default/sa/web', 'never'],
    ['*/ns/default/sa/web', 'never'],
    ['td/envi*', 'never'],
    ['*web', 'never'],
    ['TD/*', 'never'],
    ['a*b', 'never'],
    [`td/env/prod/team/pay/svc/web/i/${uuid}/x*`, 'never'],
    ['td/env/prod/team/pay/svc/web/i/x*', 'never'],
    [`td/env/prod/team/pay/svc/${'x'.repeat(64)}*`, 'never'],
  ])('%s: %s', (value, expected) => {
    expect(shown(principalTerm(value, {}))).toBe(expected);
  });

  test('with names of Kubernetes mapped a caller has a second name', () => {
    const term = principalTerm('td/ns/prod/sa/web', mapping);
    expect(shown(term)).toBe(
      'source.domain == "td" && source.environment == "prod" && source.service == "web"',
    );
    expect(shown(principalTerm('cluster.local/ns/prod/sa/web', mapping))).toBe(
      'source.environment == "prod" && source.service == "web"',
    );
  });
});

test.each([
  ['prod', {}, 'gap'],
  ['prod', mapping, 'source.environment == "prod"'],
  ['pr*', mapping, 'source.environment.startsWith("pr")'],
  ['p*d', mapping, 'gap'],
  ['*p*', mapping, 'gap'],
  ['*', mapping, 'always'],
])('namespace %s with %o: %s', (value, names, expected) => {
  expect(shown(namespaceTerm(value, names))).toBe(expected);
});

test.each([
  ['web', {}, 'gap'],
  ['web', mapping, 'source.environment == "shop" && source.service == "web"'],
  ['prod/web', mapping, 'source.environment == "prod" && source.service == "web"'],
])('service account %s with %o: %s', (value, names, expected) => {
  expect(shown(serviceAccountTerm(value, 'shop', names))).toBe(expected);
});

test.each([
  ['td', 'source.domain == "td"'],
  ['*.org', 'source.domain.endsWith(".org")'],
  ['*', 'always'],
  ['A', 'never'],
])('trust domain %s: %s', (value, expected) => {
  expect(shown(trustDomainTerm(value))).toBe(expected);
});

function shown(term: Term): string {
  if (term.kind === 'gap') return 'gap';
  if (term.kind === 'constant') return term.value ? 'always' : 'never';
  return conditionText(term)?.replaceAll('\n', ' ') ?? '';
}
