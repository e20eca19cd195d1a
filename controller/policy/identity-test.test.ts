/** Texts that parts of the identity can be compared with, and the order of tests. */
import { expect, test } from 'vitest';

import { IdentityAttribute, TestOp, TextOp } from '../layout.ts';
import { compareIdentityTests, identityTestOf, parseIdentityPattern } from './identity-test.ts';
import { Problem } from './problem.ts';

const { Service, Domain, Instance, Label } = IdentityAttribute;
const uuid = '01234567-89ab-cdef-0123-456789abcdef';

test.each([
  [Service, 'a', TextOp.Equal, 'a'],
  [Service, 'A._-9*', TextOp.Prefix, 'A._-9'],
  [Domain, '*.test', TextOp.Suffix, '.test'],
  [Instance, uuid, TextOp.Equal, uuid],
  [Instance, '01234567-8*', TextOp.Prefix, '01234567-8'],
  [Instance, '*-456789abcdef', TextOp.Suffix, '-456789abcdef'],
  [Label, '*', TextOp.Prefix, ''],
])('%i %s', (attribute, written, op, text) => {
  expect(parseIdentityPattern(attribute, written)).toEqual({ op, text });
});

test.each([
  [Service, '', 'is not a name'],
  [Service, '*', 'matches everything'],
  [Service, '**', 'wildcard in the wrong place'],
  [Service, 'a*b', 'wildcard in the wrong place'],
  [Service, 'a/b', 'is not a name'],
  [Domain, 'Mesh', 'is not a trust domain'],
  [Instance, uuid.toUpperCase(), 'is not a lower-case UUID'],
  [Instance, `${uuid}0`, 'is not a lower-case UUID'],
  [Instance, '012345678*', 'is not a lower-case UUID'],
  [Instance, '*g', 'is not a lower-case UUID'],
  [Label, 'a b', 'is not a name'],
])('%i %j is refused', (attribute, written, message) => {
  const problem = parseIdentityPattern(attribute, written);
  expect(problem).toBeInstanceOf(Problem);
  expect(problem).toMatchObject({ message: expect.stringContaining(message) });
});

test('a letter of another script is named by its number', () => {
  expect(parseIdentityPattern(Service, 'p\u0430yments')).toMatchObject({
    help: expect.stringContaining('`\u0430` is U+0430'),
  });
});

test('a pattern and its negation are tests of their own', () => {
  const opsOf = (op: TextOp, text: string) =>
    [false, true].map((isNegated) => identityTestOf(Label, 'l', { op, text }, isNegated).op);
  expect(opsOf(TextOp.Equal, 'a')).toEqual([TestOp.Equal, TestOp.NotEqual]);
  expect(opsOf(TextOp.Prefix, 'a')).toEqual([TestOp.Prefix, TestOp.NotPrefix]);
  expect(opsOf(TextOp.Suffix, 'a')).toEqual([TestOp.Suffix, TestOp.NotSuffix]);
  expect(opsOf(TextOp.Prefix, '')).toEqual([TestOp.Present, TestOp.Absent]);
});

test('tests are ordered by attribute, label, operation, value', () => {
  const make = (attribute: IdentityAttribute, label: string, op: TestOp, value: string) => ({
    attribute,
    label,
    op,
    value,
  });
  const sorted = [
    make(Service, '', TestOp.Equal, 'a'),
    make(Service, '', TestOp.Equal, 'b'),
    make(Service, '', TestOp.NotEqual, 'a'),
    make(Label, 'a', TestOp.NotEqual, 'a'),
    make(Label, 'b', TestOp.Equal, 'a'),
  ];
  expect([...sorted].reverse().sort(compareIdentityTests)).toEqual(sorted);
});
