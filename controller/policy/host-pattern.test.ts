/** Host patterns, in lower case, without port. */
import { expect, test } from 'vitest';

import { HostKind } from '../layout.ts';
import { parseHostPattern } from './host-pattern.ts';
import { Problem } from './problem.ts';

test.each([
  ['API.Example.org', HostKind.Exact, 'api.example.org'],
  ['*.Example.org', HostKind.Suffix, '.example.org'],
  ['10.0.0.1', HostKind.Exact, '10.0.0.1'],
  ['[::1]', HostKind.Exact, '[::1]'],
  ['orders', HostKind.Exact, 'orders'],
])('%s', (text, kind, host) => {
  expect(parseHostPattern(text)).toEqual({ kind, text: host });
});

test.each([
  ['*', 'every host'],
  ['a.test:80', 'has a port'],
  ['*.a.test:80', 'has a port'],
  ['a.*.test', 'not a host'],
  ['*a.test', 'not a host'],
  ['a..test', 'not a host'],
  ['a.test.', 'not a host'],
  ['-a.test', 'not a host'],
  ['', 'not a host'],
  [`${'a.'.repeat(130)}b`, 'not a host'],
])('%s is refused', (text, message) => {
  const problem = parseHostPattern(text);
  expect(problem).toBeInstanceOf(Problem);
  expect((problem as Problem).message).toContain(message);
});
