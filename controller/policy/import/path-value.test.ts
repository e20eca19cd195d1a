import { expect, test } from 'vitest';

import { pathTerm } from './path-value.ts';

// `widest`: what a deny rule denies instead.
test.each([
  ['/a,b', '/a,b'],
  ['/a,b*', '/a,b*'],
  ['/a=b/{*}', '/a=b/{x2}'],
  ['/a=b/{**}', '/a=b/*'],
  ['/a%3Cb', '/a%3Cb'],
  ['/%C3%A4', '/%C3%A4'],
  ['*,b', '*,b'],
  ['*admin', '*min'],
  ['*Admin,x', '*min,x'],
  ['*c/lines', '*/lines'],
  ['*9orders', '*orders'],
])('%s has several spellings, all within %s', (value, widest) => {
  const { term, why } = pathTerm(value);
  expect(term).toEqual({ kind: 'gap', widest: { kind: 'path', template: widest } });
  expect(why).toBeDefined();
});

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
  ['/a%23b', '/a%23b'],
  ['/a;b', '/a;b'],
  ['*;b', '*;b'],
  ['*%20b', '*%20b'],
  ['*a', 'gap'],
  ['*2C', 'gap'],
])('%s: %s', (value, expected) => {
  const { term, why } = pathTerm(value);
  const isSilent = why === undefined;
  if (term.kind === 'path') expect(term.template).toBe(expected);
  else if (term.kind === 'constant') expect(term.value ? 'always' : 'never').toBe(expected);
  else expect(term.kind).toBe(expected);
  expect(isSilent).toBe(expected !== 'never' && expected !== 'gap');
});
