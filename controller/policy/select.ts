/** Selects what a set says about one destination. */

import { MethodBit, RequestKind, TextOp } from '../layout.ts';
import { showRequestRef } from './cel/show-condition.ts';
import { visitLeaves } from './cel/visit-condition.ts';
import type { GrpcMethod } from './descriptors/descriptor-set.ts';
import { descriptorName } from './descriptors/resolve-descriptors.ts';
import { LabelResolver } from './label-conditions.ts';
import { type LabelLattice, latticeOf } from './label-lattice.ts';
import { compareText } from './policy-error.ts';
import type {
  AccessPolicy,
  AccessRule,
  DataClassification,
  Destination,
  MaskingPolicy,
  Policy,
  PolicySet,
} from './policy-set.ts';

/** The policies for a destination, and what they name. */
export interface Selected {
  /**
   * Without conditions on labels: they are replaced by what carries the label here. Clearances hold all labels that are below
   * theirs.
   */
  readonly access: readonly AccessPolicy[];
  readonly classifications: readonly DataClassification[];
  readonly masking: readonly MaskingPolicy[];
  /** Labels of clearances, classified data and masks, sorted. */
  readonly labels: readonly string[];
  /** Methods of the descriptor set that a masking policy names. */
  readonly methods: readonly GrpcMethod[];
  /** The order of all labels of the set. */
  readonly lattice: LabelLattice;
  /** Hosts of `to` and of conditions, by kind and text. */
  readonly hosts: ReadonlySet<string>;
  /** Parts of requests that conditions read, by RequestKind and name. */
  readonly requestNames: ReadonlySet<string>;
  /** The texts with a wildcard that a part of requests is compared with; the part as conditions name it. */
  readonly wildcards: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * The policies of a destination. A policy without an environment is for all of them; a destination without one takes
 * only such policies.
 */
export function selectFor(set: PolicySet, destination: Destination): Selected {
  const policies = indexOf(set).get(destination.service) ?? nothing;
  const matches = (policy: Policy): boolean =>
    policy.destination.environment === undefined ||
    policy.destination.environment === destination.environment;
  const classifications = policies.classifications.filter(matches);
  const masking = policies.masking.filter(matches);
  const resolver = new LabelResolver(classifications);
  const written = policies.access.filter(matches).map((policy) => resolver.resolvePolicy(policy));
  const ofData = new Set([
    ...classifications.flatMap(dataLabelsOf),
    ...masking.flatMap((policy) => policy.rules.flatMap((rule) => rule.labels)),
  ]);
  const labels = labelsOf(written, ofData);
  const lattice = latticeOf(set);
  const access = written.map((policy) => closeClearances(policy, lattice, ofData));
  const names: Names = { hosts: new Set(), requestNames: new Set(), wildcards: new Map() };
  for (const rule of access.flatMap((policy) => policy.rules)) collectNames(rule, names);
  const [file] = masking.flatMap(({ descriptors }) => descriptors ?? []);
  const methods = (file && set.methods?.get(descriptorName(file))) ?? [];
  return { access, classifications, masking, labels, lattice, methods, ...names };
}

/** Every destination that a policy names, without duplicates, sorted by service, then environment. */
export function destinationsOf(set: PolicySet): Destination[] {
  const found = new Map<string, Destination>();
  for (const { destination } of [...set.access, ...set.classifications, ...set.masking]) {
    found.set(`${destination.service} ${destination.environment ?? ''}`, destination);
  }
  return [...found.keys()].sort(compareText).flatMap((key) => found.get(key) ?? []);
}

function labelsOf(access: readonly AccessPolicy[], ofData: ReadonlySet<string>): string[] {
  const labels = new Set(ofData);
  for (const rule of access.flatMap((policy) => policy.rules)) {
    for (const label of rule.clearance) labels.add(label);
  }
  return [...labels].sort(compareText);
}

/** Labels of the data that a policy classifies: of bodies and what stands beside them, not of routes. */
export function dataLabelsOf(policy: DataClassification): string[] {
  const { fields, detectors, patterns, places, segments } = policy;
  return [...fields, ...detectors, ...patterns, ...places, ...segments].map(({ label }) => label);
}

// Who is cleared for a label is cleared for all below it, as far as data has them: what other rules say of clearances
// changes nothing. Sets without clearances are large: nothing is copied for them.
function closeClearances(
  policy: AccessPolicy,
  lattice: LabelLattice,
  ofData: ReadonlySet<string>,
): AccessPolicy {
  if (policy.rules.every(({ clearance }) => clearance.length === 0)) return policy;
  const rules = policy.rules.map((rule) => {
    if (rule.clearance.length === 0) return rule;
    const clearance = lattice.closeDown(rule.clearance, ofData);
    return { ...rule, clearance };
  });
  return { ...policy, rules };
}

interface Names {
  readonly hosts: Set<string>;
  readonly requestNames: Set<string>;
  readonly wildcards: Map<string, Set<string>>;
}

function collectNames(rule: AccessRule, { hosts, requestNames, wildcards }: Names): void {
  for (const { hosts: patterns, methods } of rule.to) {
    for (const host of patterns) hosts.add(`${host.kind} ${host.text}`);
    // The compiler compares methods without a bit of their own as request values.
    if (!methods.every((method) => Object.hasOwn(MethodBit, method))) {
      requestNames.add(`${RequestKind.Method} `);
    }
  }
  for (const condition of [rule.when, ...rule.to.map((match) => match.also)]) {
    if (condition === undefined) continue;
    visitLeaves(condition, (leaf) => {
      if (leaf.kind === 'host') hosts.add(`${leaf.host.kind} ${leaf.host.text}`);
      if (leaf.kind === 'request' || leaf.kind === 'hasRequest') {
        requestNames.add(`${leaf.ref.kind} ${leaf.ref.name}`);
      }
      if (leaf.kind === 'request' && leaf.pattern.op !== TextOp.Equal) {
        const { op, text } = leaf.pattern;
        addTo(wildcards, showRequestRef(leaf.ref), `${op} ${text}`);
      }
    });
  }
}

function addTo(sets: Map<string, Set<string>>, key: string, entry: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([entry]));
  else set.add(entry);
}

interface ServicePolicies {
  readonly access: AccessPolicy[];
  readonly classifications: DataClassification[];
  readonly masking: MaskingPolicy[];
}

// Selecting for every destination in turn would else look at every policy each time.
function indexOf(set: PolicySet): ReadonlyMap<string, ServicePolicies> {
  let index = indexes.get(set);
  if (index === undefined) {
    index = new Map<string, ServicePolicies>();
    for (const policy of set.access) ofService(index, policy).access.push(policy);
    for (const policy of set.classifications) ofService(index, policy).classifications.push(policy);
    for (const policy of set.masking) ofService(index, policy).masking.push(policy);
    indexes.set(set, index);
  }
  return index;
}

function ofService(index: Map<string, ServicePolicies>, policy: Policy): ServicePolicies {
  const { service } = policy.destination;
  let policies = index.get(service);
  if (policies === undefined) {
    policies = { access: [], classifications: [], masking: [] };
    index.set(service, policies);
  }
  return policies;
}

const indexes = new WeakMap<PolicySet, Map<string, ServicePolicies>>();
const nothing: ServicePolicies = { access: [], classifications: [], masking: [] };
