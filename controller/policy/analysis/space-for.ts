/** The space of what one set or several say about a destination, and what is said where there is none. */

import type { PathTemplate } from '../path-template.ts';
import type { DataClassification } from '../policy-set.ts';
import type { Selected } from '../select.ts';
import type { AnalysedDestination, ServicePolicies } from './destinations.ts';
import { type Effort, GaveUp, RULES_MAX } from './effort.ts';
import type { GaveUpOn } from './finding.ts';
import { Space } from './space.ts';
import { pathKey, Vocabulary } from './vocabulary.ts';

/** A space in which all that the selections compare can be asked. Throws GaveUp. */
export function spaceFor(
  selections: readonly Selected[],
  { service, environment }: AnalysedDestination,
  nowMs: number,
  effort: Effort,
): Space {
  const vocabulary = new Vocabulary(environment);
  let count = 0;
  for (const selected of selections) {
    for (const policy of selected.access) {
      count += policy.rules.length;
      if (count > RULES_MAX) throw new GaveUp(`more than ${RULES_MAX} rules`);
      for (const rule of policy.rules) vocabulary.addRule(rule);
    }
    for (const path of selected.classifications.flatMap(classifiedPaths)) {
      vocabulary.paths.add(pathKey(path), path);
    }
  }
  return new Space(vocabulary, { service, environment, nowMs }, effort);
}

/** The destinations of a service; none, and a note, when they cannot be told apart. */
export function destinationsOrNone(
  policies: ServicePolicies,
  effort: Effort,
  gaveUp: GaveUpOn[],
): AnalysedDestination[] {
  try {
    return policies.destinations(effort);
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error;
    gaveUp.push({ service: policies.service, reason: error.what });
    return [];
  }
}

/** The note for a destination. */
export function gaveUpOn(destination: AnalysedDestination, { what }: GaveUp): GaveUpOn {
  const { service, environment, isNamed } = destination;
  return { service, ...(isNamed ? { environment } : {}), reason: what };
}

function classifiedPaths({ routes }: DataClassification): PathTemplate[] {
  return routes.flatMap(({ paths }) => paths);
}
