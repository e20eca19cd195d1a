/** Policies of Istio and requests as the tests make them: plain objects, written as JSON, which YAML can read. */

/** `source` of an entry of `from`. */
export type IstioSource = Readonly<Record<string, readonly string[]>>;

export interface IstioTestRule {
  readonly from?: readonly { readonly source: IstioSource }[];
  readonly to?: readonly { readonly operation: IstioSource }[];
  readonly when?: readonly {
    readonly key: string;
    readonly values?: readonly string[];
    readonly notValues?: readonly string[];
  }[];
}

export interface IstioTestPolicy {
  readonly apiVersion: string;
  readonly kind: 'AuthorizationPolicy';
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly selector?: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly action?: 'ALLOW' | 'DENY' | 'AUDIT';
    readonly rules?: readonly IstioTestRule[];
  };
}

/** A request as Envoy sees it. */
export interface TestRequest {
  /** URI SAN of the caller. */
  readonly uri: string;
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  /** Names in lower case; a name may stand several times. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Port of the workload. */
  readonly port: number;
  /** Whether the caller's address lies in the blocks that policies name. */
  readonly isInBlock: boolean;
}

/** The policies as a file. */
export function istioText(policies: readonly IstioTestPolicy[]): string {
  return policies.map((policy) => JSON.stringify(policy, undefined, 1)).join('\n---\n');
}

/** Whether a policy is annotated as dry run. */
export function isDryRun({ metadata }: IstioTestPolicy): boolean {
  return metadata.annotations?.['istio.io/dry-run'] === 'true';
}

/** Whether a header of the request has several lines. */
export function repeatsHeader({ headers }: Pick<TestRequest, 'headers'>): boolean {
  return new Set(headers.map(([name]) => name)).size < headers.length;
}
