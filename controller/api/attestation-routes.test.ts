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

describe('rotation', () => {
  it('answers at once when there is an order, and when the wait is over', async () => {
    const { instance, tls } = await joined('orders');
    const idle = await call('GET', '/v1/rotation?waitMs=1', undefined, tls);
    expect(idle).toMatchObject({ status: 200, body: { due: false } });
    const waiting = call('GET', '/v1/rotation?waitMs=60000', undefined, tls);
    const target = { kind: 'instance', name: instance } as const;
    // Whether the order or the wait comes first does not matter.
    await mesh.identities.rotations.order(target, 250, 'drill', 'test');
    expect(await waiting).toMatchObject({
      body: { due: true, spreadMs: 250, reason: 'drill' },
    });
  });

  it('is for certificates of the mesh, which are not revoked', async () => {
    expect(await call('GET', '/v1/rotation')).toMatchObject({ status: 401 });
    const { instance, tls } = await joined('orders');
    const waiting = call('GET', '/v1/rotation?waitMs=60000', undefined, tls);
    await mesh.identities.revoke(instance, 'stolen', 'test');
    expect(await waiting).toMatchObject({ status: 403, body: { code: 'denied' } });
    expect(await call('GET', '/v1/rotation?waitMs=60001', undefined, tls)).toMatchObject({
      status: 400,
    });
  });

  it('is limited for each instance', async () => {
    const { tls } = await joined('orders');
    const statuses: number[] = [];
    for (let i = 0; i < 21; i++) {
      statuses.push((await call('GET', '/v1/rotation', undefined, tls)).status);
    }
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(200));
    expect(statuses[20]).toBe(429);
  });

  it('ends with the server', async () => {
    const { tls } = await joined('orders');
    const waiting = call('GET', '/v1/rotation?waitMs=60000', undefined, tls).catch(() => 'cut');
    await call('GET', '/v1/rotation', undefined, (await joined('other')).tls);
    await mesh.goAway();
    expect(await waiting).toBe('cut');
  });
});
