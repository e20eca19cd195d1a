/** Restrictions as callers meet them, in a real Envoy (draft-si-service-mesh-dta-00, "Dynamic Access Control"). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import type { RestrictionInput } from '../../controller/api/live-value-messages.ts';
import { type Answer, type Client, http1Client, http2Client } from './client.ts';
import { LiveMesh } from './live-mesh.ts';
import { meshPolicies } from './policies.ts';
import { Upstream } from './upstream.ts';

describe('restrictions', () => {
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
  afterEach(async () => {
    for (const { id } of await mesh.operator.restrictions()) await mesh.operator.release(id, '');
    await mesh.untilCurrent();
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(async () => {
    await mesh?.stop();
    await upstream?.close();
  });
  const caller = async (service: string, connect = http1Client): Promise<Client> => {
    const identity = await mesh.join({ service });
    const client = connect({ port: mesh.sidecar('orders').inboundPort, identity });
    clients.push(client);
    return client;
  };
  const restrict = async (
    verdict: RestrictionInput['verdict'],
    more: Partial<RestrictionInput> = {},
  ) => {
    const subject = 'prod/orders';
    const set = await mesh.operator.restrict({ subject, as: 'destination', verdict, ...more });
    return set.id;
  };
  const read = (client: Client) => client.ask({ path: '/orders/7' });
  /** Asks on the same connection until the answer has this status; fails when it never has. */
  const until = async (client: Client, status: number): Promise<Answer> => {
    const deadline = Date.now() + 5_000;
    for (;;) {
      const came = await read(client);
      if (came.status === status || Date.now() > deadline) {
        expect(came.status).toBe(status);
        return came;
      }
    }
  };

  it.each([
    ['HTTP/1.1', http1Client],
    ['HTTP/2', http2Client],
  ])(
    'an isolated source is refused on its open %s connection until it is released',
    async (_, connect) => {
      const client = await caller('checkout', connect);
      const other = await caller('ledger', connect);
      await until(client, 200);
      const startedAt = performance.now();
      const id = await restrict('isolate', { subject: 'prod/checkout', as: 'source' });
      const refused = await until(client, 403);
      const tookMs = performance.now() - startedAt;
      console.log(`measured: isolate -> refusal: ${tookMs.toFixed(1)} ms`);
      expect(JSON.parse(refused.body)).toMatchObject({ code: 'DTA1025', title: 'Forbidden' });
      expect((await read(other)).status).toBe(200);
      await mesh.operator.release(id, 'test');
      await until(client, 200);
    },
  );

  it('streams that run are cut when their destination is isolated', async () => {
    const path = '/orders/streams';
    upstream.answerEarly(path, (reply) => {
      reply.writeHead(200, { 'content-type': 'application/json' });
      reply.write(`["${'x'.repeat(100)}",`);
    });
    const client = await caller('auditor', http2Client);
    const answers = Array.from({ length: 20 }, () => client.ask({ path }));
    await expect.poll(() => upstream.seen(path).length).toBe(20);
    const startedAt = performance.now();
    await restrict('isolate');
    const came = await Promise.all(answers);
    const tookMs = performance.now() - startedAt;
    console.log(`measured: isolate -> 20 streams cut: ${tookMs.toFixed(0)} ms`);
    expect(came.filter(({ wasCut }) => wasCut)).toHaveLength(20);
    const isRecorded = async () => {
      const records = await mesh.operator.audit({ limit: '1000', verdict: 'Isolate' });
      return records.filter(({ bodyReason }) => bodyReason === 'Isolated').length;
    };
    await expect.poll(isRecorded, { timeout: 15_000 }).toBeGreaterThanOrEqual(20);
  });

  it('a throttled caller gets 429 with the time to wait, and another one its own burst', async () => {
    const [client, other] = [await caller('checkout'), await caller('checkout')];
    const id = await restrict('throttle', {
      ratePerSecond: 0.001,
      burst: 2,
      retryAfterSeconds: 17,
    });
    const refused = await until(client, 429);
    expect(refused.headers['retry-after']).toBe('17');
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'DTA1023', title: 'Too Many Requests' });
    // Its worker may have learned of the throttle a moment later.
    let passed = 0;
    while ((await read(other)).status === 200) passed += 1;
    expect(passed).toBeGreaterThanOrEqual(2);
    expect((await read(other)).status).toBe(429);
    await mesh.operator.release(id, 'test');
    await until(client, 200);
  });

  it('a rate is shared among the workers that Envoy was started with', async () => {
    const client = await caller('checkout');
    await restrict('degrade', { ratePerSecond: 0.1, burst: 1 });
    // A token comes every 20 seconds in each of the two workers; a second may have passed.
    const { headers } = await until(client, 429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(15);
  });

  it('an open circuit answers 503 and says when to come back', async () => {
    const client = await caller('checkout');
    await restrict('break', { retryAfterSeconds: 30 });
    const refused = await until(client, 503);
    expect(refused.headers['retry-after']).toBe('30');
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'DTA1024' });
    const grpc = await client.ask({
      method: 'POST',
      path: '/orders/7',
      headers: { 'content-type': 'application/grpc' },
    });
    expect(grpc.headers).toMatchObject({ 'grpc-status': '14', 'retry-after': '30' });
  });

  it('a degraded caller reads, masked, and does not write', async () => {
    const client = await caller('auditor');
    const path = '/orders/person';
    upstream.answerEarly(path, (reply) => {
      reply.writeHead(200, { 'content-type': 'application/json' });
      reply.end('{"ssn":"123"}');
    });
    await expect.poll(async () => (await client.ask({ path })).body).toBe('{"ssn":"123"}');
    await restrict('degrade', { readOnly: true, noClearance: true });
    await expect.poll(async () => (await client.ask({ path })).body).toBe('{"ssn":"***"}');
    expect((await client.ask({ method: 'POST', path, body: '{}' })).status).toBe(403);
  });

  it('restrictions survive a restart of the controller', async () => {
    const client = await caller('checkout');
    await restrict('isolate');
    await until(client, 403);
    await mesh.stopController();
    await mesh.restartController();
    await mesh.untilCurrent();
    expect((await read(client)).status).toBe(403);
    const [kept] = await mesh.operator.restrictions();
    await mesh.operator.release(kept?.id ?? '', 'test');
    await until(client, 200);
  });
});
