/** What a `when` says, after parsing: attributes compared with constants, joined by Kleene logic. */
import type { AtomOp, Attribute } from '../../layout.ts';
import type { Window } from '../time-windows.ts';

/** An attribute; `fact` is the name for Attribute.EnvironmentFact, else empty. */
export interface AttributeRef {
  readonly attribute: Attribute;
  readonly fact: string;
}

/** A condition tree, at most CONDITION_DEPTH_MAX deep. */
export type Condition =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'has'; readonly ref: AttributeRef }
  | {
      readonly kind: 'compare';
      readonly ref: AttributeRef;
      readonly op: AtomOp;
      readonly number: number;
    }
  | { readonly kind: 'within'; readonly windows: readonly Window[]; readonly zone: string }
  | { readonly kind: 'not'; readonly operand: Condition }
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition };

/** Deepest nesting of a condition. It bounds the operand stack of the program as well (PROGRAM_STACK_MAX). */
export const CONDITION_DEPTH_MAX = 64;
