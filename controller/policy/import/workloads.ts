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
  /** What every policy of a destination asks for beside the service label, as in `IstioScope`: part of what it is. */
  readonly also: readonly string[];
}

/** Whether a policy is for a workload; `partly` for some of its instances, and it cannot be told which. */
export type Fit = 'no' | 'partly' | 'whole';

/** The workloads that selectors name, or the one of the options. `errors`: two that would become one. */
export function workloadsOf(
  policies: readonly IstioPolicy[],
  options: ScopeOptions,
): { workloads: Workload[]; errors: PolicyError[] } {
  const errors: PolicyError[] = [];
  const found = new Map<string, { workload: Workload; members: Members }>();
  const shared = sharedScope(policies);
  for (const policy of inOrder(policies, options.rootNamespace)) {
    const workload =
      options.destination === undefined
        ? named(policy, options)
        : { namespace: '', also: shared, ...options.destination };
    if (workload === undefined) continue;
    const key = JSON.stringify([workload.service, workload.environment]);
    const there = found.get(key) ?? { workload, members: new Members(options.rootNamespace) };
    found.set(key, there);
    const other = there.members.add(policy);
    if (other !== undefined) errors.push(mixed(policy, other, workload, options));
  }
  return { workloads: [...found.values()].map(({ workload }) => workload), errors };
}

/** Whether `policy` is for `workload`. */
export function fitOf(policy: IstioPolicy, workload: Workload, options: ScopeOptions): Fit {
  const { scope } = policy;
  const fit = asksFor(scope.also, workload.also) ? 'whole' : 'partly';
  if (options.destination !== undefined) return fit;
  const isHere =
    policy.namespace === workload.namespace || policy.namespace === options.rootNamespace;
  if (!isHere || (scope.kind === 'named' && scope.service !== workload.service)) return 'no';
  return fit;
}

/** The policies that have met at one destination, by what would tell two workloads apart. */
class Members {
  readonly #rootNamespace: string;
  readonly #namespaces = new Map<string, IstioPolicy>();
  readonly #services = new Map<string, IstioPolicy>();

  constructor(rootNamespace: string) {
    this.#rootNamespace = rootNamespace;
  }

  /** Takes `policy` in. The first one before it that is for another workload, if any. */
  add(policy: IstioPolicy): IstioPolicy | undefined {
    const { namespace, scope } = policy;
    const place = namespace === this.#rootNamespace ? undefined : namespace;
    const service = scope.kind === 'named' ? scope.service : undefined;
    const elsewhere = join(this.#namespaces, place, policy);
    const another = join(this.#services, service, policy);
    return elsewhere ?? another;
  }
}

// The first of another key; a policy without one meets all of them.
function join(
  members: Map<string, IstioPolicy>,
  key: string | undefined,
  policy: IstioPolicy,
): IstioPolicy | undefined {
  if (key === undefined) return undefined;
  if (!members.has(key)) members.set(key, policy);
  return [...members].find(([other]) => other !== key)?.[1];
}

function mixed(
  policy: IstioPolicy,
  other: IstioPolicy,
  { service }: Workload,
  { destination, namespaceIs }: ScopeOptions,
): PolicyError {
  return {
    ...policy.originOf(policy.scopePath),
    message: `this policy and \`${other.name}\` are for different workloads, and both would be for service \`${service}\``,
    help:
      destination !== undefined || namespaceIs === 'environment'
        ? 'import the policies of one workload at a time'
        : 'import one namespace at a time, or tell them apart with `--namespace-is environment`',
  };
}

// What all policies ask for alike narrows the destination itself.
function sharedScope(policies: readonly IstioPolicy[]): readonly string[] {
  const also = policies[0]?.scope.also ?? [];
  return policies.every(({ scope }) => asksFor(scope.also, also)) ? also : [];
}

function asksFor(also: readonly string[], others: readonly string[]): boolean {
  return also.length === others.length && also.every((each, i) => each === others[i]);
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
  const place = hasPlace ? { environment: namespace } : {};
  return { namespace, service: scope.service, also: [], ...place };
}
