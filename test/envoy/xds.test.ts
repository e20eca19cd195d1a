/** The xDS server and a rendered bootstrap with a real Envoy and mutual TLS from end to end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { WasmResource } from '../../controller/xds/model.ts';
import { renderBootstrap } from '../../controller/xds/render-bootstrap.ts';
import { createXdsServer, type XdsServer } from '../../controller/xds/server.ts';
import { type Leaf, TestMesh, TestSource } from '../xds/mesh.ts';
import { buildEchoFilter } from './echo-filter.ts';
import { EnvoyProcess, freePort } from './envoy-process.ts';
import { startSdsAgent } from './sds-agent.ts';

const wasm = (text: string): WasmResource => ({
  kind: 'wasm',
  version: text.slice(0, 32),
  configuration: Buffer.from(text),
});

describe('a real Envoy on the xDS server', () => {
  const mesh = new TestMesh();
  const source = new TestSource();
  const answers: { name: string; version: string; nack?: string }[] = [];
  let wake = () => {};
  const ports = { admin: 0, inbound: 0, toOrders: 0, toPayments: 0 };
  let directory: string;
  let filterPath: string;
  let server: XdsServer;
  let stopAgent: () => void;
  let envoy: EnvoyProcess;

  /** Waits until the proxy answered to a version of a resource. */
  const answered = async (version: string) => {
    for (;;) {
      const answer = answers.find((a) => a.version === version);
      if (answer) return answer;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const note = (answer: { name: string; version: string; nack?: string }) => {
    answers.push(answer);
    wake();
  };
  const validation = (crlPem?: string) => ({
    kind: 'validation' as const,
    version: crlPem ? 'trust-2' : 'trust-1',
    trustDomain: mesh.trustDomain,
    trustedCaPem: mesh.authority.rootPem,
    crlPem,
  });

  const startServer = (port: number) =>
    createXdsServer({
      tls: mesh.controllerTls(),
      port,
      source,
      filter: {
        filePath: filterPath,
        environment: { DTA_IDENTITY: 'header' },
      },
      identify: mesh.identify,
      isRevoked: () => false,
      nameCertificate: () => ({ digests: [], issuer: undefined }),
      log: pino({ level: 'silent' }),
      clock: Date.now,
      observer: {
        onAck: ({ name, version }) => note({ name, version }),
        onNack: ({ name, version, message }) => note({ name, version, nack: message }),
      },
    });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'dta-xds-'));
    source.put('orders', 'inbound', wasm('orders bundle 1'));
    source.put('payments', 'inbound', wasm('payments bundle: never for orders'));
    source.put('orders', 'outbound', wasm('pass'));
    source.put('orders', 'state', wasm('state 1'));
    source.put('orders', 'validation', validation());
    filterPath = await buildEchoFilter(directory);
    server = await startServer(0);
    const sdsSocket = join(directory, 'sds.sock');
    stopAgent = await startSdsAgent(sdsSocket, mesh.leaf('orders'), mesh.authority.rootPem);
    ports.admin = await freePort();
    ports.inbound = await freePort();
    ports.toOrders = await freePort();
    ports.toPayments = await freePort();
    const outbound = (service: string, listenPort: number) => ({
      environment: 'prod',
      service,
      listenPort,
      address: '127.0.0.1',
      port: ports.inbound,
    });
    const bootstrap = renderBootstrap({
      nodeId: 'payments',
      environment: 'prod',
      service: 'payments',
      controller: {
        address: '127.0.0.1',
        port: server.port,
        uriPrefix: 'spiffe://mesh.example/env/system/team/dta/svc/controller/i/',
      },
      agent: { sdsSocket, auditSocket: join(directory, 'audit.sock') },
      admin: { port: ports.admin },
      inbound: {
        address: '127.0.0.1',
        port: ports.inbound,
        application: { address: '127.0.0.1', port: 1 },
      },
      outbound: [outbound('orders', ports.toOrders), outbound('payments', ports.toPayments)],
    });
    envoy = await EnvoyProcess.start(directory, bootstrap);
  });

  afterAll(async () => {
    await envoy?.stop();
    stopAgent?.();
    await server?.close();
    await rm(directory, { recursive: true });
  });

  const callInbound = (leaf: Leaf | undefined) =>
    body((done) =>
      httpsRequest(
        {
          port: ports.inbound,
          host: '127.0.0.1',
          path: '/',
          agent: false,
          ca: mesh.authority.rootPem,
          checkServerIdentity: () => undefined,
          ...(leaf && { cert: leaf.certificatePem, key: leaf.keyPem }),
        },
        done,
      ),
    );
  const admin = async (path: string) =>
    await (await fetch(`http://127.0.0.1:${ports.admin}${path}`)).text();
  const callOutbound = (port: number) =>
    body((done) => httpRequest({ port, host: '127.0.0.1', path: '/', agent: false }, done));

  it('gives the bundle of the certificate, not of the node', async () => {
    await answered('orders bundle 1');
    await answered('state 1');
    await answered('trust-1');
    expect(await callInbound(mesh.leaf('checkout'))).toEqual({
      status: 200,
      text: 'orders bundle 1',
    });
    const [proxy, ...others] = server.proxies();
    expect(others).toEqual([]);
    expect(proxy).toMatchObject({ nodeId: 'payments' });
    expect(proxy?.spiffeId).toContain('/svc/orders/');
    expect(new Set(proxy?.resources.map(({ name }) => name))).toEqual(
      new Set([
        'dta/inbound',
        'dta-state',
        'dta/outbound/prod/orders',
        'dta/outbound/prod/payments',
        'dta-validation',
        'dta-validation/prod/orders',
        'dta-validation/prod/payments',
      ]),
    );
    for (const { ackedVersion, sentVersion } of proxy?.resources ?? []) {
      expect(ackedVersion).toBe(sentVersion);
    }
  });

  it('takes nothing without a certificate of the mesh', async () => {
    await expect(callInbound(undefined)).rejects.toThrow();
    await expect(callInbound(new TestMesh().leaf('checkout'))).rejects.toThrow();
    const stranger = mesh.leaf('checkout', { trustDomain: 'other.example' });
    await expect(callInbound(stranger)).rejects.toThrow();
  });

  it('calls the named service and no other that answers in its place', async () => {
    expect(await callOutbound(ports.toOrders)).toMatchObject({ text: 'orders bundle 1' });
    expect((await callOutbound(ports.toPayments)).status).toBe(503);
    const name = 'cluster.outbound/prod/payments.ssl.fail_verify_san';
    expect(await admin(`/stats?filter=${name}`)).toBe(`${name}: 1\n`);
  });

  it('shows what the filter counts with a label', async () => {
    const metrics = await admin('/stats/prometheus?filter=dta_');
    expect(metrics).toMatch(/^dta_bundles_total\{result="no_room"\} [1-9]/m);
  });

  it('swaps a bundle', async () => {
    source.put('orders', 'inbound', wasm('orders bundle 2'));
    expect(await answered('orders bundle 2')).toEqual({
      name: 'dta/inbound',
      version: 'orders bundle 2',
    });
    const leaf = mesh.leaf('checkout');
    await expect.poll(() => callInbound(leaf)).toMatchObject({ text: 'orders bundle 2' });
  });

  it('keeps the old bundle when the filter refuses a new one, and says so', async () => {
    source.put('orders', 'inbound', wasm('bad bundle 3'));
    expect((await answered('bad bundle 3')).nack).toMatch(/dta\/inbound/);
    expect(await callInbound(mesh.leaf('checkout'))).toMatchObject({ text: 'orders bundle 2' });
    const resource = server.proxies()[0]?.resources.find(({ name }) => name === 'dta/inbound');
    expect(resource).toMatchObject({
      ackedVersion: 'orders bundle 2',
      nack: { version: 'bad bundle 3' },
    });
    source.put('orders', 'state', wasm('state 2'), true);
    expect(await answered('state 2')).not.toHaveProperty('nack');
  });

  it('takes 24 MB', async () => {
    source.put('orders', 'inbound', wasm(`orders bundle 4 ${'x'.repeat(24 * 1024 * 1024)}`));
    const name = 'orders bundle 4 xxxxxxxxxxxxxxxx';
    expect(await answered(name)).toEqual({ name: 'dta/inbound', version: name });
  });

  it('goes on while the controller is away, and hears what it missed', async () => {
    const { port } = server;
    await server.close();
    expect((await callInbound(mesh.leaf('checkout'))).status).toBe(200);
    source.put('orders', 'state', wasm('state 3'), true);
    server = await startServer(port);
    expect(await answered('state 3')).not.toHaveProperty('nack');
  });

  it('refuses new connections of a certificate on the revocation list', async () => {
    const leaf = mesh.leaf('checkout');
    expect((await callInbound(leaf)).status).toBe(200);
    source.put('orders', 'validation', validation(await mesh.crl([leaf])), true);
    await answered('trust-2');
    await expect
      .poll(() => callInbound(leaf).then(String, () => 'refused'), { timeout: 5_000 })
      .toBe('refused');
    expect((await callInbound(mesh.leaf('checkout'))).status).toBe(200);
  });
});

/** Status and body of an answer. */
function body(
  open: (done: (response: import('node:http').IncomingMessage) => void) => {
    end(): void;
    on(event: 'error', listener: (error: Error) => void): unknown;
  },
): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const call = open((response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode, text });
      });
    });
    call.on('error', reject);
    call.end();
  });
}
