/** Conditions and rules as functions over a space. */
import { Effect } from '../../layout.ts';
import type { Condition } from '../cel/condition.ts';
import type { AccessRule, RequestMatch, Selector } from '../policy-set.ts';
import { FALSE, type Node, TRUE } from './bdd.ts';
import type { Space } from './space.ts';
import { negate, type Truth, twoValued } from './truth.ts';

/** The parts of a rule; it applies where all three hold. */
export interface RuleParts {
  readonly from: Node;
  readonly to: Node;
  readonly when: Node;
}

/** Where the parts of a rule hold: unknown is false in an allow rule and true in a deny rule. */
export function partsOf(rule: AccessRule, space: Space): RuleParts {
  const { bdd } = space;
  const settle = ({ sure, possible }: Truth): Node =>
    rule.effect === Effect.Allow ? sure : possible;
  const holds = (condition: Condition | undefined): Node =>
    condition === undefined ? TRUE : settle(truthOf(condition, space));
  const from = rule.from.map((selector) => holdsFor(selector, space));
  const to = rule.to.map((match) => bdd.and(routeOf(match, space), holds(match.also)));
  return {
    from: from.length === 0 ? TRUE : bdd.any(from),
    to: to.length === 0 ? TRUE : bdd.any(to),
    when: holds(rule.when),
  };
}

/** A condition after Kleene. Labels of routes and requests have to be resolved (`select.ts`). */
export function truthOf(condition: Condition, space: Space): Truth {
  const { bdd } = space;
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const left = truthOf(condition.left, space);
      const right = truthOf(condition.right, space);
      const join = (a: Node, b: Node): Node =>
        condition.kind === 'and' ? bdd.and(a, b) : bdd.or(a, b);
      return {
        sure: join(left.sure, right.sure),
        possible: join(left.possible, right.possible),
      };
    }
    case 'not':
      return negate(bdd, truthOf(condition.operand, space));
    case 'compare':
      return space.comparison(condition);
    case 'request':
      return space.request(condition.ref, condition.pattern);
    default:
      return twoValued(settledOf(condition, space));
  }
}

type Settled = Exclude<Condition, { readonly kind: 'and' | 'or' | 'not' | 'compare' | 'request' }>;

// Conditions that are never unknown.
function settledOf(condition: Settled, space: Space): Node {
  switch (condition.kind) {
    case 'constant':
      return condition.value ? TRUE : FALSE;
    case 'has':
      return space.known(condition.ref);
    case 'identity':
      return space.identity(condition.test);
    case 'path':
      return space.paths([condition.template]);
    case 'host':
      return space.hosts([condition.host]);
    case 'hasRequest':
      return space.present(condition.ref);
    case 'routeLabel':
    case 'requestLabel':
      // INVARIANT: `selectFor` leaves none; as it would be for a label that nothing carries.
      return FALSE;
    default:
      return space.time(condition);
  }
}

function holdsFor(selector: Selector, space: Space): Node {
  return space.bdd.all(selector.map((test) => space.identity(test)));
}

function routeOf({ methods, paths, hosts }: RequestMatch, space: Space): Node {
  return space.bdd.all([
    paths.length === 0 ? TRUE : space.paths(paths),
    hosts.length === 0 ? TRUE : space.hosts(hosts),
    methods.length === 0 ? TRUE : space.methods(methods),
  ]);
}
