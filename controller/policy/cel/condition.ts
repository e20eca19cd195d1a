/** What a `when` says, after parsing: attributes compared with constants, joined by Kleene logic. */
import type { AtomOp, Attribute, RequestKind } from '../../layout.ts';
import type { HostPattern } from '../host-pattern.ts';
import type { IdentityTest } from '../identity-test.ts';
import type { PathTemplate } from '../path-template.ts';
import type { TextPattern } from '../text-pattern.ts';
import type { DateSpan } from '../time-dates.ts';
import type { Window } from '../time-windows.ts';

/** A signal or a fact; `fact` is the name for Attribute.EnvironmentFact, else empty. */
export interface AttributeRef {
  readonly attribute: Attribute;
  readonly fact: string;
}

/** A part of requests that has values; `name` is empty where the kind needs none. */
export interface RequestRef {
  readonly kind: RequestKind;
  readonly name: string;
}

/** Conditions on the time alone. */
export type TimeCondition =
  /** The wall clock of the zone stands in one of the windows. */
  | { readonly kind: 'within'; readonly windows: readonly Window[]; readonly zone: string }
  /** The calendar of the zone shows one of the dates. */
  | { readonly kind: 'dates'; readonly dates: readonly DateSpan[]; readonly zone: string }
  /** The time is before `timeMs`, in Unix milliseconds. */
  | { readonly kind: 'before'; readonly timeMs: number };

/**
 * A condition tree, at most CONDITION_DEPTH_MAX deep. `has`, `compare`, `request` are unknown or two-valued as the model
 * says; `identity`, `path`, `host`, `routeLabel`, `requestLabel` and conditions on the time are never unknown.
 */
export type Condition =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'has'; readonly ref: AttributeRef }
  | {
      readonly kind: 'compare';
      readonly ref: AttributeRef;
      readonly op: AtomOp;
      readonly number: number;
    }
  | TimeCondition
  /** A test of the source; only Equal, Prefix, Suffix, SameAsDestination and Present. */
  | { readonly kind: 'identity'; readonly test: IdentityTest }
  | { readonly kind: 'path'; readonly template: PathTemplate }
  | { readonly kind: 'host'; readonly host: HostPattern }
  /** Every value has the pattern, or any line of an AnyHeader; unknown when only some do, and when there is none. */
  | { readonly kind: 'request'; readonly ref: RequestRef; readonly pattern: TextPattern }
  | { readonly kind: 'hasRequest'; readonly ref: RequestRef }
  /** The data of the route carries the label; `select.ts` replaces it by what the classifications say. */
  | { readonly kind: 'routeLabel'; readonly label: string }
  /** The request carries the label; `select.ts` replaces it by what the classifications say. */
  | { readonly kind: 'requestLabel'; readonly label: string }
  | { readonly kind: 'not'; readonly operand: Condition }
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition };

/** Deepest nesting of a condition. It bounds the operand stack of the program as well (PROGRAM_STACK_MAX). */
export const CONDITION_DEPTH_MAX = 64;

/** Levels that a condition on a label takes up: room for the tree of all that carries it, 32,768 paths or values. */
export const LABEL_HEIGHT = 16;
