/** What became of a single value: its term, and why it is a gap or can never hold. */
import { gap, never, type Term } from './term.ts';

/** `why` is there when the value needs a note. */
export interface Carried {
  readonly term: Term;
  readonly why?: string | undefined;
}

/** A value that cannot be tested here. */
export function notCarried(why: string): Carried {
  return { term: gap, why };
}

/** A value that cannot be tested here, but that never holds where `widest` does not. */
export function partlyCarried(why: string, widest: Term): Carried {
  return { term: { kind: 'gap', widest }, why };
}

/** A value that is carried exactly and that nothing can match. */
export function neverMatching(why: string): Carried {
  return { term: never, why };
}
