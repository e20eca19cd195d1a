/** Rendered bootstraps, checked by the real Envoy. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

import { type BootstrapOptions, renderBootstrap } from '../../controller/xds/render-bootstrap.ts';
import { validateBootstrap } from './envoy-process.ts';

const base: BootstrapOptions = {
  nodeId: 'orders-1',
  environment: 'prod',
  service: 'orders',
  controller: {
    address: 'localhost',
    port: 18_000,
    uriPrefix: 'spiffe://mesh.example/env/system/team/dta/svc/controller/i/',
  },
  agent: { sdsSocket: '/run/dta/sds.sock', auditSocket: '/run/dta/audit.sock' },
  admin: { port: 0 },
  outbound: [],
};
const inbound = {
  address: '0.0.0.0',
  port: 15_006,
  application: { address: '127.0.0.1', port: 8_080 },
};
const target = (service: string, listenPort: number, http2: boolean) => ({
  environment: 'prod',
  service,
  listenPort,
  address: `${service}.internal`,
  port: 15_006,
  http2,
});

describe('renderBootstrap', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dta-bootstrap-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  it.each<[string, BootstrapOptions]>([
    ['nothing but the controller', base],
    ['an inbound side', { ...base, inbound }],
    [
      'both sides, HTTP/2 and an admin socket',
      {
        ...base,
        admin: { socket: '/run/dta/admin.sock' },
        inbound: { ...inbound, application: { ...inbound.application, http2: true } },
        outbound: [target('orders.v2', 15_101, true), target('payments', 15_102, false)],
      },
    ],
    [
      'decompressors and an access log',
      {
        ...base,
        inbound,
        outbound: [target('orders', 15_101, true)],
        masking: { decompress: true },
        accessLog: '/dev/null',
      },
    ],
    ['an access log on its standard output', { ...base, inbound, accessLog: '-' }],
  ])('is valid for Envoy with %s', async (_name, options) => {
    const { isValid, output } = await validateBootstrap(directory, renderBootstrap(options));
    expect(output).not.toMatch(/\[(warning|error|critical)\]/);
    expect(isValid).toBe(true);
  });

  it('is refused by Envoy when something in it is wrong', async () => {
    const options = { ...base, inbound: { ...inbound, port: 70_000 } };
    expect((await validateBootstrap(directory, renderBootstrap(options))).isValid).toBe(false);
  });

  it('lets no value add configuration', () => {
    const hostile = 'x"\nadmin:\n  address: $(controller.port)';
    const plain = parse(renderBootstrap(base));
    const rendered = parse(renderBootstrap({ ...base, nodeId: hostile }));
    expect(rendered).toEqual({ ...plain, node: { ...plain.node, id: hostile } });
  });

  it('takes nothing but mutual TLS inbound, and trusts one service outbound', () => {
    const text = renderBootstrap({
      ...base,
      inbound,
      outbound: [target('payments', 15_102, false)],
    });
    const { listeners, clusters } = parse(text).static_resources;
    const [chain, ...others] = listeners[0].filter_chains;
    expect(others).toEqual([]);
    expect(chain.transport_socket.typed_config).toMatchObject({ require_client_certificate: true });
    expect(listeners[1].address.socket_address.address).toBe('127.0.0.1');
    const { common_tls_context } = clusters.at(-1).transport_socket.typed_config;
    expect(common_tls_context.validation_context_sds_secret_config.name).toBe(
      'dta-validation/prod/payments',
    );
  });
});
