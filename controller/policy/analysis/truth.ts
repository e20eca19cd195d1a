/** Kleene's three values as two functions: where a condition is surely true, and where it is not surely false. */
import type { Bdd, Node } from './bdd.ts';

/** `sure` implies `possible`; the condition is unknown in between. */
export interface Truth {
  readonly sure: Node;
  readonly possible: Node;
}

/** A condition that is never unknown. */
export function twoValued(node: Node): Truth {
  return { sure: node, possible: node };
}

export function negate(bdd: Bdd, { sure, possible }: Truth): Truth {
  return { sure: bdd.not(possible), possible: bdd.not(sure) };
}
