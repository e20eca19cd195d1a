/** Findings about a set of policies: exact answers, each checked over every request that can be made. */
import type { Policy, PolicySet } from '../policy-set.ts';
import type { Selected } from '../select.ts';
import { copiedRules } from './copied-rules.ts';
import { type DestinationFunctions, functionsOf, type RuleFunctions } from './destination.ts';
import { type AnalysedDestination, policiesByService } from './destinations.ts';
import { Effort, GaveUp, STEPS_MAX } from './effort.ts';
import type { Finding, GaveUpOn } from './finding.ts';
import { FindingsOverDestinations } from './findings-over-destinations.ts';
import { findOpen, findOverlaps, namedPaths } from './look-for.ts';
import { uselessRules } from './rule-status.ts';
import { destinationsOrNone, gaveUpOn, spaceFor } from './space-for.ts';

/** `nowMs`, Unix milliseconds: what only held before it is dead. */
export interface AnalysisOptions {
  readonly nowMs: number;
  /** Steps to spend, for tests; STEPS_MAX when absent. */
  readonly steps?: number;
}

/** Findings in the order of files and lines; `gaveUp` is empty when every question was answered. */
export interface Analysis {
  readonly findings: readonly Finding[];
  readonly gaveUp: readonly GaveUpOn[];
}

/**
 * Looks at every destination of a set. A finding about a rule holds for all destinations of its policy. The cost is
 * bounded; a destination that is beyond the bounds is named in `gaveUp`, and only rules that repeat others word by word
 * are found there.
 */
export function analyse(set: PolicySet, { nowMs, steps = STEPS_MAX }: AnalysisOptions): Analysis {
  const effort = new Effort(steps);
  const findings = new FindingsOverDestinations();
  const gaveUp: GaveUpOn[] = [];
  for (const policies of policiesByService([set])) {
    for (const destination of destinationsOrNone(policies, effort, gaveUp)) {
      const [selected] = policies.selected(destination);
      if (selected === undefined) continue;
      try {
        lookAt(selected, destination, nowMs, effort, findings);
      } catch (error) {
        if (!(error instanceof GaveUp)) throw error;
        gaveUp.push(gaveUpOn(destination, error));
        findings.leaveOut(selected, copiedRules(selected));
      }
    }
  }
  return { findings: findings.sorted(), gaveUp };
}

/** Warnings for `dta policy check`: what `analyse` finds, and where it gave up. */
export function findingsOf(set: PolicySet, nowMs: number): Finding[] {
  const { findings, gaveUp } = analyse(set, { nowMs });
  const places = new Map<string, Policy>();
  for (const policy of [...set.access, ...set.classifications, ...set.masking]) {
    if (!places.has(policy.destination.service)) places.set(policy.destination.service, policy);
  }
  const left = gaveUp.flatMap(({ service, reason }): Finding[] => {
    const policy = places.get(service);
    if (policy === undefined) return [];
    const message = `the rules for service \`${service}\` were not checked for dead and hidden ones: ${reason}`;
    const help = 'the policies are valid; split them by destination to have them looked at';
    const about = { rule: policy.name, others: [], message, help };
    return [{ kind: 'dead', severity: 'info', ...policy.origin, ...about }];
  });
  return [...findings, ...left];
}

function lookAt(
  selected: Selected,
  destination: AnalysedDestination,
  nowMs: number,
  effort: Effort,
  findings: FindingsOverDestinations,
): void {
  const space = spaceFor([selected], destination, nowMs, effort);
  const functions: DestinationFunctions = functionsOf(selected, space);
  const useless = uselessRules(functions, space);
  const isUseful = (rule: RuleFunctions): boolean => !useless.has(rule);
  const overlaps = findOverlaps(functions, space);
  const paths = namedPaths(selected, functions, isUseful, space);
  const open = findOpen(selected, functions, space);
  // All questions are answered before the first answer counts.
  for (const rule of functions.rules) findings.addStatus(rule, useless.get(rule));
  for (const overlap of overlaps) findings.addOverlap(overlap);
  findings.addPaths(paths);
  for (const finding of open) findings.add(finding);
}
