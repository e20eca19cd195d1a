/** Typing mistakes find their name, other words find none. */
import { expect, test } from 'vitest';

import { nearestName, suggestName } from './nearest-name.ts';

const names = ['service', 'team', 'environment', 'domain', 'instance', 'labels'];

test.each([
  ['sevrice', 'service'],
  ['Service', 'service'],
  ['envirnoment', 'environment'],
  ['label', 'labels'],
  ['teem', 'team'],
  ['region', undefined],
  ['', undefined],
  ['x'.repeat(10_000), undefined],
])('%s is near %s', (typed, nearest) => {
  expect(nearestName(typed, names)).toBe(nearest);
});

test('a suggestion lists what is allowed', () => {
  expect(suggestName('taem', ['team', 'domain'])).toBe(
    'did you mean `team`? allowed: team, domain',
  );
  expect(suggestName('zzz', ['team'])).toBe('allowed: team');
});
