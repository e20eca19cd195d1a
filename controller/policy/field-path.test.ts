/** Field paths of JSON documents. */
import { expect, test } from 'vitest';

import { StepKind } from '../layout.ts';
import { parseFieldPath } from './field-path.ts';
import { Problem } from './problem.ts';

const names = new Map<number, string>(Object.entries(StepKind).map(([name, n]) => [n, name]));
const show = (text: string) => {
  const steps = parseFieldPath(text);
  if (steps instanceof Problem) return steps.message;
  return steps
    .map(({ kind, key, index }) => {
      if (kind === StepKind.Element) return `${index}`;
      return key === '' ? names.get(kind) : key;
    })
    .join(' ');
};

test.each([
  ['$', ''],
  ['$.customer.iban', 'customer iban'],
  ['$.a.*', 'a AnyMember'],
  ['$.lines[*].card', 'lines AnyElement card'],
  ['$[*][*]', 'AnyElement AnyElement'],
  ['$.**.ssn', 'AnyDepth ssn'],
  ['$.**.**.ssn', 'AnyDepth ssn'],
  ['$.a.**', 'a'],
  ['$.**', ''],
  [`$['a b']["c.d"].e`, 'a b c.d e'],
  ['$.größe', 'größe'],
  ['$.a[0].b[17][*]', 'a 0 b 17 AnyElement'],
  ['$[1000000]', '1000000'],
])('%s', (text, shown) => {
  expect(show(text)).toBe(shown);
});

test.each([
  ['customer.iban', 'does not start with'],
  ['', 'does not start with'],
  ['$customer', 'cannot be read at `customer`'],
  ['$..ssn', 'cannot be read at `..ssn`'],
  ['$.a[-1]', 'cannot be read at `[-1]`'],
  ['$.a[01]', 'cannot be read at `[01]`'],
  ['$.a[0:2]', 'cannot be read at `[0:2]`'],
  ['$.a[1000001]', 'index in a field path is too large'],
  ["$['']", 'cannot be read'],
  ['$.a.', 'cannot be read at `.`'],
  [`$${'.a'.repeat(65)}`, 'more than 64 steps'],
  [`$.${'a'.repeat(256)}`, 'too long'],
  ['$.a\ud800', 'half a character'],
])('%s is refused', (text, message) => {
  expect(show(text)).toContain(message);
});
