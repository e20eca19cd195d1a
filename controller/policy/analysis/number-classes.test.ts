import { expect, test } from 'vitest';

import { numberClasses } from './number-classes.ts';

const share = { name: 'share', min: 0, max: 1, isWhole: false };
const count = { name: 'count', min: 0, max: Number.MAX_SAFE_INTEGER, isWhole: true };
const fact = { name: 'fact', min: -Number.MAX_VALUE, max: Number.MAX_VALUE, isWhole: false };
const next = 0.5 + Number.EPSILON / 2;

test.each([
  ['a share', share, [0.5], [0, 0.5, 1]],
  ['the ends of a share', share, [0, 1], [0, 0.5, 1]],
  ['neighbours have nothing in between', share, [0.5, next], [0, 0.5, next, 1]],
  ['whole numbers', count, [1, 2, 5], [0, 1, 2, 3, 5, 6]],
  ['a fact has no end', fact, [-1, 3], [-2, -1, 0, 3, 4]],
  ['a constant that no value reaches', share, [2], [0]],
  ['no constant', fact, [], [0]],
])('%s', (_, domain, constants, witnesses) => {
  expect(numberClasses(domain, constants).map(({ witness }) => witness)).toEqual(witnesses);
});
