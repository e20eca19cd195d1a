/** One Envoy with mutual-TLS listeners that differ in nothing but their HTTP filters; the route itself answers 200. */
import { Buffer } from 'node:buffer';

import { filterEnvironment } from '../../controller/prove-bundle.ts';
import type { Json } from '../../controller/xds/fill-template.ts';
import type { Leaf } from '../xds/mesh.ts';

/** A listener on loopback. */
export interface ComparedListener {
  readonly name: string;
  readonly port: number;
  readonly filters: readonly Json[];
}

/** The bootstrap as JSON. Connection managers are set up as those of sidecars (envoy/inbound.yaml). */
export function comparedBootstrap(
  listeners: readonly ComparedListener[],
  server: Leaf,
  caPem: string,
): string {
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: 1 } } };
  const auditCluster = {
    name: filterEnvironment.DTA_AUDIT_CLUSTER,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: filterEnvironment.DTA_AUDIT_CLUSTER,
      endpoints: [{ lb_endpoints: [{ endpoint }] }],
    },
  };
  return JSON.stringify({
    layered_runtime: { layers: [{ name: 'istio', static_layer: istioRuntime }] },
    static_resources: {
      listeners: listeners.map((each) => listener(each, server, caPem)),
      clusters: [auditCluster],
    },
  });
}

/** As in Istio's own bootstrap: principals with `*` in front become expressions over Envoy's default size. */
const istioRuntime: Json = { 're2.max_program_size.error_level': 32_768 };

/** Our filter with a bundle and a state of its own. */
export function filtersOf(
  filterPath: string,
  vmId: string,
  { bundle, state }: { readonly bundle: Uint8Array; readonly state: Uint8Array },
): Json[] {
  const wasm = (rootId: string, configuration: Uint8Array): Json => ({
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm',
    config: {
      name: rootId,
      root_id: rootId,
      vm_config: {
        // Bundles of one id in one VM replace each other.
        vm_id: vmId,
        runtime: 'envoy.wasm.runtime.v8',
        code: { local: { filename: filterPath } },
        environment_variables: { key_values: { ...filterEnvironment } },
      },
      configuration: {
        '@type': 'type.googleapis.com/google.protobuf.BytesValue',
        value: Buffer.from(configuration).toString('base64'),
      },
      failure_policy: 'FAIL_CLOSED',
      allow_on_headers_stop_iteration: true,
    },
  });
  return [
    { name: 'dta', typed_config: wasm('dta', bundle) },
    { name: 'dta-state', disabled: true, typed_config: wasm('dta-state', state) },
  ];
}

function listener({ name, port, filters }: ComparedListener, server: Leaf, caPem: string): Json {
  const manager = {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: connectionManager(filters),
  };
  return {
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [{ transport_socket: downstreamTls(server, caPem), filters: [manager] }],
  };
}

function downstreamTls({ certificatePem, keyPem }: Leaf, caPem: string): Json {
  const certificate = {
    certificate_chain: { inline_string: certificatePem },
    private_key: { inline_string: keyPem },
  };
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
      require_client_certificate: true,
      common_tls_context: {
        tls_certificates: [certificate],
        validation_context: { trusted_ca: { inline_string: caPem } },
      },
    },
  };
}

function connectionManager(filters: readonly Json[]): Json {
  const type = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
  const router = 'envoy.extensions.filters.http.router.v3.Router';
  return {
    '@type': `type.googleapis.com/${type}`,
    stat_prefix: 'compared',
    codec_type: 'HTTP1',
    use_remote_address: true,
    forward_client_cert_details: 'SANITIZE_SET',
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: 'REJECT_REQUEST',
    common_http_protocol_options: { headers_with_underscores_action: 'REJECT_REQUEST' },
    http_filters: [
      ...filters,
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `type.googleapis.com/${router}` },
      },
    ],
    route_config: { virtual_hosts: [virtualHost] },
  };
}

const virtualHost: Json = {
  name: 'orders',
  domains: ['*'],
  routes: [
    {
      match: { prefix: '/' },
      direct_response: { status: 200, body: { inline_string: 'ok\n' } },
    },
  ],
};
