/** Checks across the policies of a set: names that stand twice, limits, labels that nothing masks or carries. */
import { DtaError } from '../errors.ts';
import {
  Direction,
  HOST_PATTERNS_MAX,
  LABELS_MAX,
  PATTERNS_MAX,
  REQUEST_NAMES_MAX,
  REQUEST_TESTS_MAX,
} from '../layout.ts';
import { visitLeaves } from './cel/visit-condition.ts';
import { compileMasks } from './compile/masks.ts';
import { distinctPatterns } from './compile/patterns.ts';
import { type LabelCondition, LabelResolver } from './label-conditions.ts';
import { findCircles } from './label-lattice.ts';
import { findMaskingConflicts } from './masking-conflicts.ts';
import { findMixedHeaders } from './mixed-headers.ts';
import type { PolicyError } from './policy-error.ts';
import type { AccessPolicy, AccessRule, AnyPolicy, PolicySet } from './policy-set.ts';
import { destinationsOf, type Selected, selectFor } from './select.ts';

/** Errors and warnings that no single document shows. */
export function checkSet(set: PolicySet): { errors: PolicyError[]; warnings: PolicyError[] } {
  const everything: AnyPolicy[] = [...set.access, ...set.classifications, ...set.masking];
  return {
    errors: [
      ...findDuplicates(everything, (policy) => `${policy.kind} \`${policy.name}\``),
      ...set.access.flatMap(duplicateRules),
      ...findTooManyRules(set),
      ...findCrowded(set),
      ...findMixedHeaders(set),
      ...findCircles(set).errors,
      ...findMaskingConflicts(set),
    ],
    warnings: [...findUnmasked(set), ...findUncarried(set)],
  };
}

function duplicateRules(policy: AccessPolicy): PolicyError[] {
  return findDuplicates(policy.rules, (rule) => `rule \`${rule.name}\``);
}

function findDuplicates<T extends AnyPolicy | AccessPolicy['rules'][number]>(
  items: readonly T[],
  titleOf: (item: T) => string,
): PolicyError[] {
  const first = new Map<string, T>();
  const errors: PolicyError[] = [];
  for (const item of items) {
    const title = titleOf(item);
    const earlier = first.get(title);
    if (earlier === undefined) first.set(title, item);
    else {
      const { file, line } = earlier.origin;
      errors.push({
        ...item.origin,
        message: `${title} is there twice`,
        help: `rename it or the one in ${file}, line ${line}`,
      });
    }
  }
  return errors;
}

// Limits of a bundle, found here because here the error still has a place.
function findCrowded(set: PolicySet): PolicyError[] {
  const errors: PolicyError[] = [];
  for (const destination of destinationsOf(set)) {
    const selected = selectFor(set, destination);
    const first = [...selected.access, ...selected.classifications, ...selected.masking][0];
    if (first === undefined) continue;
    const hosts = selected.hosts.size;
    if (hosts > HOST_PATTERNS_MAX) {
      errors.push(crowded(first, `${hosts} different hosts`, HOST_PATTERNS_MAX));
    }
    const names = selected.requestNames.size;
    if (names > REQUEST_NAMES_MAX) {
      const what = `${names} different headers, parameters and the like`;
      errors.push(crowded(first, what, REQUEST_NAMES_MAX));
    }
    for (const [name, { size }] of selected.wildcards) {
      if (size <= REQUEST_TESTS_MAX) continue;
      const what = `${size} texts with a wildcard for \`${name}\``;
      errors.push(crowded(first, what, REQUEST_TESTS_MAX));
    }
    const patterns = distinctPatterns(selected.classifications).length;
    if (patterns > PATTERNS_MAX) {
      errors.push(crowded(first, `${patterns} different patterns`, PATTERNS_MAX));
      continue;
    }
    const labels = selected.labels.length;
    errors.push(...findTangledPaths(selected));
    if (labels > LABELS_MAX) errors.push(crowded(first, `${labels} different labels`, LABELS_MAX));
  }
  return errors;
}

function findTangledPaths(selected: Selected): PolicyError[] {
  try {
    compileMasks({ ...selected, direction: Direction.Inbound });
    return [];
  } catch (error) {
    const first = selected.classifications[0];
    if (!(error instanceof DtaError) || first === undefined) throw error;
    return [{ ...first.origin, message: error.message, help: error.help ?? '' }];
  }
}

function crowded(policy: AnyPolicy, what: string, limit: number): PolicyError {
  return {
    ...policy.origin,
    message: `policies for service \`${policy.destination.service}\` name ${what}`,
    help: `at most ${limit} fit into one bundle`,
  };
}

function findUnmasked(set: PolicySet): PolicyError[] {
  const warnings = new Map<string, PolicyError>();
  for (const destination of destinationsOf(set)) {
    const selected = selectFor(set, destination);
    const masked = new Set(selected.masking.flatMap((p) => p.rules.flatMap((rule) => rule.labels)));
    for (const policy of selected.classifications) {
      const labels = [...policy.fields, ...policy.detectors, ...policy.patterns].map(
        ({ label }) => label,
      );
      for (const label of new Set(labels)) {
        if ([...selected.lattice.below(label)].some((one) => masked.has(one))) continue;
        warnings.set(`${policy.name} ${label}`, {
          ...policy.origin,
          message: `label \`${label}\` is classified but nothing masks it`,
          help: `add a MaskingPolicy for service \`${destination.service}\` with this label`,
        });
      }
    }
  }
  return [...warnings.values()];
}

// A condition on a label that nothing carries, at no destination that the rule is for.
function findUncarried(set: PolicySet): PolicyError[] {
  const asked = set.access.flatMap((policy) =>
    policy.rules.flatMap((rule) => labelConditionsOf(rule).map((leaf) => ({ policy, rule, leaf }))),
  );
  if (asked.length === 0) return [];
  const warnings = new Map<string, PolicyError>();
  for (const { policy, rule, leaf } of asked) {
    const { service, environment } = policy.destination;
    const ofService = set.classifications.filter(
      ({ destination }) =>
        destination.service === service &&
        (environment === undefined ||
          destination.environment === undefined ||
          destination.environment === environment),
    );
    if (new LabelResolver(ofService).resolveLabel(leaf).kind !== 'constant') continue;
    const isRoute = leaf.kind === 'routeLabel';
    warnings.set(`${policy.name} ${rule.name} ${leaf.kind} ${leaf.label}`, {
      ...rule.origin,
      message: `rule \`${rule.name}\` asks for label \`${leaf.label}\` of ${isRoute ? 'routes' : 'requests'}, and nothing carries it`,
      help: `add ${isRoute ? '`routes`' : '`headers` or `parameters`'} with it to a DataClassification for service \`${service}\``,
    });
  }
  return [...warnings.values()];
}

function labelConditionsOf(rule: AccessRule): LabelCondition[] {
  const found: LabelCondition[] = [];
  if (rule.when === undefined) return found;
  visitLeaves(rule.when, (leaf) => {
    if (leaf.kind === 'routeLabel' || leaf.kind === 'requestLabel') found.push(leaf);
  });
  return found;
}

// A set is compiled in memory, for every destination in turn.
function findTooManyRules(set: PolicySet): PolicyError[] {
  const count = set.access.reduce((sum, policy) => sum + policy.rules.length, 0);
  if (count <= RULES_MAX) return [];
  let left = RULES_MAX;
  for (const policy of set.access) {
    const first = policy.rules[left];
    if (first !== undefined) {
      const message = `set has ${count} rules`;
      return [
        { ...first.origin, message, help: `at most ${RULES_MAX}; this is the first too many` },
      ];
    }
    left -= policy.rules.length;
  }
  return [];
}

/** Rules of a set. */
export const RULES_MAX = 250_000;
