/** Path templates: what they mean, and what is refused because it could never match. */
import { expect, test } from 'vitest';

import { literalPathTemplate, type PathTemplate, parsePathTemplate } from './path-template.ts';
import { Problem } from './problem.ts';

const show = (parsed: PathTemplate | Problem) => {
  if (parsed instanceof Problem) return parsed.message;
  const { segments, end, affix } = parsed;
  const shown = segments.map((s) => (s === 'any' ? '{}' : s.literal)).join('|');
  return end === 'exact' ? shown : `${shown} ${end} ${affix}`.trim();
};

test.each([
  ['/', ''],
  ['/orders', 'orders'],
  ['/orders/', 'orders|'],
  ['/orders/{id}', 'orders|{}'],
  ['/orders/{id}/lines/**', 'orders|{}|lines tail'],
  ['/**', 'tail'],
  ['/a%2d%c3%a9%7e', 'a-%C3%A9~'],
  ["/a;v=1/b:c@d!$&'()+,=", "a;v=1|b:c@d!$&'()+,="],
  [`${'/a'.repeat(64)}`, Array(64).fill('a').join('|')],
  ['*', 'prefix'],
  ['/*', 'prefix'],
  ['/a/*', 'a prefix'],
  ['/a/b*', 'a prefix b'],
  ['/a/{id}/li*', 'a|{} prefix li'],
  ['/a/%7eb%2d*', 'a prefix ~b-'],
  ['/a/.*', 'a prefix .'],
  ['/a/%2A', 'a|*'],
  ['*.json', 'suffix .json'],
  ['*/lines', 'suffix /lines'],
  ['*b/%6cines/', 'suffix b/lines/'],
])('%s', (text, shown) => {
  const template = parsePathTemplate(text);
  expect(show(template)).toBe(shown);
  expect(template).toMatchObject({ text });
});

test.each([
  ['orders', 'does not start with a slash', 0],
  ['/a//b', 'empty segment', 3],
  ['/a//**', 'empty segment', 3],
  ['/a//b*', 'empty segment', 3],
  ['/a/../b', 'dot segment', 3],
  ['/a/%2e', 'dot segment', 3],
  ['/a/../b*', 'dot segment', 3],
  ['/a/**/b', 'not the last segment', 3],
  ['/a/**/b*', 'not the last segment', 3],
  ['/a/x{id}', '`{` inside the segment', 4],
  ['/a/{id}*', '`{` inside the segment', 3],
  ['/a/*/b', '`*` inside the segment', 3],
  ['/a/b**', '`*` inside the segment', 4],
  ['/a/{}', '`{` inside the segment', 3],
  ['/a?b=c', '`?` in a path', 2],
  ['/a b', 'character ` ` in a path', 2],
  ['/a\0', 'character `\\u0000` in a path', 2],
  ['/caf\u00e9', 'character `\u00e9` in a path', 4],
  ['/a/%zz', 'broken escape', 3],
  ['/a/b%4*', 'broken escape', 4],
  ['/a/%2F', 'can never match', 3],
  ['/a/%5c', 'can never match', 3],
  ['/a/%00', 'can never match', 3],
  ['/a/%25', 'can never match', 3],
  ['/a/%3B', 'can never match', 3],
  ['/a/%ff', 'no UTF-8', 3],
  ['/a/%c3*', 'no UTF-8', 3],
  ['/a'.repeat(65), '65 segments', 0],
  [`${'/a'.repeat(64)}/*`, '65 segments', 0],
  ['', 'does not start with a slash', 0],
  ['a*', 'does not start with a slash', 0],
  ['**', 'two wildcards', 1],
  ['*/a/**', 'two wildcards', 4],
  ['*a*', 'two wildcards', 2],
  ['*a//b', 'empty segment', 3],
  ['*/../b', 'dot segment', 2],
  ['*/{id}/b', '`{id}` in the end of a path', 2],
  ['*?a', '`?` in a path', 1],
  [`*${'/a'.repeat(65)}`, '65 segments', 0],
  [`/${'a'.repeat(10_000_000)}`, '10000001 characters', 0],
])('refusal %#', (text, message, offset) => {
  const problem = parsePathTemplate(text);
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({ message: expect.stringContaining(message), offset });
});

test.each([
  ['/a/b', 'exact', 'a|b'],
  ['/', 'prefix', 'prefix'],
  ['/a/', 'prefix', 'a prefix'],
  ['/a/b', 'prefix', 'a prefix b'],
  ['.json', 'suffix', 'suffix .json'],
  ['/%2a', 'exact', '*'],
] as const)('%s is a literal, %s', (literal, end, shown) => {
  expect(show(literalPathTemplate(literal, end))).toBe(shown);
});

test.each([
  ['/a/*', 'exact', '`*` is no wildcard', 3],
  ['/a/{id}', 'exact', '`{` is no wildcard', 3],
  ['a', 'prefix', 'does not start with a slash', 0],
  ['', 'prefix', 'does not start with a slash', 0],
  ['', 'suffix', 'is empty', 0],
  ['/../a', 'suffix', 'dot segment', 1],
  ['/a/?', 'prefix', '`?` in a path', 3],
  [`/${'a'.repeat(8192)}`, 'exact', '8193 characters', 0],
] as const)('refusal of a literal %#', (literal, end, message, offset) => {
  const problem = literalPathTemplate(literal, end);
  expect(problem).toMatchObject({ message: expect.stringContaining(message), offset });
});
