/** An AuthorizationPolicy of Istio as it was written, checked as Istio checks it. */
import type { Origin } from '../policy-set.ts';

/** A text with its place. */
export interface Written {
  readonly text: string;
  readonly path: readonly PropertyKey[];
}

/** Lists by field name: `principals`, `notPaths`, ... Absent fields are absent here. */
export type Lists = ReadonlyMap<string, readonly Written[]>;

/** A condition of `when`. */
export interface IstioCondition {
  readonly key: Written;
  readonly values: readonly Written[];
  readonly notValues: readonly Written[];
}

/** A rule; an empty `from` or `to` matches everything. */
export interface IstioRule {
  readonly path: readonly PropertyKey[];
  readonly from: readonly Lists[];
  readonly to: readonly Lists[];
  readonly when: readonly IstioCondition[];
}

export type IstioAction = 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';

/**
 * Which workloads a policy is for: `named` by the service label, `some` without it. `also`: what it asks for beside the
 * service label, sorted, in words that are equal for the same demand.
 */
export type IstioScope =
  | { readonly kind: 'all'; readonly also: readonly [] }
  | { readonly kind: 'named'; readonly service: string; readonly also: readonly string[] }
  | { readonly kind: 'some'; readonly also: readonly string[] };

/** A policy with its place. */
export interface IstioPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly action: IstioAction;
  /** Evaluated and counted, never enforced. */
  readonly isDryRun: boolean;
  readonly scope: IstioScope;
  readonly scopePath: readonly PropertyKey[];
  readonly rules: readonly IstioRule[];
  /** Where the document starts inside its file: not empty for items of a `List`. */
  readonly path: readonly PropertyKey[];
  readonly originOf: (path: readonly PropertyKey[]) => Origin;
}

/** `namespace/name`, as Istio's tools write it. */
export function titleOf({ namespace, name }: Pick<IstioPolicy, 'namespace' | 'name'>): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** Fields of `source`, each with the one that negates it. */
export const sourceFields = [
  'principals',
  'namespaces',
  'serviceAccounts',
  'trustDomains',
  'requestPrincipals',
  'ipBlocks',
  'remoteIpBlocks',
] as const;

/** Fields of `operation`, each with the one that negates it. */
export const operationFields = ['hosts', 'ports', 'methods', 'paths'] as const;

/** The field that negates another: `notPaths`. */
export function negated(field: string): string {
  return `not${field.charAt(0).toUpperCase()}${field.slice(1)}`;
}
