/** Identity without a controller's bootstrap: by connection properties as under Istio, and what a caller may not forge in either mode. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { filterPath } from '../../controller/cli/project-paths.ts';
import { freePorts } from '../../controller/cli/up/free-ports.ts';
import { Authority } from '../../controller/identity/authority.ts';
import type { Json } from '../../controller/xds/fill-template.ts';
import { bundleOf, stateOf } from '../filter/mesh.ts';
import { type Leaf, TestMesh } from '../xds/mesh.ts';
import { type Credentials, http1Client, http2Client } from './client.ts';
import { LiveEnvoy } from './live-envoy.ts';

const policy = `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders, environment: prod }
  rules:
    - name: checkout
      effect: allow
      from: [{ service: checkout, environment: same }]
      to: [{ paths: ["/orders/{id}"] }]
`;

/** Envoy trusts it here, as it may where somebody else configures it; the filter may not. */
const otherMesh = new TestMesh(await Authority.make('other.example', Date.now()));

describe.each([
  ['properties, by default', undefined, 'ALWAYS_FORWARD_ONLY'],
  ['the header of our connection manager', 'header', 'SANITIZE_SET'],
])('identity by %s', (_name, mode, forwarding) => {
  const mesh = new TestMesh();
  const server = mesh.leaf('orders');
  let directory: string;
  let envoy: LiveEnvoy;
  let port: number;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'dta-static-'));
    const [adminPort = 0, listenPort = 0] = await freePorts(2);
    port = listenPort;
    const parts = { mesh, server, mode, forwarding, port };
    envoy = await LiveEnvoy.start(directory, 'static', bootstrap(parts, adminPort), adminPort);
    await vi.waitUntil(async () => (await ask('checkout')).status === 200);
  });
  afterAll(async () => {
    await envoy?.stop();
    await rm(directory, { recursive: true });
  });
  const rootPem = mesh.authority.rootPem;
  const credentials = ({ certificatePem, keyPem }: Leaf): Credentials => ({
    chainPem: certificatePem,
    keyPem,
    rootPem,
  });
  const askAs = async (identity: Credentials, headers: Record<string, string> = {}) => {
    const client = http1Client({ port, identity });
    const { status, body } = await client.ask({ path: '/orders/7', headers });
    client.close();
    return { status, code: /DTA\d+/.exec(body)?.[0] };
  };
  const ask = (service: string, changes = {}) => askAs(credentials(mesh.leaf(service, changes)));
  const nobody: Credentials = { chainPem: '', keyPem: '', rootPem };
  const forged = (digest: string) => {
    const { spiffeId } = mesh.leaf('checkout').identity;
    const own = server.identity.spiffeId;
    return { 'x-forwarded-client-cert': `By=${own};Hash=${digest};URI=${spiffeId}` };
  };

  it('allows and denies', async () => {
    expect(await ask('checkout')).toEqual({ status: 200 });
    expect(await ask('ads')).toEqual({ status: 403, code: 'DTA1011' });
    expect(await ask('checkout', { environment: 'staging' })).toMatchObject({ code: 'DTA1011' });
  });

  it('denies a certificate of another trust domain, and none at all', async () => {
    const stranger = { ...credentials(otherMesh.leaf('checkout')), rootPem };
    expect(await askAs(stranger)).toMatchObject({ code: 'DTA1007' });
    expect(await askAs(nobody)).toEqual({ status: 403, code: 'DTA1005' });
  });

  it('does not believe a forged header, with another certificate or with none', async () => {
    const { digest } = mesh.leaf('checkout');
    const ads = credentials(mesh.leaf('ads'));
    expect(await askAs(ads, forged(digest))).toMatchObject({ code: 'DTA1011' });
    expect(await askAs(nobody, forged(digest))).toMatchObject({ code: 'DTA1005' });
    expect(await askAs(credentials(mesh.leaf('checkout')), forged('ab'.repeat(32)))).toEqual({
      status: 200,
    });
  });

  it('keeps callers apart over many requests on one HTTP/2 connection each', async () => {
    const peers = ['checkout', 'ads'].map((service) => ({
      port,
      identity: credentials(mesh.leaf(service)),
    }));
    const clients = peers.map(http2Client);
    for (let i = 0; i < 100; i++) {
      const came = await Promise.all(clients.map((client) => client.ask({ path: '/orders/7' })));
      expect(came.map(({ status }) => status)).toEqual([200, 403]);
    }
    for (const client of clients) client.close();
  });
});

interface Parts {
  readonly mesh: TestMesh;
  readonly server: Leaf;
  /** `DTA_IDENTITY`, or not set. */
  readonly mode: string | undefined;
  readonly forwarding: string;
  readonly port: number;
}

function bootstrap(parts: Parts, adminPort: number): string {
  const { mesh, server, port } = parts;
  return JSON.stringify({
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: adminPort } } },
    static_resources: {
      listeners: [
        {
          name: 'inbound',
          address: { socket_address: { address: '127.0.0.1', port_value: port } },
          filter_chains: [
            {
              transport_socket: {
                name: 'envoy.transport_sockets.tls',
                typed_config: {
                  '@type': `${envoyType}.transport_sockets.tls.v3.DownstreamTlsContext`,
                  // Without one the request comes as far as the filter.
                  require_client_certificate: false,
                  common_tls_context: {
                    alpn_protocols: ['h2', 'http/1.1'],
                    tls_certificates: [
                      {
                        certificate_chain: { inline_string: server.certificatePem },
                        private_key: { inline_string: server.keyPem },
                      },
                    ],
                    validation_context: {
                      trusted_ca: {
                        inline_string: mesh.authority.rootPem + otherMesh.authority.rootPem,
                      },
                    },
                  },
                },
              },
              filters: [
                {
                  name: 'envoy.filters.network.http_connection_manager',
                  typed_config: connectionManager(parts),
                },
              ],
            },
          ],
        },
      ],
    },
  });
}

function connectionManager({ server, mode, forwarding }: Parts): Json {
  const nowMs = Date.now();
  const state = stateOf({ self: server.identity.spiffeId, nowMs, epoch: BigInt(nowMs) });
  return {
    '@type': `${envoyType}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'inbound',
    forward_client_cert_details: forwarding,
    http_filters: [
      wasmFilter('dta', bundleOf(policy, { nowMs }), mode),
      { ...wasmFilter('dta-state', state, mode), disabled: true },
      {
        name: 'envoy.filters.http.router',
        typed_config: { '@type': `${envoyType}.filters.http.router.v3.Router` },
      },
    ],
    route_config: {
      virtual_hosts: [
        {
          name: 'orders',
          domains: ['*'],
          routes: [{ match: { prefix: '/' }, direct_response: { status: 200 } }],
        },
      ],
    },
  };
}

function wasmFilter(rootId: string, configuration: Uint8Array, mode: string | undefined) {
  return {
    name: rootId,
    typed_config: {
      '@type': `${envoyType}.filters.http.wasm.v3.Wasm`,
      config: {
        name: rootId,
        root_id: rootId,
        vm_config: {
          vm_id: 'dta',
          runtime: 'envoy.wasm.runtime.v8',
          code: { local: { filename: filterPath() } },
          ...(mode !== undefined && {
            environment_variables: { key_values: { DTA_IDENTITY: mode } },
          }),
        },
        configuration: {
          '@type': 'type.googleapis.com/google.protobuf.BytesValue',
          value: Buffer.from(configuration).toString('base64'),
        },
        failure_policy: 'FAIL_CLOSED',
        allow_on_headers_stop_iteration: true,
      },
    },
  };
}

const envoyType = 'type.googleapis.com/envoy.extensions';
