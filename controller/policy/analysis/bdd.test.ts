import fc from 'fast-check';
import { expect, test } from 'vitest';

import { Bdd, FALSE, type Node, TRUE } from './bdd.ts';
import { Choices } from './choices.ts';
import { Effort, GaveUp } from './effort.ts';

const LEVELS = 5;
/** A function by its table: a bit for each of the choices of all levels. */
const table = fc.bigInt({ min: 0n, max: (1n << BigInt(1 << LEVELS)) - 1n });

function build(bdd: Bdd, bits: bigint, level = 0, choice = 0): Node {
  if (level === LEVELS) return (bits >> BigInt(choice)) & 1n ? TRUE : FALSE;
  const low = build(bdd, bits, level + 1, choice * 2);
  return bdd.choose(level, low, build(bdd, bits, level + 1, choice * 2 + 1));
}

const all = (1n << BigInt(1 << LEVELS)) - 1n;

test('operations are those of the tables, and equal functions are one number', () => {
  fc.assert(
    fc.property(table, table, (a, b) => {
      const bdd = new Bdd(new Effort(1e6));
      const [left, right] = [build(bdd, a), build(bdd, b)];
      expect(bdd.and(left, right)).toBe(build(bdd, a & b));
      expect(bdd.or(left, right)).toBe(build(bdd, a | b));
      expect(bdd.minus(left, right)).toBe(build(bdd, a & ~b & all));
      expect(bdd.not(left)).toBe(build(bdd, ~a & all));
      expect(bdd.any([left, right, FALSE])).toBe(build(bdd, a | b));
      expect(bdd.all([left, right, TRUE])).toBe(build(bdd, a & b));
    }),
  );
});

test('a projection is true where some choice of the other levels is', () => {
  fc.assert(
    fc.property(table, (bits) => {
      const bdd = new Bdd(new Effort(1e6));
      const projected = bdd.project(build(bdd, bits), 1, 3);
      for (let middle = 0; middle < 4; middle++) {
        const isThere = [...Array(1 << LEVELS).keys()].some(
          (choice) => ((choice >> 2) & 3) === middle && (bits >> BigInt(choice)) & 1n,
        );
        let at = projected;
        for (const [level, bit] of [
          [1, middle >> 1],
          [2, middle & 1],
        ] as const) {
          if (bdd.levelOf(at) === level) at = bit === 1 ? bdd.highOf(at) : bdd.lowOf(at);
        }
        expect(at).toBe(isThere ? TRUE : FALSE);
      }
    }),
  );
});

test.each([1, 2, 3, 5, 8, 9])('sets of %i classes come back as they went in', (count) => {
  const bdd = new Bdd(new Effort(1e6));
  const choices = new Choices(bdd, 0, count);
  for (let bits = 0; bits < 1 << count; bits++) {
    const classes = [...Array(count).keys()].filter((index) => (bits >> index) & 1);
    const node = choices.node(classes);
    expect(choices.classesIn(node)).toEqual(classes);
    if (node !== FALSE) expect(classes).toContain(choices.chosen(bdd.pick(node)));
    if (classes.length === count) expect(node).toBe(TRUE);
  }
});

test('a diagram ends with its effort', () => {
  const bdd = new Bdd(new Effort(3));
  const odd = () =>
    [...Array(20).keys()].reduce((node, level) => {
      const one = bdd.variable(level);
      return bdd.or(bdd.minus(node, one), bdd.minus(one, node));
    }, FALSE);
  expect(odd).toThrow(GaveUp);
});
