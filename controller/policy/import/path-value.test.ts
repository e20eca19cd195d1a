import { expect, test } from 'vitest';

import { pathTerm } from './path-value.ts';

test.each([
  ['*', 'always'],
  ['/*', 'always'],
  ['/{**}', 'always'],
  ['/a', '/a'],
  ['/a/', '/a/'],
  ['/a*', '/a*'],
  ['/a/*', '/a/*'],
  ['*/a', '*/a'],
  ['*.json', '*.json'],
  ['/a%20b', '/a%20b'],
  ['/a/{*}', '/a/{x2}'],
  ['/a/{*}/b/{*}', '/a/{x2}/b/{x4}'],
  ['/a/{*}/', '/a/{x2}/'],
  ['/a/{**}', '/a/*'],
  ['/a/{*}/{**}', '/a/{x2}/*'],
  ['a', 'never'],
  ['a*', 'never'],
  ['/a?b', 'never'],
  ['/a#b', 'never'],
  ['/a/../b', 'never'],
  ['/a/**', 'gap'],
  ['/a*b', 'gap'],
  ['*/a/*', 'gap'],
  ['/a//b', 'gap'],
  ['/a%2Fb', 'gap'],
  ['/a%2db', 'gap'],
  ['/a%c3%a4', 'gap'],
  ['/ä', 'gap'],
  ['/a/{*}.json', 'gap'],
  ['/a/{**}/b', 'gap'],
  ['/*/{*}', 'gap'],
  ['a/{*}', 'gap'],
  ['/a/{x}', 'gap'],
])('%s: %s', (value, expected) => {
  const { term, why } = pathTerm(value);
  const isSilent = why === undefined;
  if (term.kind === 'path') expect(term.template).toBe(expected);
  else if (term.kind === 'constant') expect(term.value ? 'always' : 'never').toBe(expected);
  else expect(term.kind).toBe(expected);
  expect(isSilent).toBe(expected !== 'never' && expected !== 'gap');
});
