/** Reads a `when`: the part of the Common Expression Language that can be decided exactly. */
import { Problem } from '../problem.ts';
import type { Condition } from './condition.ts';
import { parseExpression } from './parse-expression.ts';
import { readCondition } from './read-condition.ts';
import { subsetHelp } from './refusals.ts';

/**
 * Reads a condition. Refuses everything that is not in the subset, saying what is, at its offset in the text; all
 * problems come at once. Texts over 16 KiB and nesting over CONDITION_DEPTH_MAX are refused before they can do harm.
 */
export function parseCondition(text: string): Condition | Problem {
  if (text.length > CONDITION_CHARACTERS_MAX) {
    const help = `at most ${CONDITION_CHARACTERS_MAX}`;
    return new Problem(`condition has ${text.length} characters`, help);
  }
  const { expression, problems } = parseExpression(text);
  const found = [...problems];
  if (expression !== undefined) {
    try {
      const condition = readCondition(expression, text);
      if (found.length === 0) return condition;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      found.push(error, ...error.also);
    }
  }
  const [first, ...also] = found.sort((a, b) => a.offset - b.offset);
  if (first === undefined) return new Problem('condition cannot be read', subsetHelp);
  return new Problem(first.message, first.help, first.offset, also);
}

const CONDITION_CHARACTERS_MAX = 16_384;
