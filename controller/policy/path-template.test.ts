/** Path templates: what they mean, and what is refused because it could never match. */
import { expect, test } from 'vitest';

import { type PathTemplate, parsePathTemplate } from './path-template.ts';
import { Problem } from './problem.ts';

const show = ({ segments, tail }: PathTemplate) =>
  [...segments.map((s) => (s === 'any' ? '{}' : s.literal)), ...(tail ? ['**'] : [])].join('|');

test.each([
  ['/', ''],
  ['/orders', 'orders'],
  ['/orders/', 'orders|'],
  ['/orders/{id}', 'orders|{}'],
  ['/orders/{id}/lines/**', 'orders|{}|lines|**'],
  ['/**', '**'],
  ['/a%2d%c3%a9%7e', 'a-%C3%A9~'],
  ["/a;v=1/b:c@d!$&'()+,=", "a;v=1|b:c@d!$&'()+,="],
  [`${'/a'.repeat(64)}`, Array(64).fill('a').join('|')],
])('%s', (text, shown) => {
  const template = parsePathTemplate(text);
  expect(template instanceof Problem ? template.message : show(template)).toBe(shown);
});

test.each([
  ['orders', 'does not start with a slash', 0],
  ['/a//b', 'empty segment', 3],
  ['/a/../b', 'dot segment', 3],
  ['/a/%2e', 'dot segment', 3],
  ['/a/**/b', 'not the last segment', 3],
  ['/a/x{id}', '`{` inside the segment', 4],
  ['/a/*', '`*` inside the segment', 3],
  ['/a/{}', '`{` inside the segment', 3],
  ['/a?b=c', '`?` in a path', 2],
  ['/a b', 'character ` ` in a path', 2],
  ['/caf\u00e9', 'character `\u00e9` in a path', 4],
  ['/a/%zz', 'broken escape', 3],
  ['/a/%2F', 'can never match', 3],
  ['/a/%5c', 'can never match', 3],
  ['/a/%00', 'can never match', 3],
  ['/a/%25', 'can never match', 3],
  ['/a/%3B', 'can never match', 3],
  ['/a/%ff', 'no UTF-8', 3],
  ['/a'.repeat(65), '65 segments', 0],
  ['', 'does not start with a slash', 0],
])('%s is refused', (text, message, offset) => {
  const problem = parsePathTemplate(text);
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({ message: expect.stringContaining(message), offset });
});
