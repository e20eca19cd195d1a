/** A parsed set of policies: everything in it has been checked, nothing needs checking again. */
import type {
  Audit,
  Band,
  DetectorKind,
  Effect,
  MaskOperator,
  NameMode,
  UnreadableAction,
  ValuePlace,
} from '../layout.ts';
import type { Condition, RequestRef } from './cel/condition.ts';
import type { GrpcMethod } from './descriptors/descriptor-set.ts';
import type { Step } from './field-path.ts';
import type { HostPattern } from './host-pattern.ts';
import type { IdentityTest } from './identity-test.ts';
import type { PathTemplate } from './path-template.ts';
import type { CompiledPattern } from './pattern/compile-pattern.ts';

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

/** A field that carries a label: at a path, or by its name at any depth (`fieldName` as MaskName keeps it). */
export type ClassifiedField =
  | { readonly label: string; readonly path: readonly Step[] }
  | { readonly label: string; readonly fieldName: string; readonly match: NameMode };

/** Values that carry a label by what they look like. */
export interface ClassifiedDetector {
  readonly label: string;
  readonly kind: DetectorKind;
}

/** Values that carry a label because a pattern of the user matches them. */
export interface ClassifiedPattern {
  readonly label: string;
  readonly pattern: CompiledPattern;
}

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

/** A header, cookie or parameter that carries a label; `name` as MaskValue keeps it. */
export interface ClassifiedPlace {
  readonly label: string;
  readonly place: ValuePlace;
  readonly name: string;
  readonly match: NameMode;
}

/** A segment of paths that carries a label; `index` counts the segments of `path` from 0. */
export interface ClassifiedSegment {
  readonly label: string;
  readonly path: PathTemplate;
  readonly index: number;
}

/** Where a label stands among the others: data with it is data with each of `above` too. */
export interface LabelRank {
  readonly origin: Origin;
  readonly name: string;
  readonly above: readonly string[];
}

/** `requestValues` are asked in conditions, `places` are masked. */
export interface DataClassification extends Policy {
  readonly kind: 'DataClassification';
  readonly labels: readonly LabelRank[];
  readonly fields: readonly ClassifiedField[];
  readonly detectors: readonly ClassifiedDetector[];
  readonly patterns: readonly ClassifiedPattern[];
  readonly routes: readonly ClassifiedRoute[];
  readonly requestValues: readonly ClassifiedValue[];
  readonly places: readonly ClassifiedPlace[];
  readonly segments: readonly ClassifiedSegment[];
}

/** What an operator does: `keep`, `param` and `text` as MaskRule has them, 0 and empty where the operator has none. */
export interface Transformation {
  readonly operator: MaskOperator;
  readonly keep: number;
  readonly param: number;
  readonly text: string;
}

/** How values with one of the labels, or one above it, are masked: from a band on, for callers that lack the label. */
export interface LabelMask extends Transformation {
  readonly origin: Origin;
  readonly labels: readonly string[];
  readonly minBand: Band;
  /** For every caller, whatever it is cleared for. */
  readonly ignoresClearance: boolean;
  readonly inRequests: boolean;
  readonly inResponses: boolean;
}

/** Routes with an action of their own for bodies that cannot be read. */
export interface UnreadableRoute {
  readonly paths: readonly PathTemplate[];
  readonly unreadable: UnreadableAction;
}

/** The file of a descriptor set, by its path from the file of the policy; `origin` is where it is named. */
export interface DescriptorFile {
  readonly path: string;
  readonly origin: Origin;
}

/** `labelHeader` is in lower case, empty for none, undefined when the policy does not say. */
export interface MaskingPolicy extends Policy {
  readonly kind: 'MaskingPolicy';
  readonly unreadable: UnreadableAction;
  readonly routes: readonly UnreadableRoute[];
  readonly allowsUpgrades: boolean;
  readonly labelHeader: string | undefined;
  readonly descriptors: DescriptorFile | undefined;
  readonly rules: readonly LabelMask[];
}

export type AnyPolicy = AccessPolicy | DataClassification | MaskingPolicy;

/** Policies by kind, each sorted by name; `methods` of descriptor sets by the name of the file (`descriptorName`). */
export interface PolicySet {
  readonly access: readonly AccessPolicy[];
  readonly classifications: readonly DataClassification[];
  readonly masking: readonly MaskingPolicy[];
  readonly methods?: ReadonlyMap<string, readonly GrpcMethod[]> | undefined;
}
