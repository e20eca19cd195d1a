/** Postfix code in one form for all conditions that say the same by constants, repetition, nesting or order. */
import { Op } from '../../layout.ts';

/** Operations, and how many values they have on the stack at most. */
export interface Postfix {
  readonly words: readonly number[];
  readonly depth: number;
}

/**
 * The operands joined by Op.And or Op.Or; a constant where the constants among them decide, or nothing else is there.
 * Exact in Kleene logic, where both operations are commutative, associative and idempotent. The deepest operand comes
 * first, so that the depth is at most one more than the logarithm of the number of leaves.
 */
export function joinCode(operands: readonly (Postfix | boolean)[], op: Op): Postfix | boolean {
  const deciding = op === Op.Or;
  if (operands.includes(deciding)) return deciding;
  const open = operands.filter((operand) => typeof operand !== 'boolean').sort(compare);
  const [first] = open;
  if (first === undefined) return !deciding;
  const words = [...first.words];
  let { depth } = first;
  for (const [i, operand] of open.entries()) {
    if (i === 0 || compare(open[i - 1] ?? first, operand) === 0) continue;
    for (const word of operand.words) words.push(word);
    words.push((op << 24) >>> 0);
    depth = Math.max(depth, operand.depth + 1);
  }
  return { words, depth };
}

/** The opposite; two negations are none. */
export function negateCode(operand: Postfix | boolean): Postfix | boolean {
  if (typeof operand === 'boolean') return !operand;
  const { words, depth } = operand;
  return { words: words.at(-1) === NOT ? words.slice(0, -1) : [...words, NOT], depth };
}

function compare(a: Postfix, b: Postfix): number {
  if (a.depth !== b.depth) return b.depth - a.depth;
  if (a.words.length !== b.words.length) return b.words.length - a.words.length;
  for (let i = 0; i < a.words.length; i++) {
    const difference = (a.words[i] ?? 0) - (b.words[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const NOT = (Op.Not << 24) >>> 0;
