/** Envoy's configuration: one mutual-TLS listener a variant, answered by the route itself. */
import type { Json } from '../../controller/xds/fill-template.ts';
import type { Leaf } from '../xds/mesh.ts';
import { AUDIT_CLUSTER, AUTHZ_CLUSTER, type Variant } from './variants.ts';

/** What the configuration needs beside the variants. */
export interface BootstrapParts {
  /** By service. */
  readonly servers: ReadonlyMap<string, Leaf>;
  readonly caPem: string;
  readonly auditSocket: string;
  readonly authzPort: number;
  /** Ports on loopback, one a variant. */
  readonly ports: readonly number[];
  /** Where requests go; without it the route answers them. */
  readonly upstreamPort?: number | undefined;
}

/** The bootstrap as JSON. */
export function benchBootstrap(variants: readonly Variant[], parts: BootstrapParts): string {
  return JSON.stringify({
    static_resources: {
      listeners: variants.map((variant, index) =>
        listener(variant, parts, parts.ports[index] ?? 0),
      ),
      clusters: [
        cluster(AUDIT_CLUSTER, { pipe: { path: parts.auditSocket } }),
        cluster(AUTHZ_CLUSTER, onLoopback(parts.authzPort)),
        ...(parts.upstreamPort === undefined
          ? []
          : [cluster(UPSTREAM_CLUSTER, onLoopback(parts.upstreamPort))]),
      ],
    },
  });
}

function onLoopback(port: number): Json {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

function cluster(name: string, address: Json): Json {
  const endpoint = { address };
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
}

function listener(variant: Variant, parts: BootstrapParts, port: number): Json {
  return {
    name: variant.name,
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [
      {
        transport_socket: downstreamTls(variant, parts),
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: connectionManager(variant, parts.upstreamPort !== undefined),
          },
        ],
      },
    ],
  };
}

function downstreamTls({ service }: Variant, parts: BootstrapParts): Json {
  const server = parts.servers.get(service);
  if (server === undefined) throw new Error(`no certificate for \`${service}\``);
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
            certificate_chain: { inline_string: server.certificatePem },
            private_key: { inline_string: server.keyPem },
          },
        ],
        validation_context: { trusted_ca: { inline_string: parts.caPem } },
      },
    },
  };
}

function connectionManager(variant: Variant, hasUpstream: boolean): Json {
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
              ...(hasUpstream
                ? { route: { cluster: UPSTREAM_CLUSTER, timeout: '0s' } }
                : { direct_response: { status: 200, body: { inline_string: 'ok\n' } } }),
            },
          ],
        },
      ],
    },
  };
}

const UPSTREAM_CLUSTER = 'upstream';
