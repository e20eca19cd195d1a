/** A parsed set of policies: everything in it has been checked, nothing needs checking again. */
import type { Audit, Band, Effect, MaskOperator } from '../layout.ts';
import type { Condition, RequestRef } from './cel/condition.ts';
import type { Step } from './field-path.ts';
import type { HostPattern } from './host-pattern.ts';
import type { IdentityTest } from './identity-test.ts';
import type { PathTemplate } from './path-template.ts';

/** Where something is written; line and column from 1. */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A service in one environment, or in every environment when `environment` is absent. */
export interface Destination {
  readonly service: string;
  readonly environment?: string | undefined;
}

/** An entry of `from`: all tests hold. Sorted by attribute and label, at least one. */
export type Selector = readonly IdentityTest[];

/**
 * An entry of `to`: one of each list has to match, an empty list matches everything, and `also` holds: headers,
 * parameters and what is negated. Unknown (a repeated value that matches only at times) counts as in `when`.
 */
export interface RequestMatch {
  readonly methods: readonly string[];
  readonly paths: readonly PathTemplate[];
  readonly hosts: readonly HostPattern[];
  readonly also: Condition | undefined;
}

/** A rule; an empty `from` or `to` matches everything. */
export interface AccessRule {
  readonly name: string;
  readonly origin: Origin;
  readonly effect: Effect;
  readonly from: readonly Selector[];
  readonly to: readonly RequestMatch[];
  readonly when: Condition | undefined;
  readonly maxRisk: Band;
  readonly clearance: readonly string[];
  readonly audit: Audit;
}

/** What every kind has. */
export interface Policy {
  readonly name: string;
  readonly origin: Origin;
  readonly destination: Destination;
}

export interface AccessPolicy extends Policy {
  readonly kind: 'AccessPolicy';
  readonly isShadow: boolean;
  readonly rules: readonly AccessRule[];
}

/** A field that carries a label: at a path, or by its name at any depth. */
export type ClassifiedField =
  | { readonly label: string; readonly path: readonly Step[] }
  | { readonly label: string; readonly fieldName: string; readonly ignoreCase: boolean };

/** Routes whose data carries the labels. */
export interface ClassifiedRoute {
  readonly labels: readonly string[];
  readonly paths: readonly PathTemplate[];
}

/** A header or parameter that gives its label to every request that has it. */
export interface ClassifiedValue {
  readonly label: string;
  readonly ref: RequestRef;
}

/** `cardLabels`: labels of card numbers that are found by value. */
export interface DataClassification extends Policy {
  readonly kind: 'DataClassification';
  readonly fields: readonly ClassifiedField[];
  readonly cardLabels: readonly string[];
  readonly routes: readonly ClassifiedRoute[];
  readonly requestValues: readonly ClassifiedValue[];
}

/** How values with one of the labels are masked. `keep` is 0 except for MaskOperator.KeepLast. */
export interface LabelMask {
  readonly labels: readonly string[];
  readonly operator: MaskOperator;
  readonly keep: number;
  readonly inRequests: boolean;
  readonly inResponses: boolean;
}

export interface MaskingPolicy extends Policy {
  readonly kind: 'MaskingPolicy';
  readonly rules: readonly LabelMask[];
}

export type AnyPolicy = AccessPolicy | DataClassification | MaskingPolicy;

/** Policies by kind, each sorted by name. */
export interface PolicySet {
  readonly access: readonly AccessPolicy[];
  readonly classifications: readonly DataClassification[];
  readonly masking: readonly MaskingPolicy[];
}
