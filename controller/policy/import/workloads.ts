/** Which services the policies are for: selectors, namespaces and the root namespace, as destinations. */
import type { PolicyError } from '../policy-error.ts';
import type { IstioPolicy } from './istio-policy.ts';

/** How workloads are named here. */
export interface ScopeOptions {
  /** The namespace whose policies are for all namespaces. */
  readonly rootNamespace: string;
  /** `environment`: a destination gets its namespace as its environment. */
  readonly namespaceIs?: 'environment' | 'team' | undefined;
  /** All policies are for this workload, whatever they select. */
  readonly destination?:
    | { readonly service: string; readonly environment?: string | undefined }
    | undefined;
}

/** A workload that policies are for; `namespace` is empty where it does not count. */
export interface Workload {
  readonly namespace: string;
  readonly service: string;
  readonly environment?: string | undefined;
}

/** Whether a policy is for a workload; `partly` for some of its instances, and it cannot be told which. */
export type Fit = 'no' | 'partly' | 'whole';

/** The workloads that selectors name, or the one of the options. `errors`: two that would become one. */
export function workloadsOf(
  policies: readonly IstioPolicy[],
  options: ScopeOptions,
): { workloads: Workload[]; errors: PolicyError[] } {
  const { destination, rootNamespace, namespaceIs } = options;
  const errors: PolicyError[] = [];
  const found = new Map<string, { workload: Workload; first: IstioPolicy }>();
  for (const policy of inOrder(policies, rootNamespace)) {
    const workload = destination ? { namespace: '', ...destination } : named(policy, options);
    if (workload === undefined) continue;
    const key = JSON.stringify([workload.service, workload.environment]);
    const there = found.get(key);
    if (there === undefined) found.set(key, { workload, first: policy });
    else if (clash(there.first, policy, rootNamespace)) {
      errors.push({
        ...policy.originOf(policy.scopePath),
        message: `this policy and \`${there.first.name}\` are for different workloads, and both would be for service \`${workload.service}\``,
        help:
          namespaceIs === 'environment'
            ? 'import the policies of one workload at a time'
            : 'import one namespace at a time, or tell them apart with `--namespace-is environment`',
      });
    }
  }
  return { workloads: [...found.values()].map(({ workload }) => workload), errors };
}

/** Whether `policy` is for `workload`. */
export function fitOf(policy: IstioPolicy, workload: Workload, options: ScopeOptions): Fit {
  if (options.destination !== undefined) return 'whole';
  const isHere =
    policy.namespace === workload.namespace || policy.namespace === options.rootNamespace;
  const { scope } = policy;
  if (!isHere) return 'no';
  if (scope.kind === 'all') return 'whole';
  if (scope.kind === 'some') return 'partly';
  if (scope.service !== workload.service) return 'no';
  return scope.also.length === 0 ? 'whole' : 'partly';
}

// Those of the root namespace last: a service that they name may live in another namespace.
function inOrder(policies: readonly IstioPolicy[], root: string): IstioPolicy[] {
  const isRoot = ({ namespace }: IstioPolicy) => namespace === root;
  return [...policies.filter((each) => !isRoot(each)), ...policies.filter(isRoot)];
}

function named({ namespace, scope }: IstioPolicy, options: ScopeOptions): Workload | undefined {
  if (scope.kind !== 'named') return undefined;
  const { namespaceIs, rootNamespace } = options;
  const hasPlace = namespaceIs === 'environment' && namespace !== '' && namespace !== rootNamespace;
  return { namespace, service: scope.service, ...(hasPlace && { environment: namespace }) };
}

function clash(first: IstioPolicy, second: IstioPolicy, root: string): boolean {
  const places = new Set([first.namespace, second.namespace]);
  places.delete(root);
  if (places.size > 1) return true;
  const [one, other] = [first.scope, second.scope];
  return one.kind === 'named' && other.kind === 'named' && one.service !== other.service;
}
