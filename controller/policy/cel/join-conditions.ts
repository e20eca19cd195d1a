/** Puts conditions together as trees that stay shallow. */
import { type Condition, LABEL_HEIGHT } from './condition.ts';

/** A balanced tree: true when all (`and`) or any (`or`) hold. No condition at all is the constant that says so. */
export function joinConditions(kind: 'and' | 'or', conditions: readonly Condition[]): Condition {
  return join(kind, conditions, 0, conditions.length);
}

/** The negation of a condition. */
export function negate(operand: Condition): Condition {
  return { kind: 'not', operand };
}

/** Levels of a tree, a leaf has one. Conditions on labels count as what they can become, LABEL_HEIGHT. */
export function heightOf(condition: Condition): number {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return 1 + Math.max(heightOf(condition.left), heightOf(condition.right));
    case 'not':
      return 1 + heightOf(condition.operand);
    case 'routeLabel':
    case 'requestLabel':
      return LABEL_HEIGHT;
    default:
      return 1;
  }
}

/** How many levels a balanced tree of `count` leaves has above them. */
export function levelsAbove(count: number): number {
  return count <= 1 ? 0 : Math.ceil(Math.log2(count));
}

function join(
  kind: 'and' | 'or',
  conditions: readonly Condition[],
  start: number,
  end: number,
): Condition {
  const only = conditions[start];
  if (end <= start || only === undefined) return { kind: 'constant', value: kind === 'and' };
  if (end - start === 1) return only;
  // The left half is the greater one, so that three leaves keep the shape that they are written in.
  const middle = start + Math.ceil((end - start) / 2);
  return {
    kind,
    left: join(kind, conditions, start, middle),
    right: join(kind, conditions, middle, end),
  };
}
