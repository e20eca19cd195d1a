/** What one set of policies grants that another does not: exact, with the rules that make the difference. */
import { Audit } from '../../layout.ts';
import type { Origin, PolicySet } from '../policy-set.ts';
import type { AnalysisOptions } from './analyse.ts';
import { FALSE, type Node } from './bdd.ts';
import type { ConcreteRequest } from './concrete-request.ts';
import { ruleText } from './copied-rules.ts';
import { type DestinationFunctions, functionsOf, type RuleFunctions } from './destination.ts';
import { type AnalysedDestination, policiesByService } from './destinations.ts';
import { Effort, GaveUp, STEPS_MAX } from './effort.ts';
import type { GaveUpOn } from './finding.ts';
import type { Space } from './space.ts';
import { destinationsOrNone, gaveUpOn, spaceFor } from './space-for.ts';

/** Each from the first set to the second. */
export type DifferenceKind =
  | 'grants'
  | 'takes'
  | 'clearance granted'
  | 'clearance taken'
  | 'audit raised'
  | 'audit lowered';

/** A rule that makes a difference: by being in one set, or by being another one there. */
export interface ResponsibleRule extends Origin {
  /** `policy/rule` */
  readonly rule: string;
  readonly side: 'a' | 'b';
  readonly effect: 'allow' | 'deny';
}

export interface DifferenceEntry {
  readonly service: string;
  /** Absent: every environment that no policy names. */
  readonly environment?: string;
  readonly kind: DifferenceKind;
  /** The label of a clearance; `always` or `synchronous` of an audit. */
  readonly label?: string;
  readonly rules: readonly ResponsibleRule[];
  /** Where, dimension by dimension; what is left out does not matter. */
  readonly region: string;
  /** False when only some combinations of what `region` says differ. */
  readonly isExact: boolean;
  readonly example: ConcreteRequest;
  /** An environment of the destination in which the example can be asked. */
  readonly exampleEnvironment: string;
}

/** No entries and nothing given up on: both sets decide every request alike, from `nowMs` on. */
export interface SetDifference {
  readonly entries: readonly DifferenceEntry[];
  readonly gaveUp: readonly GaveUpOn[];
}

/**
 * Compares decisions, clearances and how decisions are recorded, for every destination of both sets. Classification and
 * masks are not compared, nor are shadow rules.
 */
export function diffSets(
  a: PolicySet,
  b: PolicySet,
  { nowMs, steps = STEPS_MAX }: AnalysisOptions,
): SetDifference {
  const effort = new Effort(steps);
  const entries: DifferenceEntry[] = [];
  const gaveUp: GaveUpOn[] = [];
  for (const policies of policiesByService([a, b])) {
    for (const destination of destinationsOrNone(policies, effort, gaveUp)) {
      try {
        const selections = policies.selected(destination);
        const space = spaceFor(selections, destination, nowMs, effort);
        const [before, after] = selections.map((selected) => functionsOf(selected, space));
        if (before !== undefined && after !== undefined) {
          entries.push(...new Comparison(space, destination, before, after).entries());
        }
      } catch (error) {
        if (!(error instanceof GaveUp)) throw error;
        gaveUp.push(gaveUpOn(destination, error));
      }
    }
  }
  return { entries, gaveUp };
}

interface Side {
  readonly name: 'a' | 'b';
  readonly functions: DestinationFunctions;
}

/** What is lost from one side to the other, and what rules grant it on the side that has it. */
interface Loss {
  readonly kind: DifferenceKind;
  readonly label?: string;
  readonly region: Node;
  readonly grants: (rule: RuleFunctions) => Node;
}

class Comparison {
  readonly #space: Space;
  readonly #destination: AnalysedDestination;
  readonly #a: Side;
  readonly #b: Side;

  constructor(
    space: Space,
    destination: AnalysedDestination,
    a: DestinationFunctions,
    b: DestinationFunctions,
  ) {
    this.#space = space;
    this.#destination = destination;
    this.#a = { name: 'a', functions: a };
    this.#b = { name: 'b', functions: b };
  }

  entries(): DifferenceEntry[] {
    return [...this.#losses(this.#b, this.#a, true), ...this.#losses(this.#a, this.#b, false)];
  }

  // What `from` has and `to` has not.
  #losses(from: Side, to: Side, isGain: boolean): DifferenceEntry[] {
    const { bdd } = this.#space;
    const permits = ({ permits }: RuleFunctions): Node => permits;
    const losses: Loss[] = [
      {
        kind: isGain ? 'grants' : 'takes',
        region: bdd.minus(from.functions.allowed, to.functions.allowed),
        grants: permits,
      },
    ];
    for (const [label, node] of from.functions.clearance) {
      losses.push({
        kind: isGain ? 'clearance granted' : 'clearance taken',
        label,
        region: bdd.minus(node, to.functions.clearance.get(label) ?? FALSE),
        grants: (rule) => (rule.rule.clearance.includes(label) ? rule.permits : FALSE),
      });
    }
    const both = bdd.and(from.functions.allowed, to.functions.allowed);
    for (const [audit, node] of from.functions.audited) {
      losses.push({
        kind: isGain ? 'audit raised' : 'audit lowered',
        label: audit === Audit.Always ? 'always' : 'synchronous',
        // A request that only one side allows has an entry for that.
        region: bdd.and(both, bdd.minus(node, to.functions.audited.get(audit) ?? FALSE)),
        grants: (rule) => (rule.rule.audit >= audit ? rule.applies : FALSE),
      });
    }
    return losses.flatMap((loss) => this.#explain(loss, from, to));
  }

  // Splits a loss by what makes it: a deny rule of the side that lost, else a rule that only the other side has.
  #explain(loss: Loss, from: Side, to: Side): DifferenceEntry[] {
    if (loss.region === FALSE) return [];
    const { bdd } = this.#space;
    const entries: DifferenceEntry[] = [];
    let left = loss.region;
    const take = (rule: RuleFunctions, side: Side, where: Node): void => {
      const part = bdd.and(left, where);
      if (part === FALSE) return;
      left = bdd.minus(left, part);
      const lines = [responsible(rule, side)];
      if (side === to) lines.push(...this.#grantors(loss, from, part));
      entries.push(this.#entry(loss, part, lines));
    };
    for (const deny of newFirst(to.functions.denies, from.functions.denies)) {
      take(deny, to, deny.applies);
    }
    for (const allow of newFirst(from.functions.allows, to.functions.allows)) {
      take(allow, from, loss.grants(allow));
    }
    return entries;
  }

  // A rule that lets the example in where the deny rule is not there.
  #grantors(loss: Loss, from: Side, part: Node): ResponsibleRule[] {
    const { bdd } = this.#space;
    const rule = from.functions.allows.find((r) => bdd.and(part, loss.grants(r)) !== FALSE);
    return rule === undefined ? [] : [responsible(rule, from)];
  }

  #entry(loss: Loss, part: Node, rules: readonly ResponsibleRule[]): DifferenceEntry {
    const { service, environment, isNamed } = this.#destination;
    const { words, isExact } = this.#space.describe(part);
    return {
      service,
      ...(isNamed ? { environment } : {}),
      kind: loss.kind,
      ...(loss.label === undefined ? {} : { label: loss.label }),
      rules,
      region: words,
      isExact,
      example: this.#space.example(part),
      exampleEnvironment: environment,
    };
  }
}

function responsible({ rule, name }: RuleFunctions, side: Side): ResponsibleRule {
  const effect = rule.effect === 1 ? 'allow' : 'deny';
  return { ...rule.origin, rule: name, side: side.name, effect };
}

// Rules that the other side has too make no difference as long as others do.
function newFirst(
  rules: readonly RuleFunctions[],
  others: readonly RuleFunctions[],
): RuleFunctions[] {
  const known = new Set(others.map(({ rule }) => ruleText(rule)));
  const isKnown = ({ rule }: RuleFunctions): number => (known.has(ruleText(rule)) ? 1 : 0);
  return [...rules].sort((a, b) => isKnown(a) - isKnown(b));
}
