/** Conditions that say the same are the same code, and no list makes the operand stack deep. */
import { expect, test } from 'vitest';

import { Op } from '../../layout.ts';
import { joinCode, negateCode, type Postfix } from './postfix.ts';

const atom = (index: number): Postfix => ({ words: [(Op.Atom << 24) | index], depth: 1 });
const [and, or] = [
  (...all: (Postfix | boolean)[]) => joinCode(all, Op.And),
  (...all: (Postfix | boolean)[]) => joinCode(all, Op.Or),
];
const [a, b, c] = [atom(1), atom(2), atom(3)];

test('constants decide or go away', () => {
  expect(and(a, false, b)).toBe(false);
  expect(or(a, true, b)).toBe(true);
  expect(and(true, a, true)).toEqual(a);
  expect(or(false, a)).toEqual(a);
  expect([and(true), or(false), and(), or()]).toEqual([true, false, true, false]);
  expect([negateCode(true), negateCode(false)]).toEqual([false, true]);
});

test('order and repetition do not show', () => {
  expect(or(b, a, b, a)).toEqual(or(a, b));
  expect(and(a, or(b, c))).toEqual(and(or(c, b), a));
  expect(and(a, b)).not.toEqual(or(a, b));
});

test('two negations are none, whatever they stand on', () => {
  for (const code of [a, and(a, b)]) expect(negateCode(negateCode(code))).toEqual(code);
});

test('the deepest operand comes first', () => {
  const inner = or(a, and(b, c));
  const all = Array.from({ length: 500 }, (_, i) => atom(i + 10));
  const code = and(...all, inner);
  expect(inner).toMatchObject({ depth: 2 });
  expect(code).toMatchObject({ depth: 2, words: { length: 500 * 2 + 5 } });
  // Two of the same depth need one value more, as a balanced tree does.
  expect(or(and(a, b), and(b, c))).toMatchObject({ depth: 3 });
});
