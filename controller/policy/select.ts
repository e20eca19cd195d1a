/** Selects what a set says about one destination. */
import { compareText } from './policy-error.ts';
import type {
  AccessPolicy,
  DataClassification,
  Destination,
  MaskingPolicy,
  Policy,
  PolicySet,
} from './policy-set.ts';

/** The policies for a destination, the labels that they name (sorted), and the hosts (by kind and text). */
export interface Selected {
  readonly access: readonly AccessPolicy[];
  readonly classifications: readonly DataClassification[];
  readonly masking: readonly MaskingPolicy[];
  readonly labels: readonly string[];
  readonly hosts: ReadonlySet<string>;
}

/**
 * The policies of a destination. A policy without an environment is for all of them; a destination without one takes
 * only such policies.
 */
export function selectFor(set: PolicySet, destination: Destination): Selected {
  const matches = (policy: Policy): boolean =>
    policy.destination.service === destination.service &&
    (policy.destination.environment === undefined ||
      policy.destination.environment === destination.environment);
  const access = set.access.filter(matches);
  const classifications = set.classifications.filter(matches);
  const masking = set.masking.filter(matches);
  const labels = new Set<string>();
  const hosts = new Set<string>();
  for (const rule of access.flatMap((policy) => policy.rules)) {
    for (const label of rule.clearance) labels.add(label);
    for (const host of rule.to.flatMap((to) => to.hosts)) hosts.add(`${host.kind} ${host.text}`);
  }
  for (const policy of classifications) {
    for (const field of policy.fields) labels.add(field.label);
    for (const label of policy.cardLabels) labels.add(label);
  }
  for (const label of masking.flatMap((p) => p.rules.flatMap((rule) => rule.labels))) {
    labels.add(label);
  }
  return { access, classifications, masking, labels: [...labels].sort(compareText), hosts };
}

/** Every destination that a policy names, without duplicates, sorted by service, then environment. */
export function destinationsOf(set: PolicySet): Destination[] {
  const found = new Map<string, Destination>();
  for (const { destination } of [...set.access, ...set.classifications, ...set.masking]) {
    found.set(`${destination.service} ${destination.environment ?? ''}`, destination);
  }
  return [...found.keys()].sort(compareText).flatMap((key) => found.get(key) ?? []);
}
