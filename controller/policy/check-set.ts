/** Checks across the policies of a set: names that stand twice, labels that nothing masks. */
import { DtaError } from '../errors.ts';
import { Band, Direction, Effect, HOST_PATTERNS_MAX, LABELS_MAX } from '../layout.ts';
import type { Condition } from './cel/condition.ts';
import { compileMasks } from './compile/masks.ts';
import type { PolicyError } from './policy-error.ts';
import type { AccessPolicy, AnyPolicy, PolicySet } from './policy-set.ts';
import { destinationsOf, type Selected, selectFor } from './select.ts';

/** Errors and warnings that no single document shows. */
export function checkSet(set: PolicySet): { errors: PolicyError[]; warnings: PolicyError[] } {
  const everything: AnyPolicy[] = [...set.access, ...set.classifications, ...set.masking];
  return {
    errors: [
      ...findDuplicates(everything, (policy) => `${policy.kind} \`${policy.name}\``),
      ...set.access.flatMap(duplicateRules),
      ...findCrowded(set),
    ],
    warnings: [...findUnmasked(set), ...findUnfed(set)],
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
      const labels = [...policy.fields.map((field) => field.label), ...policy.cardLabels];
      for (const label of new Set(labels)) {
        if (masked.has(label)) continue;
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

/** This version makes no signals and no risk bands: what waits for them waits for ever. */
function findUnfed(set: PolicySet): PolicyError[] {
  const rules = set.access.flatMap((policy) => policy.rules);
  return rules.flatMap((rule) => {
    const warnings: PolicyError[] = [];
    if (rule.effect === Effect.Allow && rule.maxRisk < Band.Critical) {
      warnings.push({
        ...rule.origin,
        message: `rule \`${rule.name}\` can never permit: every service is in the band \`critical\``,
        help: 'leave `maxRisk` out until the controller computes bands',
      });
    }
    if (rule.when !== undefined && readsSignal(rule.when)) {
      warnings.push({
        ...rule.origin,
        message: `the condition of rule \`${rule.name}\` reads a signal, and all of them are unknown`,
        help: 'unknown is false in an allow rule and true in a deny rule, until the controller has signals',
      });
    }
    return warnings;
  });
}

function readsSignal(condition: Condition): boolean {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return readsSignal(condition.left) || readsSignal(condition.right);
    case 'not':
      return readsSignal(condition.operand);
    case 'has':
    case 'compare':
      return true;
    default:
      return false;
  }
}
