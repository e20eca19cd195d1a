/** Walks over the leaves of conditions. */
import type { Condition } from './condition.ts';

/** A condition without conditions inside. */
export type Leaf = Exclude<Condition, { kind: 'not' | 'and' | 'or' }>;

/** Calls `visit` for every leaf, from the left. */
export function visitLeaves(condition: Condition, visit: (leaf: Leaf) => void): void {
  switch (condition.kind) {
    case 'and':
    case 'or':
      visitLeaves(condition.left, visit);
      visitLeaves(condition.right, visit);
      break;
    case 'not':
      visitLeaves(condition.operand, visit);
      break;
    default:
      visit(condition);
  }
}
