/** What is compared: one listener each, alike in everything but its HTTP filters. */
import { Buffer } from 'node:buffer';

import type { Json } from '../../controller/xds/fill-template.ts';
import { bundleOf, stateOf } from '../filter/mesh.ts';
import type { Leaf } from '../xds/mesh.ts';

/** One listener of the comparison. */
export interface Variant {
  readonly name: string;
  /** HTTP filters in front of the router. */
  readonly filters: readonly Json[];
  /** Whether the connection manager writes `x-forwarded-client-cert` and the route removes it. */
  readonly writesIdentity: boolean;
  /** Whether every request leaves an audit record. */
  readonly audits: boolean;
  /** Service that its listener has the certificate of. */
  readonly service: string;
  /** It gets this share of the requests: variants that walk thousands of policies take their time. */
  readonly share: number;
}

/** Who calls whom, and where the compiled filter lies. */
export interface Parties {
  readonly filterPath: string;
  readonly client: Leaf;
}

/** The request of every measurement. */
export const REQUEST_PATH = '/orders/1';
/** Cluster that takes the audit batches. */
export const AUDIT_CLUSTER = 'dta-agent';
/** Names that the report refers to. */
export const NO_FILTER = 'no filter';
export const RBAC_ONE = 'native RBAC, 1 policy';
export const RBAC_HUNDRED = 'native RBAC, 100 policies';
export const OURS_HEADER = 'dta, identity by header, 1 rule';
export const OURS_TEN = 'dta, identity by header, 10 rules';
export const OURS_MANY = 'dta, identity by header, 100,000 rules';
export const OURS_PROPERTY = 'dta, identity by property, 1 rule';
/** Cluster that answers for `ext_authz`. */
export const AUTHZ_CLUSTER = 'authz';

/** All variants, in the order of the table. */
export function makeVariants(parties: Parties): Variant[] {
  const header = ours(parties, 'header');
  const property = ours(parties, 'property');
  return [
    plain(NO_FILTER, []),
    { ...plain('no filter, header written', []), writesIdentity: true },
    plain(RBAC_ONE, [rbac(parties, ownRoutes(1))]),
    plain('native RBAC, 10 policies', [rbac(parties, ownRoutes(10))]),
    plain(RBAC_HUNDRED, [rbac(parties, ownRoutes(100))]),
    plain('native RBAC, 100 policies for one route', [rbac(parties, oneRoute(100))], 0.2),
    plain('native RBAC, 1,000 policies', [rbac(parties, ownRoutes(1000))], 0.1),
    plain('native RBAC, 10,000 policies', [rbac(parties, ownRoutes(10_000))], 0.02),
    plain('native RBAC, matcher map of 10,000', [rbacMap(parties, ownRoutes(10_000))]),
    plain('Lua, 10 header reads', [lua()]),
    plain('ext_authz, HTTP server on loopback', [extAuthz()], 0.5),
    header(OURS_HEADER, ownRoutes(1)),
    header(OURS_TEN, ownRoutes(10)),
    header('dta, identity by header, 100 rules for one route', oneRoute(100)),
    header('dta, identity by header, 1,000 rules', ownRoutes(1000)),
    header(OURS_MANY, ownRoutes(100_000)),
    property(OURS_PROPERTY, ownRoutes(1)),
  ];
}

/** Who may call what: one RBAC policy or one of our rules each; the last is for the request. */
interface Grant {
  readonly service: string;
  /** Resource of the path: `/orders/1`. */
  readonly resource: string;
}

/** Other callers with routes of their own in front. */
function ownRoutes(count: number): Grant[] {
  return grants(count, (index) => ({ service: `caller${index}`, resource: `resource${index}` }));
}

/** Other callers of the same route in front: RBAC has to look at the certificate for each. */
function oneRoute(count: number): Grant[] {
  return grants(count, (index) => ({ service: `caller${index}`, resource: 'orders' }));
}

function grants(count: number, stranger: (index: number) => Grant): Grant[] {
  const strangers = Array.from({ length: count - 1 }, (_, index) => stranger(index + 100));
  return [...strangers, { service: 'checkout', resource: 'orders' }];
}

function policyText(service: string, allowed: readonly Grant[]): string {
  const rules = allowed.map(
    ({ service: caller, resource }) => `    - name: ${caller}
      effect: allow
      from: [{ service: ${caller}, environment: same }]
      to: [{ methods: [GET], paths: ["/${resource}/{id}"] }]
      audit: always
`,
  );
  return `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: ${service}, environment: prod }
  rules:
${rules.join('')}`;
}

function plain(name: string, filters: readonly Json[], share = 1): Variant {
  return { name, filters, writesIdentity: false, audits: false, service: 'orders', share };
}

/** Each policy: URI SAN, path and method, all exact. Envoy tries them in order of their names. */
function rbac(parties: Parties, allowed: readonly Grant[]): Json {
  const policies = allowed.map(({ service, resource }, index) => [
    `policy-${String(index).padStart(4, '0')}`,
    {
      permissions: [
        {
          and_rules: {
            rules: [
              { header: { name: ':method', string_match: { exact: 'GET' } } },
              { url_path: { path: { exact: `/${resource}/1` } } },
            ],
          },
        },
      ],
      principals: [{ authenticated: { principal_name: { exact: uriOf(parties, service) } } }],
    },
  ]);
  return {
    name: 'envoy.filters.http.rbac',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC',
      rules: { action: 'ALLOW', policies: Object.fromEntries(policies) },
    },
  };
}

/** The same policies as nested maps: caller, then path, then method. */
function rbacMap(parties: Parties, allowed: readonly Grant[]): Json {
  const act = (action: 'ALLOW' | 'DENY') => ({
    action: {
      name: action,
      typed_config: {
        '@type': 'type.googleapis.com/envoy.config.rbac.v3.Action',
        name: action,
        action,
      },
    },
  });
  const header = (name: string) => ({
    name: 'header',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput',
      header_name: name,
    },
  });
  const caller = {
    name: 'caller',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.matching.common_inputs.ssl.v3.UriSanInput',
    },
  };
  const tree = (input: Json, map: Readonly<Record<string, Json>>): Json => ({
    matcher_tree: { input, exact_match_map: { map } },
  });
  const callers = allowed.map(({ service, resource }) => {
    const byMethod = tree(header(':method'), { GET: act('ALLOW') });
    const byPath = tree(header(':path'), { [`/${resource}/1`]: { matcher: byMethod } });
    return [uriOf(parties, service), { matcher: byPath }] as const;
  });
  return {
    name: 'envoy.filters.http.rbac',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC',
      matcher: {
        ...(tree(caller, Object.fromEntries(callers)) as object),
        on_no_match: act('DENY'),
      },
    },
  };
}

/** Asks a server for each request; it gets method, path and authority. */
function extAuthz(): Json {
  return {
    name: 'envoy.filters.http.ext_authz',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz',
      transport_api_version: 'V3',
      http_service: {
        server_uri: { uri: 'http://authz.invalid', cluster: AUTHZ_CLUSTER, timeout: '5s' },
      },
    },
  };
}

function uriOf(parties: Parties, service: string): string {
  return parties.client.identity.spiffeId.replace('/svc/checkout/', `/svc/${service}/`);
}

function lua(): Json {
  const reads = Array.from({ length: 10 }, (_, index) => `  h:get("x-header-${index}")\n`).join('');
  return {
    name: 'envoy.filters.http.lua',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua',
      default_source_code: {
        inline_string: `function envoy_on_request(r)\n  local h = r:headers()\n${reads}end\n`,
      },
    },
  };
}

function ours(parties: Parties, identity: 'header' | 'property') {
  let made = 0;
  return (name: string, allowed: readonly Grant[]): Variant => {
    const nowMs = Date.now();
    // One VM for all with one kind of identity, as in a real proxy: bundles of one id would replace each other there, so
    // that each variant is a destination of its own.
    made += 1;
    const service = `orders-${made}`;
    const bundle = bundleOf(policyText(service, allowed), { nowMs, service });
    const state = stateOf({
      epoch: BigInt(nowMs),
      nowMs,
      revokedDigests: strangerDigests(),
      bands: [{ subject: 'prod/checkout', band: 0 }],
    });
    const wasm = { filterPath: parties.filterPath, vmId: identity, identity };
    return {
      name,
      filters: wasmFilters(wasm, bundle, state),
      writesIdentity: identity === 'header',
      audits: true,
      service,
      share: 1,
    };
  };
}

/** A thousand revoked certificates, none of them the caller's. */
function strangerDigests(): Uint8Array[] {
  return Array.from({ length: 1000 }, (_, index) => {
    const digest = Buffer.alloc(32);
    digest.writeUInt32BE(Math.imul(index, 0x9e3779b1) >>> 0);
    return digest;
  });
}

/** The VM that filters run in. */
export interface WasmVm {
  readonly filterPath: string;
  readonly vmId: string;
  readonly identity: string;
}

/** Our two filters: one that decides, one that only brings the state. */
export function wasmFilters(vm: WasmVm, bundle: Uint8Array, state: Uint8Array): Json[] {
  return [
    { name: 'dta', typed_config: wasmFilter({ ...vm, rootId: 'dta', configuration: bundle }) },
    {
      name: 'dta-state',
      disabled: true,
      typed_config: wasmFilter({ ...vm, rootId: 'dta-state', configuration: state }),
    },
  ];
}

interface WasmSettings extends WasmVm {
  readonly rootId: string;
  readonly configuration: Uint8Array;
}

function wasmFilter(settings: WasmSettings): Json {
  return {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm',
    config: {
      name: settings.rootId,
      root_id: settings.rootId,
      vm_config: {
        vm_id: settings.vmId,
        runtime: 'envoy.wasm.runtime.v8',
        code: { local: { filename: settings.filterPath } },
        environment_variables: {
          key_values: {
            DTA_IDENTITY: settings.identity,
            DTA_AUDIT_CLUSTER: AUDIT_CLUSTER,
            DTA_HOLD_HEADERS: 'true',
          },
        },
      },
      configuration: {
        '@type': 'type.googleapis.com/google.protobuf.BytesValue',
        value: Buffer.from(settings.configuration).toString('base64'),
      },
      failure_policy: 'FAIL_CLOSED',
      allow_on_headers_stop_iteration: true,
    },
  };
}
