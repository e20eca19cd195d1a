/** Questions about one destination that are not about what a single rule is good for. */

import type { PathTemplate } from '../path-template.ts';
import type { DataClassification, Origin } from '../policy-set.ts';
import { dataLabelsOf, type Selected } from '../select.ts';
import { FALSE, TRUE } from './bdd.ts';
import type { ConcreteRequest } from './concrete-request.ts';
import type { DestinationFunctions, RuleFunctions } from './destination.ts';
import type { Finding } from './finding.ts';
import type { Space } from './space.ts';

/** A deny rule with allow rules that match some request that it matches too: the first OVERLAPS_MAX. */
export interface Overlap {
  readonly deny: RuleFunctions;
  readonly allows: readonly RuleFunctions[];
  readonly example: ConcreteRequest;
  readonly destination: { readonly service: string; readonly environment: string };
}

/** Deny rules that take something back from allow rules. */
export function findOverlaps({ allows, denies }: DestinationFunctions, space: Space): Overlap[] {
  const { bdd } = space;
  const anyAllow = bdd.any(allows.map(({ applies }) => applies));
  return denies.flatMap((deny) => {
    const both = bdd.and(deny.applies, anyAllow);
    if (both === FALSE) return [];
    const overlapping: RuleFunctions[] = [];
    for (const allow of allows) {
      if (bdd.and(both, allow.applies) !== FALSE) overlapping.push(allow);
      if (overlapping.length === OVERLAPS_MAX) break;
    }
    const [first] = overlapping;
    if (first === undefined) return [];
    const example = space.example(bdd.and(both, first.applies));
    return [{ deny, allows: overlapping, example, destination: space.destination }];
  });
}

/** A path that a rule or a classification names; `isCallable` when some request to it is allowed. */
export interface NamedPath extends Origin {
  readonly owner: string;
  readonly path: string;
  readonly isCallable: boolean;
}

/** The paths that are named. Rules of no use are left out: what is wrong with them is said already. */
export function namedPaths(
  selected: Selected,
  { allows, allowed, denied }: DestinationFunctions,
  isUseful: (rule: RuleFunctions) => boolean,
  space: Space,
): NamedPath[] {
  const { bdd } = space;
  const isAllowed = (template: PathTemplate): boolean =>
    bdd.and(allowed, space.paths([template])) !== FALSE;
  const ofRule = ({ rule, name, permits }: RuleFunctions, template: PathTemplate): NamedPath => {
    // The rule's own requests are few, and most often they are the answer.
    const own = bdd.minus(bdd.and(permits, space.paths([template])), denied);
    const isCallable = own !== FALSE || isAllowed(template);
    return { ...rule.origin, owner: name, path: template.text, isCallable };
  };
  const ofRules = allows
    .filter(isUseful)
    .flatMap((allow) =>
      allow.rule.to.flatMap(({ paths }) => paths.map((path) => ofRule(allow, path))),
    );
  const classified = selected.classifications.flatMap(({ name, origin, routes }) =>
    routes.flatMap(({ paths }) =>
      paths.map((path) => {
        return { ...origin, owner: name, path: path.text, isCallable: isAllowed(path) };
      }),
    ),
  );
  return [...ofRules, ...classified];
}

/** Allow rules that ask nothing of the caller, on data that carries labels. */
export function findOpen(
  selected: Selected,
  { allows, denied }: DestinationFunctions,
  space: Space,
): Finding[] {
  const { bdd } = space;
  const everywhere = selected.classifications.some(isForEveryRoute);
  const routes = selected.classifications.flatMap((policy) =>
    policy.routes.flatMap(({ paths }) => paths),
  );
  const classified = everywhere ? TRUE : routes.length === 0 ? FALSE : space.paths(routes);
  const labels = labelsOf(selected.classifications);
  return allows.flatMap((allow): Finding[] => {
    if (allow.parts.from !== TRUE || allow.parts.when !== TRUE) return [];
    const reached = bdd.minus(bdd.and(allow.permits, classified), denied);
    if (reached === FALSE) return [];
    const shown = labels.map((label) => `\`${label}\``).join(', ');
    return [
      {
        kind: 'open',
        severity: 'warning',
        ...allow.rule.origin,
        rule: allow.name,
        message: `rule \`${allow.rule.name}\` lets any caller reach data that is classified as ${shown}`,
        help: 'say in `from` who may call, or in `when` under which conditions',
        others: [],
        example: space.example(reached),
        destination: space.destination,
      },
    ];
  });
}

function isForEveryRoute(policy: DataClassification): boolean {
  return dataLabelsOf(policy).length > 0;
}

function labelsOf(classifications: readonly DataClassification[]): string[] {
  const labels = classifications.flatMap((policy) => [
    ...dataLabelsOf(policy),
    ...policy.routes.flatMap((route) => route.labels),
  ]);
  return [...new Set(labels)].sort();
}

/** A deny rule for everything overlaps with every allow rule. */
const OVERLAPS_MAX = 100;
