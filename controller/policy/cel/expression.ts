/** Expressions of the Common Expression Language as they are written, before anything is known of their meaning. */

/** A string; `raw` has no escapes. `at` is the place of its first character, prefix and quote included. */
export interface TextLiteral {
  readonly kind: 'text';
  readonly at: number;
  readonly value: string;
  /** Where the value starts, behind prefix and quotes. */
  readonly bodyAt: number;
  readonly isRaw: boolean;
}

/** A number; `isExact` is false for integers that no double holds. `written` is for messages. */
export interface NumberLiteral {
  readonly kind: 'number';
  readonly at: number;
  readonly value: number;
  readonly isExact: boolean;
  readonly written: string;
}

export interface BooleanLiteral {
  readonly kind: 'boolean';
  readonly at: number;
  readonly value: boolean;
}

/** Comparison signs, and `in`. */
export type RelationSign = '<' | '<=' | '>' | '>=' | '==' | '!=' | 'in';

/** An expression; `at` is its first character. Chains of `&&` and `||` are one node. */
export type Expression =
  | TextLiteral
  | NumberLiteral
  | BooleanLiteral
  | { readonly kind: 'name'; readonly at: number; readonly name: string }
  | { readonly kind: 'field'; readonly at: number; readonly of: Expression; readonly name: string }
  | {
      readonly kind: 'index';
      readonly at: number;
      readonly of: Expression;
      readonly key: Expression;
    }
  | {
      readonly kind: 'call';
      readonly at: number;
      /** What stands in front of the dot. */
      readonly of: Expression | undefined;
      readonly name: string;
      readonly nameAt: number;
      readonly args: readonly Expression[];
    }
  | { readonly kind: 'list'; readonly at: number; readonly items: readonly Expression[] }
  | { readonly kind: 'not'; readonly at: number; readonly operand: Expression }
  | {
      readonly kind: 'and' | 'or';
      readonly at: number;
      readonly operands: readonly Expression[];
    }
  | {
      readonly kind: 'relation';
      readonly at: number;
      readonly sign: RelationSign;
      readonly signAt: number;
      readonly left: Expression;
      readonly right: Expression;
    }
  /** Well-formed CEL that conditions do not have; `what` names it, at `whatAt`. */
  | {
      readonly kind: 'refused';
      readonly at: number;
      readonly what: string;
      readonly whatAt: number;
    };
