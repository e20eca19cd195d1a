/** Revocation as callers and streams meet it, in a real Envoy (draft-si-service-mesh-dta-00, "Revocation Sync"). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { HeldIdentity } from '../../controller/agent/identity.ts';
import { type Client, http1Client, http2Client, rawConnection } from './client.ts';
import { LiveMesh } from './live-mesh.ts';
import { meshPolicies } from './policies.ts';
import { Upstream } from './upstream.ts';

/** From the command to the first refusal. */
const refusalBoundMs = 100;
/** From the command to the end of a stream that runs: a tick and its way. */
const cutBoundMs = 1_000;
const streamCount = 200;

describe('after a revocation', () => {
  let upstream: Upstream;
  let mesh: LiveMesh;
  const clients: Client[] = [];
  beforeAll(async () => {
    upstream = await Upstream.start();
    mesh = await LiveMesh.start({
      policies: meshPolicies(['orders']),
      sidecars: [{ service: 'orders', app: { port: upstream.port } }],
    });
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await mesh?.stop();
    await upstream?.close();
  });
  const peer = async () => ({
    port: mesh.sidecar('orders').inboundPort,
    identity: await mesh.join({ service: 'checkout' }),
  });
  const kept = <T extends Client>(client: T): T => {
    clients.push(client);
    return client;
  };
  const bystander = async () => {
    const client = kept(http1Client(await peer()));
    expect((await client.ask({ path: '/orders/7' })).status).toBe(200);
    expect(mesh.sidecar('orders').envoy.isRunning).toBe(true);
  };
  const revoke = (identity: HeldIdentity) => mesh.operator.revoke(identity.instance, 'test');
  /** Asks until it is refused; gives the milliseconds. */
  const untilRefused = async (client: Client, sinceMs: number) => {
    for (;;) {
      const sentMs = performance.now() - sinceMs;
      const came = await client.ask({ path: '/orders/7' });
      const tookMs = performance.now() - sinceMs;
      if (came.status === 200 && tookMs < 5_000) continue;
      if (came.status === 0) {
        // Permitted before and cut while it ran, of which a caller over HTTP/1.1 hears half a second later.
        expect((await client.ask({ path: '/orders/7' })).status).not.toBe(200);
        return sentMs;
      }
      expect(came.status).toBe(403);
      expect(JSON.parse(came.body)).toMatchObject({ code: 'DTA1008' });
      return tookMs;
    }
  };

  it.each([
    ['HTTP/1.1', http1Client],
    ['HTTP/2', http2Client],
  ])('the next request on an open %s connection is refused', async (name, connect) => {
    const to = await peer();
    const client = kept(connect(to));
    expect((await client.ask({ path: '/orders/7' })).status).toBe(200);
    const startedAt = performance.now();
    await revoke(to.identity);
    const tookMs = await untilRefused(client, startedAt);
    console.log(`measured: revoke -> refusal on ${name}: ${tookMs.toFixed(1)} ms`);
    expect(tookMs).toBeLessThan(refusalBoundMs);
    await bystander();
  });

  it('no new connection is made', async () => {
    const to = await peer();
    const socket = await rawConnection(to);
    socket.destroy();
    await revoke(to.identity);
    const connects = async () => {
      const client = http1Client(to);
      const { status } = await client.ask({ path: '/orders/7' });
      client.close();
      return status;
    };
    await expect.poll(connects, { timeout: 3_000 }).toBe(0);
    await bystander();
  });

  it.each([
    ['HTTP/1.1', http1Client],
    ['HTTP/2', http2Client],
  ])('a long upload over %s is cut', async (name, connect) => {
    const to = await peer();
    const path = `/orders/upload-${name.replace('/', '-')}`;
    const client = kept(connect(to));
    const headers = { 'content-type': 'application/json' };
    const exchange = client.open({ method: 'POST', path, headers });
    exchange.write('[1,2,3');
    await expect.poll(() => upstream.seen(path)[0]?.body).toContain('[1,2');
    const startedAt = performance.now();
    await revoke(to.identity);
    await expect
      .poll(() => upstream.seen(path)[0]?.wasCut, { interval: 5, timeout: 5_000 })
      .toBe(true);
    const cutMs = performance.now() - startedAt;
    expect(await exchange.answer).toMatchObject({ wasCut: true });
    const toldMs = performance.now() - startedAt;
    console.log(
      `measured: revoke -> upload over ${name} cut: application ${cutMs.toFixed(0)} ms, caller ${toldMs.toFixed(0)} ms`,
    );
    expect(cutMs).toBeLessThan(cutBoundMs);
    expect(toldMs).toBeLessThan(cutBoundMs);
    await bystander();
  });

  it('200 streams of one identity are cut at once, and nobody else is', async () => {
    const path = '/orders/streams';
    upstream.answerEarly(path, (reply) => {
      reply.writeHead(200, { 'content-type': 'application/json' });
      reply.write(`["${'x'.repeat(100)}",`);
    });
    const to = await peer();
    const client = kept(http2Client(to));
    const other = kept(http2Client(await peer()));
    const answers = Array.from({ length: streamCount }, () => client.ask({ path }));
    let otherEnded = false;
    void other.ask({ path }).then(() => {
      otherEnded = true;
    });
    await expect.poll(() => upstream.seen(path).length).toBe(streamCount + 1);
    const startedAt = performance.now();
    await revoke(to.identity);
    const came = await Promise.all(answers);
    const tookMs = performance.now() - startedAt;
    console.log(`measured: revoke -> ${streamCount} streams cut: ${tookMs.toFixed(0)} ms`);
    expect(came.filter(({ wasCut }) => wasCut)).toHaveLength(streamCount);
    expect(tookMs).toBeLessThan(cutBoundMs);
    expect(otherEnded).toBe(false);
    await bystander();
  });

  it('streams of many identities are cut, revoked one after another without a pause', async () => {
    const path = '/orders/many';
    upstream.answerEarly(path, (reply) => {
      reply.writeHead(200, { 'content-type': 'application/json' });
      reply.write('[1,2,');
    });
    const peers = await Promise.all(Array.from({ length: 20 }, peer));
    const answers = peers.flatMap((to) => {
      const client = kept(http2Client(to));
      return Array.from({ length: 5 }, () => client.ask({ path }));
    });
    await expect.poll(() => upstream.seen(path).length).toBe(answers.length);
    for (const { identity } of peers) await revoke(identity);
    const came = await Promise.all(answers);
    expect(came.filter(({ wasCut }) => wasCut)).toHaveLength(answers.length);
    await bystander();
  });

  it('is in the audit store, with the streams that it cut', async () => {
    await expect
      .poll(
        async () => {
          const records = await mesh.operator.audit({ limit: '1000' });
          return records.filter(({ cutByRevocation }) => cutByRevocation).length;
        },
        { timeout: 5_000 },
      )
      .toBeGreaterThanOrEqual(streamCount);
    const denied = await mesh.operator.audit({ limit: '1000', verdict: 'Deny' });
    expect(denied.map(({ reason }) => reason)).toContain('Revoked');
  });
});
