/** What readers of conditions share to refuse: problems at their places, several at once. */
import { Problem } from '../problem.ts';
import type { Expression, TextLiteral } from './expression.ts';
import { placeInText } from './string-literal.ts';

/** Everything that conditions may hold, in one line. */
export const subsetHelp =
  'allowed are attributes compared with constants, in [...], startsWith, endsWith, within(...), onDate(...), has(...), any(...), ' +
  'true, false, && || ! and brackets';

/** The problem with a part of CEL that conditions do not have. */
export function notAllowed(what: string, at: number, help = subsetHelp): Problem {
  return new Problem(`\`${what}\` is not allowed in a condition`, help, at);
}

/** A problem at an expression; what is no condition language at all is named instead. */
export function refuse(expression: Expression, message: string, help: string): Problem {
  if (expression.kind === 'refused') return notAllowed(expression.what, expression.whatAt);
  return new Problem(message, help, expression.at);
}

/** A problem of a literal's value, placed at its character in the condition. */
export function insideText(problem: Problem, literal: TextLiteral, source: string): Problem {
  const also = problem.also.map((other) => insideText(other, literal, source));
  const at = placeInText(literal, problem.offset, source);
  return new Problem(problem.message, problem.help, at, also);
}

/** What all readers give; throws one Problem with those of all that threw. */
export function gather<T>(readers: readonly (() => T)[]): T[] {
  const values: T[] = [];
  const problems: Problem[] = [];
  for (const read of readers) {
    try {
      values.push(read());
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      problems.push(error, ...error.also);
    }
  }
  const [first, ...also] = problems;
  if (first === undefined) return values;
  throw new Problem(first.message, first.help, first.offset, also);
}
