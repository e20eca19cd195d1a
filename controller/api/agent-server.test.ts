/** The agents' side of the controller over real TLS: what it takes, and from whom. */
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type KeyAndRequest, makeKeyAndRequest } from '../agent/csr.ts';
import { encodeBatch, sampleRecord } from '../audit/encode-batch.test-data.ts';
import { Authority } from '../identity/authority.ts';
import { twinOf } from '../identity/certificate-digests.ts';
import { toPem } from '../identity/der-writer.ts';
import type { IssuedIdentity } from '../identity/service.ts';
import { checkout, LiveMesh } from './live-mesh.test-data.ts';

let mesh: LiveMesh;
beforeEach(async () => {
  mesh = await LiveMesh.start();
});
afterEach(() => mesh.close());

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly type: string | undefined;
}

function call(
  method: string,
  path: string,
  body?: unknown,
  tls: RequestOptions = {},
): Promise<Answer> {
  const isBytes = body instanceof Uint8Array;
  const content = isBytes ? body : body === undefined ? '' : JSON.stringify(body);
  const type = isBytes ? 'application/octet-stream' : 'application/json';
  return new Promise((resolve, reject) => {
    const request = httpsRequest(new URL(path, mesh.url), {
      ca: mesh.identities.rootPem,
      ...tls,
      method,
      agent: false,
      headers: content.length > 0 ? { 'content-type': type } : {},
    });
    request.on('error', reject);
    request.on('response', async (answer) => {
      const body = JSON.parse(await text(answer)) as Record<string, unknown>;
      resolve({ status: answer.statusCode ?? 0, body, type: answer.headers['content-type'] });
    });
    request.end(content);
  });
}

async function joined(): Promise<{ identity: IssuedIdentity; tls: RequestOptions }> {
  const made: KeyAndRequest = makeKeyAndRequest();
  const identity = await mesh.identities.join(await mesh.token(), made.csrPem);
  return { identity, tls: { cert: identity.chainPem, key: made.keyPem } };
}

const batch = () =>
  encodeBatch({ vmId: '0000000000000001', firstSeq: 1n, dropped: 0n, records: [sampleRecord()] });

describe('join', () => {
  it('gives a certificate once for each token', async () => {
    const body = { token: await mesh.token(), csr: makeKeyAndRequest().csrPem };
    const first = await call('POST', '/v1/join', body);
    expect(first.status).toBe(200);
    expect(new X509Certificate(String(first.body.chainPem)).subjectAltName).toBe(
      `URI:${first.body.spiffeId}`,
    );
    const second = await call('POST', '/v1/join', body);
    expect(second).toMatchObject({ status: 403, body: { code: 'denied', message: 'join denied' } });
    expect(second.type).toContain('application/problem+json');
  });

  it.each([
    ['no csr', { token: 'x' }],
    ['an unknown member', { token: 'x', csr: 'x', admin: true }],
    ['a list', []],
    ['a long token', { token: 'x'.repeat(513), csr: 'x' }],
    ['nothing', undefined],
  ])('refuses %s', async (_what, body) => {
    expect(await call('POST', '/v1/join', body)).toMatchObject({
      status: 400,
      body: { code: 'usage' },
    });
  });

  it('refuses a large body and another media type', async () => {
    const large = { token: 'x'.repeat(20_000), csr: 'x' };
    expect(await call('POST', '/v1/join', large)).toMatchObject({ status: 413 });
    const odd = await call('POST', '/v1/join', Buffer.from('{}'));
    expect(odd.status).toBe(400);
  });

  it('is limited by address, and opens again with time', async () => {
    const attempt = async () => (await call('POST', '/v1/join', { token: 'x', csr: 'x' })).status;
    const statuses: number[] = [];
    for (let i = 0; i < 61; i++) statuses.push(await attempt());
    expect(statuses.slice(0, 60)).not.toContain(429);
    expect(statuses[60]).toBe(429);
    mesh.nowMs += 1_000;
    expect(await attempt()).not.toBe(429);
  });
});

describe('a client certificate', () => {
  it.each(['/v1/renew', '/v1/audit', '/v1/watch'])('is needed by %s', async (path) => {
    expect(await call('POST', path, { csr: 'x' })).toMatchObject({
      status: 401,
      body: { code: 'denied', message: 'no client certificate' },
    });
  });

  it.each(['/v1/renew', '/v1/audit', '/v1/watch'])(
    'of another mesh is refused by %s',
    async (path) => {
      const other = await Authority.make('mesh.test', mesh.nowMs);
      const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const { identity } = await joined();
      const leaf = other.issueNow({
        publicKeySpki: keys.publicKey.export({ type: 'spki', format: 'der' }),
        identity: {
          trustDomain: 'mesh.test',
          ...checkout,
          instance: identity.instance,
        },
        labels: {},
        ttlMs: 3_600_000,
        nowMs: mesh.nowMs,
      });
      const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' });
      const tls = { cert: leaf.chainPem, key };
      expect(await call('POST', path, { csr: 'x' }, tls)).toMatchObject({
        status: 401,
        body: { message: 'the client certificate is not valid here' },
      });
    },
  );

  it('renews itself now and then, not as fast as it can: living certificates stay few', async () => {
    const { tls } = await joined();
    const body = { csr: makeKeyAndRequest().csrPem };
    const statuses: number[] = [];
    for (let i = 0; i < 21; i++) statuses.push((await call('POST', '/v1/renew', body, tls)).status);
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(200));
    expect(statuses[20]).toBe(429);
    const other = await joined();
    expect((await call('POST', '/v1/renew', body, other.tls)).status).toBe(200);
    mesh.nowMs += 2_000;
    expect((await call('POST', '/v1/renew', body, tls)).status).toBe(200);
  });

  it('renews itself until fifty of its certificates are live', async () => {
    const { tls } = await joined();
    const other = await joined();
    const body = { csr: makeKeyAndRequest().csrPem };
    const renew = async (who = tls) => {
      mesh.nowMs += 2_000;
      return await call('POST', '/v1/renew', body, who);
    };
    for (let i = 1; i < 50; i++) expect((await renew()).status).toBe(200);
    expect(await renew()).toMatchObject({
      status: 429,
      body: {
        code: 'unreachable',
        message: '50 certificates of this instance are live',
        help: expect.stringContaining('wait until some have ended'),
      },
    });
    expect(mesh.identities.events.tail({ limit: 1 })).toMatchObject([
      { kind: 'refused', method: 'renewal', reason: 'too many live certificates' },
    ]);
    expect((await renew(other.tls)).status).toBe(200);
    expect(await mesh.identities.list()).toHaveLength(2);
  });

  it('renews itself, but not after it was revoked', async () => {
    const { identity, tls } = await joined();
    const body = { csr: makeKeyAndRequest().csrPem };
    const renewed = await call('POST', '/v1/renew', body, tls);
    expect(renewed).toMatchObject({ status: 200, body: { spiffeId: identity.spiffeId } });
    await mesh.identities.revoke(identity.instance, 'stolen', 'test');
    expect(await call('POST', '/v1/renew', body, tls)).toMatchObject({ status: 403 });
  });
});

describe('audit', () => {
  it('stores a batch under the name in the certificate', async () => {
    const { identity, tls } = await joined();
    const answer = await call('POST', '/v1/audit', batch(), tls);
    expect(answer).toMatchObject({
      status: 200,
      body: { stored: 1, duplicates: 0, missing: '0' },
    });
    const [record] = await mesh.audit.tail({ limit: 1 });
    expect(record?.reporter).toBe(identity.spiffeId);
  });

  it('refuses what is malformed for good, and every batch of a revoked workload', async () => {
    const { identity, tls } = await joined();
    const cut = batch().subarray(0, -1);
    expect(await call('POST', '/v1/audit', cut, tls)).toMatchObject({ body: { code: 'usage' } });
    const json = await call('POST', '/v1/audit', { records: [] }, tls);
    expect(json).toMatchObject({ status: 415, body: { code: 'usage' } });
    await mesh.identities.revoke(identity.instance, 'stolen', 'test');
    expect(await call('POST', '/v1/audit', batch(), tls)).toMatchObject({
      status: 403,
      body: { code: 'denied' },
    });
    expect(await mesh.audit.tail({ limit: 1 })).toEqual([]);
  });
});

describe('a single revoked certificate', () => {
  it('can no longer report, while another one of the instance can', async () => {
    const { identity, tls } = await joined();
    const made = makeKeyAndRequest();
    const leaf = new X509Certificate(identity.certificatePem);
    const next = await mesh.identities.renew(leaf.raw, made.csrPem);
    await mesh.identities.revoke(leaf.fingerprint256, 'leaked', 'test');
    expect(await call('POST', '/v1/audit', batch(), tls)).toMatchObject({ status: 403 });
    const renewed = { cert: next.chainPem, key: made.keyPem };
    expect(await call('POST', '/v1/audit', batch(), renewed)).toMatchObject({ status: 200 });
  });

  it('is no other certificate when its holder writes the signature in the other way', async () => {
    const { identity, tls } = await joined();
    const leaf = new X509Certificate(identity.certificatePem);
    const twin = toPem('CERTIFICATE', twinOf(leaf.raw) ?? Buffer.alloc(0));
    const shown = { ...tls, cert: identity.chainPem.replace(identity.certificatePem, twin) };
    await mesh.identities.revoke(leaf.fingerprint256, 'leaked', 'test');
    expect(await call('POST', '/v1/audit', batch(), shown)).toMatchObject({
      status: 403,
      body: { message: 'the identity is unknown' },
    });
  });
});

describe('a connection that outlives the certificate', () => {
  it.each(['/v1/audit', '/v1/renew', '/v1/watch', '/v1/join'])(
    'proves nothing to %s, though TLS took it once',
    async (path) => {
      const { tls } = await joined();
      mesh.nowMs += 3_600_000 + 1_000;
      const token = await mesh.token();
      const body = path === '/v1/audit' ? batch() : { token, csr: makeKeyAndRequest().csrPem };
      expect(await call('POST', path, body, tls)).toMatchObject({ status: 401 });
    },
  );
});

describe('news of the trust', () => {
  const change = { reason: 'test', actor: 'alice', force: false };
  const watch = (tls: RequestOptions, generation: number, clockMs = mesh.nowMs) =>
    call('POST', '/v1/watch', { generation, order: 0, clockMs }, tls);

  it('come at once to who has an older one, and wake who waits', async () => {
    const { identity, tls } = await joined();
    const { rootPem, trustGeneration: held } = identity;
    const first = await watch(tls, 0);
    expect(first.body).toEqual({ rootPem, generation: held });
    let isWaiting = true;
    const second = watch(tls, held).finally(() => {
      isWaiting = false;
    });
    while (mesh.trust.holders().every(({ generation }) => generation !== held)) {
      await new Promise(setImmediate);
    }
    expect(isWaiting).toBe(true);
    const { generation } = await mesh.authority.prepare({ sameRoot: false }, change);
    expect((await second).body).toEqual({ rootPem: mesh.identities.rootPem, generation });
    await expect(mesh.authority.activate(change)).rejects.toMatchObject({ code: 'conflict' });
    const third = watch(tls, generation);
    while (mesh.trust.holders().some((each) => each.generation !== generation)) {
      await new Promise(setImmediate);
    }
    await mesh.authority.activate(change);
    const [, old] = (await mesh.authority.show()).issuers;
    await mesh.authority.taint(old?.id ?? '', change);
    expect((await third).body).toMatchObject({ renewal: { number: 1, spreadMs: 2_000 } });
    await mesh.authority.revoke(old?.id ?? '', { ...change, force: true });
    // Not even TLS takes it: its root is trusted no more.
    expect(await watch(tls, generation)).toMatchObject({ status: 401 });
  });

  it('are not for who holds a key under a root that stays, and is trusted no more', async () => {
    const { tls } = await joined();
    await mesh.authority.prepare({ sameRoot: true }, change);
    await mesh.authority.activate({ ...change, force: true });
    const [, old] = (await mesh.authority.show()).issuers;
    await mesh.authority.revoke(old?.id ?? '', { ...change, force: true });
    for (const path of ['/v1/watch', '/v1/audit', '/v1/renew']) {
      const body = { '/v1/audit': batch(), '/v1/watch': { generation: 0, order: 0, clockMs: 0 } }[
        path
      ];
      const answer = await call('POST', path, body ?? { csr: makeKeyAndRequest().csrPem }, tls);
      expect(answer, path).toMatchObject({ status: 403, body: { code: 'denied' } });
    }
  });

  it('tell the controller of clocks that go wrong, and who is connected', async () => {
    const { identity, tls } = await joined();
    const { spiffeId } = identity;
    await watch(tls, 0, mesh.nowMs + 60_000);
    expect(mesh.trust.skews()).toEqual([]);
    await watch(tls, 0, mesh.nowMs - 61_000);
    expect(mesh.trust.skews()).toEqual([{ spiffeId, skewMs: -61_000 }]);
    expect(mesh.trust.holders()).toEqual([{ who: spiffeId, what: 'agent', generation: 0 }]);
    mesh.nowMs += 60_001;
    expect([mesh.trust.skews(), mesh.trust.holders()]).toEqual([[], []]);
  });
});

describe('the server', () => {
  it('shows trust to everybody and nothing secret', async () => {
    const { body } = await call('GET', '/v1/trust');
    expect(Object.keys(body).sort()).toEqual(['crlPem', 'generation', 'rootPem', 'trustDomain']);
    expect(body.crlPem).toContain('X509 CRL');
    expect(JSON.stringify(body)).not.toContain('PRIVATE');
  });

  it.each([
    ['GET', '/'],
    ['GET', '/v1/join'],
    ['DELETE', '/v1/trust'],
    ['GET', '/metrics'],
    ['GET', '/v1/identities'],
  ])('knows no %s %s', async (method, path) => {
    expect(await call(method, path)).toMatchObject({ status: 404, body: { code: 'notFound' } });
  });

  it('takes a new certificate for new connections', async () => {
    const serial = () =>
      new Promise<string>((resolve) => {
        const tls = { ca: mesh.identities.rootPem, agent: false };
        const request = httpsRequest(new URL('/v1/trust', mesh.url), tls, (answer) => {
          const { serialNumber } = (
            answer.socket as import('node:tls').TLSSocket
          ).getPeerCertificate();
          answer.resume().on('end', () => resolve(serialNumber));
        });
        request.end();
      });
    const before = await serial();
    mesh.server?.useCertificate(await mesh.identities.controllerCertificate([], ['127.0.0.1']));
    expect(await serial()).not.toBe(before);
  });

  it('says when its port is taken', async () => {
    const second = Object.create(mesh) as LiveMesh;
    await expect(second.listen()).rejects.toMatchObject({ code: 'portInUse' });
  });

  it('documents every route', async () => {
    const document = mesh.server?.openApi() as { paths: Record<string, object> };
    expect(Object.keys(document.paths).sort()).toEqual([
      '/v1/attest',
      '/v1/attest/challenge',
      '/v1/audit',
      '/v1/join',
      '/v1/renew',
      '/v1/trust',
      '/v1/watch',
    ]);
    expect(JSON.stringify(document.paths['/v1/join'])).toContain('PKCS#10');
  });
});
