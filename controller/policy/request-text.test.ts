/** Names and values of headers, parameters, methods and the authority: what is kept, what could never match. */
import { expect, test } from 'vitest';

import { RequestKind, TextOp } from '../layout.ts';
import { parseMethodPattern } from './method.ts';
import { Problem, quoted } from './problem.ts';
import {
  headerElements,
  parseHeaderName,
  parseParameterName,
  parseRequestPattern,
} from './request-text.ts';

test.each([
  ['X-Tier', 'x-tier'],
  ['cookie', 'cookie'],
  ['x_y.z', 'x_y.z'],
])('header %s', (written, name) => {
  expect(parseHeaderName(written)).toBe(name);
});

test.each([
  ['', 'not the name of a header'],
  ['a b', 'not the name of a header'],
  ['a\0', 'not the name of a header'],
  ['\u0430', 'not the name of a header'],
  ['x-*', 'not the name of a header'],
  ['a'.repeat(256), 'not the name of a header'],
  [':method', 'is a pseudo header'],
  ['X-DTA-Risk', 'belongs to the proxy'],
  ['X-Forwarded-Client-Cert', 'belongs to the proxy'],
  ['Host', 'is the authority'],
])('header %j is refused', (written, message) => {
  expect(parseHeaderName(written)).toMatchObject({ message: expect.stringContaining(message) });
});

test('parameters keep their case and any character but controls', () => {
  expect(parseParameterName('A b[\u00e9]')).toBe('A b[\u00e9]');
  for (const bad of ['', 'a\0', 'a\n', '\ud800', 'a'.repeat(256)]) {
    expect(parseParameterName(bad)).toBeInstanceOf(Problem);
  }
});

const { Header, Parameter, Authority, AnyHeader } = RequestKind;

test.each([
  [Header, '', TextOp.Equal, ''],
  [Header, 'a\tb', TextOp.Equal, 'a\tb'],
  [Header, 'a *', TextOp.Prefix, 'a '],
  [Header, '* a', TextOp.Suffix, ' a'],
  [Header, '*', TextOp.Prefix, ''],
  [AnyHeader, 'a,b', TextOp.Equal, 'a,b'],
  [AnyHeader, 'a, *', TextOp.Prefix, 'a, '],
  [Parameter, 'a,b', TextOp.Equal, 'a,b'],
  [Parameter, ' a\0 ', TextOp.Equal, ' a\0 '],
  [Authority, 'a.test:80', TextOp.Equal, 'a.test:80'],
])('%i %j', (kind, written, op, text) => {
  expect(parseRequestPattern(kind, written)).toEqual({ op, text });
});

test.each([
  [Header, 'a,b', 'holds a comma, which ends a value of a header', 1],
  [Header, 'ab,*', 'holds a comma', 2],
  [Header, '*,', 'holds a comma', 1],
  [Header, 'a ', 'can never match', 0],
  [Header, ' a*', 'can never match', 0],
  [Header, '*a\t', 'can never match', 0],
  [Header, 'ab\0', '`\\u0000` is in no header', 2],
  [Header, 'a\x7f', '`\\u007f` is in no header', 1],
  [Header, '\ud800', 'half a character', 0],
  [Header, 'a'.repeat(8193), '8193 characters', 0],
  [Header, 'a*b', 'wildcard in the wrong place', 1],
  [Header, '*a*b', 'wildcard in the wrong place', 2],
  [Parameter, '\udc00', 'half a character', 0],
  [Authority, 'A.test', 'can never be an authority', 0],
  [Authority, 'a b', 'can never be an authority', 0],
])('%i refusal %#', (kind, written, message, offset) => {
  const problem = parseRequestPattern(kind, written);
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({ message: expect.stringContaining(message), offset });
});

test.each([
  ['', ['']],
  [' a\t', ['a']],
  ['a, b', ['a', 'b']],
  ['a b ,\t,', ['a b', '', '']],
])('line %j is a list', (line, elements) => {
  expect(headerElements(line)).toEqual(elements);
});

test('methods are exact, starts or ends, in capitals', () => {
  expect(parseMethodPattern('M-SEARCH')).toEqual({ op: TextOp.Equal, text: 'M-SEARCH' });
  expect(parseMethodPattern('PROP*')).toEqual({ op: TextOp.Prefix, text: 'PROP' });
  expect(parseMethodPattern('*-X')).toEqual({ op: TextOp.Suffix, text: '-X' });
  for (const bad of ['', '*', 'get', '-X', 'G T', 'G*T', 'A'.repeat(33)]) {
    expect(parseMethodPattern(bad)).toBeInstanceOf(Problem);
  }
});

test('texts from outside are quoted on one line, short, with nothing hidden', () => {
  expect(quoted('a\n\0\u202e\ufeff\u00e9')).toBe('`a\\u000a\\u0000\\u202e\\ufeff\u00e9`');
  expect(quoted('\ud800x\u{1f600}')).toBe('`\\ud800x\u{1f600}`');
  expect(quoted('x'.repeat(61))).toBe(`\`${'x'.repeat(57)}...\``);
});
