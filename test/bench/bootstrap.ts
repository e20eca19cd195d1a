/** Envoy's configuration: one mutual-TLS listener a variant, answered by the route itself. */
import type { Json } from '../../controller/xds/fill-template.ts';
import type { Leaf } from '../xds/mesh.ts';
import { AUDIT_CLUSTER, type Variant } from './variants.ts';

/** What the configuration needs beside the variants. */
export interface BootstrapParts {
  readonly server: Leaf;
  readonly caPem: string;
  readonly auditSocket: string;
  /** Ports on loopback, one a variant. */
  readonly ports: readonly number[];
}

/** The bootstrap as JSON. */
export function benchBootstrap(variants: readonly Variant[], parts: BootstrapParts): string {
  return JSON.stringify({
    static_resources: {
      listeners: variants.map((variant, index) =>
        listener(variant, parts, parts.ports[index] ?? 0),
      ),
      clusters: [
        {
          name: AUDIT_CLUSTER,
          type: 'STATIC',
          connect_timeout: '1s',
          load_assignment: {
            cluster_name: AUDIT_CLUSTER,
            endpoints: [
              {
                lb_endpoints: [{ endpoint: { address: { pipe: { path: parts.auditSocket } } } }],
              },
            ],
          },
        },
      ],
    },
  });
}

function listener(variant: Variant, parts: BootstrapParts, port: number): Json {
  return {
    name: variant.name,
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [
      {
        transport_socket: downstreamTls(parts),
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: connectionManager(variant),
          },
        ],
      },
    ],
  };
}

function downstreamTls(parts: BootstrapParts): Json {
  const version = 'TLSv1_3';
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext',
      require_client_certificate: true,
      common_tls_context: {
        tls_params: {
          tls_minimum_protocol_version: version,
          tls_maximum_protocol_version: version,
        },
        tls_certificates: [
          {
            certificate_chain: { inline_string: parts.server.certificatePem },
            private_key: { inline_string: parts.server.keyPem },
          },
        ],
        validation_context: { trusted_ca: { inline_string: parts.caPem } },
      },
    },
  };
}

function connectionManager(variant: Variant): Json {
  const forwarded = 'x-forwarded-client-cert';
  return {
    '@type':
      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'bench',
    codec_type: 'HTTP1',
    use_remote_address: true,
    forward_client_cert_details: variant.writesIdentity ? 'SANITIZE_SET' : 'SANITIZE',
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: 'REJECT_REQUEST',
    common_http_protocol_options: { headers_with_underscores_action: 'REJECT_REQUEST' },
    http_filters: [
      ...variant.filters,
      {
        name: 'envoy.filters.http.router',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
        },
      },
    ],
    route_config: {
      name: 'bench',
      virtual_hosts: [
        {
          name: 'orders',
          domains: ['*'],
          ...(variant.writesIdentity && { request_headers_to_remove: [forwarded] }),
          routes: [
            {
              match: { prefix: '/' },
              direct_response: { status: 200, body: { inline_string: 'ok\n' } },
            },
          ],
        },
      ],
    },
  };
}
