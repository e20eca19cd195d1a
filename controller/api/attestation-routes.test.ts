/** Joining by evidence and waiting for orders, over real TLS. */
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { makeKeyAndRequest } from '../agent/csr.ts';
import { LiveMesh } from './live-mesh.test-data.ts';

let mesh: LiveMesh;
beforeEach(async () => {
  mesh = await LiveMesh.start();
});
afterEach(() => mesh.close());

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

function call(method: string, path: string, body?: unknown, tls: RequestOptions = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const content = body === undefined ? '' : JSON.stringify(body);
    const headers = content === '' ? {} : { 'content-type': 'application/json' };
    const options = { ca: mesh.identities.rootPem, ...tls, method, agent: false, headers };
    const request = httpsRequest(new URL(path, mesh.url), options);
    request.on('error', reject);
    request.on('response', async (answer) => {
      resolve({ status: answer.statusCode ?? 0, body: JSON.parse(await text(answer)) });
    });
    request.end(content);
  });
}

async function joined(service: string): Promise<{ instance: string; tls: RequestOptions }> {
  const made = makeKeyAndRequest();
  const token = await mesh.token({ environment: 'prod', team: 'infra', service });
  const { instance, chainPem } = await mesh.identities.join(token, made.csrPem);
  return { instance, tls: { cert: chainPem, key: made.keyPem } };
}

const csr = makeKeyAndRequest().csrPem;
const vouch = { method: 'unix', evidence: { workload: 'orders', uid: '1001' }, csr };
const denied = { status: 403, body: { code: 'denied', message: 'join denied' } };

describe('an agent that vouches', () => {
  beforeEach(async () => {
    const attest = ['agent:service:prod/host', 'unix:workload:orders', 'unix:uid:1001'];
    const names = { environment: 'prod', team: 'shop', service: 'orders', labels: {} };
    await mesh.identities.registrar.register([{ name: 'orders', ...names, attest }], 'test');
  });

  it('gets the identity of the registration that names it', async () => {
    const { tls } = await joined('host');
    const { status, body } = await call('POST', '/v1/attest', vouch, tls);
    expect(status).toBe(200);
    expect(body.spiffeId).toContain('/env/prod/team/shop/svc/orders/i/');
  });

  it.each([
    ['another workload', { ...vouch, evidence: { workload: 'ledger', uid: '1001' } }],
    ['another uid', { ...vouch, evidence: { workload: 'orders', uid: '0' } }],
    ['no uid', { ...vouch, evidence: { workload: 'orders' } }],
    ['a uid that is none', { ...vouch, evidence: { workload: 'orders', uid: '1001 ' } }],
    ['a method that is not there', { ...vouch, method: 'k8s' }],
  ])('is refused for %s', async (_what, body) => {
    const { tls } = await joined('host');
    expect(await call('POST', '/v1/attest', body, tls)).toMatchObject(denied);
    expect(await mesh.identities.list()).toHaveLength(1);
  });

  it('has to be one: not anybody, not another workload, not revoked', async () => {
    expect(await call('POST', '/v1/attest', vouch)).toMatchObject(denied);
    const other = await joined('ledger');
    expect(await call('POST', '/v1/attest', vouch, other.tls)).toMatchObject(denied);
    const agent = await joined('host');
    await mesh.identities.revoke(agent.instance, 'stolen', 'test');
    expect(await call('POST', '/v1/attest', vouch, agent.tls)).toMatchObject({
      status: 403,
      body: { message: 'the identity is revoked' },
    });
  });

  it('can bring a token that is for it alone', async () => {
    const agent = await joined('host');
    const bounds = { agent: agent.instance };
    const request = { environment: 'prod', team: 'shop', service: 'ledger' };
    const { token } = await mesh.identities.issueToken(request, bounds);
    expect(await call('POST', '/v1/join', { token, csr })).toMatchObject(denied);
    expect(await call('POST', '/v1/join', { token, csr }, agent.tls)).toMatchObject({
      status: 200,
    });
  });
});

describe('attest', () => {
  it('refuses a faulty request and gives no challenge where there is none', async () => {
    const { tls } = await joined('host');
    expect(await call('POST', '/v1/attest', { ...vouch, csr: 'junk' }, tls)).toMatchObject({
      status: 400,
      body: { code: 'usage' },
    });
    expect(await call('POST', '/v1/attest', { ...vouch, more: 1 }, tls)).toMatchObject({
      status: 400,
    });
    expect(await call('POST', '/v1/attest/challenge', { method: 'unix' })).toMatchObject({
      status: 400,
      body: { code: 'usage' },
    });
  });
});

describe('orders to renew', () => {
  /** What an agent that has heard of orders up to `order` is told. */
  const watch = (tls: RequestOptions, order = 0) => {
    const generation = mesh.identities.trustGeneration;
    return call('POST', '/v1/watch', { generation, order, clockMs: mesh.nowMs }, tls);
  };
  const isWaiting = async () => {
    while (mesh.trust.holders().length === 0) await new Promise(setImmediate);
  };

  it('come to who waits, and to who asks later and has not heard of them', async () => {
    const { instance, tls } = await joined('orders');
    const waiting = watch(tls);
    await isWaiting();
    const target = { kind: 'instance', name: instance } as const;
    await mesh.identities.rotations.order(target, 250, 'drill', 'test');
    const renewal = { number: 1, spreadMs: 250, reason: 'drill' };
    expect(await waiting).toMatchObject({ status: 200, body: { renewal } });
    expect(await watch(tls)).toMatchObject({ status: 200, body: { renewal } });
    const heard = watch(tls, 1);
    await mesh.identities.rotations.order({ kind: 'all', name: '' }, 0, 'again', 'test');
    expect(await heard).toMatchObject({ body: { renewal: { number: 2 } } });
  });

  it('are for certificates of the mesh, which are not revoked', async () => {
    const body = { generation: 0, clockMs: 0 };
    expect(await call('POST', '/v1/watch', body)).toMatchObject({ status: 401 });
    const { instance, tls } = await joined('orders');
    expect(await call('POST', '/v1/watch', { ...body, order: -1 }, tls)).toMatchObject({
      status: 400,
    });
    const waiting = watch(tls);
    await isWaiting();
    await mesh.identities.revoke(instance, 'stolen', 'test');
    expect(await waiting).toMatchObject({ status: 403, body: { code: 'denied' } });
  });

  it('can be asked for so often by each instance', async () => {
    const { tls } = await joined('orders');
    const body = { generation: 0, clockMs: mesh.nowMs };
    const statuses: number[] = [];
    for (let i = 0; i < 21; i++) {
      statuses.push((await call('POST', '/v1/watch', body, tls)).status);
    }
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(200));
    expect(statuses[20]).toBe(429);
  });

  it('are waited for until the server ends', async () => {
    const { tls } = await joined('orders');
    const waiting = watch(tls).catch(() => 'cut');
    await isWaiting();
    await mesh.goAway();
    expect(await waiting).toBe('cut');
  });
});
