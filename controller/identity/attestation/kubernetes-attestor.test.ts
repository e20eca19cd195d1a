/** Service account tokens, signed for real and verified against real servers. */
import { createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { AttestedMesh, ForeignAuthority, TokenIssuer } from './attestation.test-data.ts';
import { KubernetesAttestor, type KubernetesCluster } from './kubernetes-attestor.ts';

const issuerUrl = 'https://kubernetes.default.svc';
const audience = 'sm-dta';
const podUid = '0b5f3d0e-6f0a-4a43-9c65-1f6a2f5f8d11';
let tls: ForeignAuthority;
let server: Server;
let url: string;
let issuer: TokenIssuer;
let served: number;
let reviews: { authorization: string | undefined; body: Record<string, unknown> }[];
let reviewStatus: Record<string, unknown>;

beforeAll(async () => {
  tls = new ForeignAuthority('cluster');
  tls.issue('api', 'root', ['subjectAltName=IP:127.0.0.1']);
  const [key, cert] = [readFileSync(tls.path('api.key')), readFileSync(tls.path('api.pem'))];
  server = createServer({ key, cert }, async (request, response) => {
    served++;
    if (request.url === '/openid/v1/jwks') return response.end(issuer.jwks);
    const body = JSON.parse(await text(request)) as Record<string, unknown>;
    reviews.push({ authorization: request.headers.authorization, body });
    return response.writeHead(201).end(JSON.stringify({ status: reviewStatus }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  tls.remove();
});

let mesh: AttestedMesh;
beforeEach(async () => {
  [served, reviews] = [0, []];
  issuer = new TokenIssuer();
  issuer.add('rsa-1', 'RS256');
  issuer.add('ec-1', 'ES256');
  mesh = await withCluster({ keys: { url: `${url}/openid/v1/jwks`, caPem: tls.rootPem } });
  return () => mesh.db.close();
});

function withCluster(verify: KubernetesCluster['verify']): Promise<AttestedMesh> {
  const cluster = { name: 'west', issuer: issuerUrl, audience, verify };
  return AttestedMesh.open((clock) => [new KubernetesAttestor([cluster], clock)]);
}

function claims(change: Record<string, unknown> = {}): Record<string, unknown> {
  const now = mesh.nowMs / 1000;
  return {
    iss: issuerUrl,
    aud: [audience],
    iat: now,
    nbf: now,
    exp: now + 3600,
    sub: 'system:serviceaccount:shop:orders',
    'kubernetes.io': {
      namespace: 'shop',
      serviceaccount: { name: 'orders', uid: 'x' },
      pod: { name: 'orders-7d', uid: podUid },
      node: { name: 'node-1' },
    },
    ...change,
  };
}

const attest = (token: string) =>
  mesh.identities.attest({ method: 'k8s', evidence: { token }, csr: mesh.csr });
const orders = ['k8s:cluster:west', 'k8s:ns:shop', 'k8s:sa:orders'];

describe('a token of a pod', () => {
  beforeEach(() => mesh.register('orders', orders));

  it.each(['rsa-1', 'ec-1'])('signed with %s lets it in, under its registration', async (kid) => {
    const { spiffeId } = await attest(issuer.token(kid, claims()));
    expect(spiffeId).toContain('/env/prod/team/shop/svc/orders/i/');
    expect(await mesh.identities.list()).toMatchObject([
      { method: 'k8s', evidence: `k8s:west:${podUid}` },
    ]);
    expect(mesh.counted).toEqual(['k8s granted']);
  });

  it('of a revoked pod is refused, whatever the token; of another pod it is not', async () => {
    const { instance } = await attest(issuer.token('ec-1', claims()));
    await mesh.identities.revoke(instance, 'stolen', 'alice');
    expect(await mesh.refusal(attest(issuer.token('rsa-1', claims())))).toBe('evidence revoked');
    const pod = { name: 'orders-8e', uid: '1b5f3d0e-6f0a-4a43-9c65-1f6a2f5f8d11' };
    const other = { namespace: 'shop', serviceaccount: { name: 'orders' }, pod };
    await attest(issuer.token('ec-1', claims({ 'kubernetes.io': other })));
  });

  it('of another service account selects nothing', async () => {
    const about = claims()['kubernetes.io'] as object;
    const change = {
      sub: 'system:serviceaccount:shop:admin',
      'kubernetes.io': { ...about, serviceaccount: { name: 'admin' } },
    };
    expect(await mesh.refusal(attest(issuer.token('ec-1', claims(change))))).toBe(
      'no registration',
    );
  });

  it.each<[string, (now: number) => Record<string, unknown>]>([
    ['token of another issuer', () => ({ iss: 'https://elsewhere' })],
    ['token for another audience', () => ({ aud: 'https://kubernetes.default.svc' })],
    ['token for another audience', () => ({ aud: undefined })],
    ['token expired', (now) => ({ exp: now })],
    ['token has no end', () => ({ exp: undefined })],
    ['token has no end', () => ({ exp: '4102444800' })],
    ['token of the future', (now) => ({ nbf: now + 61 })],
    ['token of the future', (now) => ({ iat: now + 61, nbf: undefined })],
    ['token says two things about its subject', () => ({ sub: 'system:serviceaccount:shop:x' })],
    ['token is of no pod', () => ({ 'kubernetes.io': { namespace: 'shop' } })],
  ])('is refused: %s', async (reason, change) => {
    const token = issuer.token('ec-1', claims(change(mesh.nowMs / 1000)));
    expect(await mesh.refusal(attest(token))).toBe(reason);
    expect(mesh.counted).toEqual(['k8s refused']);
    expect(await mesh.identities.list()).toEqual([]);
  });

  it('counts by its signature alone', async () => {
    const good = issuer.token('ec-1', claims());
    const [header = '', payload = '', signature = ''] = good.split('.');
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = part({ alg: 'none', kid: 'ec-1' });
    const hmac = part({ alg: 'HS256', kid: 'rsa-1' });
    const mac = createHmac('sha256', issuer.jwks).update(`${hmac}.${payload}`).digest('base64url');
    const changed = part(claims({ sub: 'system:serviceaccount:shop:root' }));
    const flipped = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
    const attempts: [string, string][] = [
      [`${none}.${payload}.`, 'token malformed'],
      [`${none}.${payload}.AA`, 'algorithm `none` refused'],
      [`${hmac}.${payload}.${mac}`, 'algorithm `HS256` refused'],
      [`${header}.${changed}.${signature}`, 'signature wrong'],
      [`${header}.${payload}.${flipped}`, 'signature wrong'],
      [`${header}.${payload}`, 'token malformed'],
      [`${header}.${payload}.${signature}.x`, 'token malformed'],
      [`${good}${'A'.repeat(16_384)}`, 'token is longer than 16 KiB'],
      [issuer.token('ec-1', claims(), { kid: undefined }), 'token names no key'],
      [issuer.token('ec-1', claims(), { kid: 'rsa-1' }), 'algorithm is not that of the key'],
      [issuer.token('rsa-1', claims(), { kid: 'ec-1' }), 'algorithm is not that of the key'],
      [issuer.token('ec-1', claims(), { alg: 'RS256', kid: 'rsa-1' }), 'signature wrong'],
      [issuer.token('ec-1', claims(), { crit: ['exp'] }), 'critical header refused'],
    ];
    for (const [token, reason] of attempts) {
      expect(await mesh.refusal(attest(token)), reason).toBe(reason);
    }
    await attest(good);
  });
});

describe('clusters with one issuer', () => {
  it('are told apart by the key that has signed', async () => {
    const [west, east] = [new TokenIssuer(), new TokenIssuer()];
    const stranger = new TokenIssuer();
    // The same identifier of three keys.
    for (const each of [west, east, stranger]) each.add('k1', 'ES256');
    const cluster = (name: string, forAudience: string, each?: TokenIssuer) => {
      const file = tls.path(`${name}.json`);
      if (each) writeFileSync(file, each.jwks);
      return { name, issuer: issuerUrl, audience: forAudience, verify: { keys: { file } } };
    };
    const clusters = [
      cluster('away', audience),
      cluster('west', audience, west),
      cluster('east', 'sm-dta-east', east),
    ];
    mesh = await AttestedMesh.open((clock) => [new KubernetesAttestor(clusters, clock)]);
    await mesh.register('orders', orders);
    await mesh.register('orders-east', ['k8s:cluster:east', 'k8s:ns:shop'], 'ledger');
    const ofEast = claims({ aud: 'sm-dta-east' });
    expect((await attest(west.token('k1', claims()))).spiffeId).toContain('/svc/orders/');
    expect((await attest(east.token('k1', ofEast))).spiffeId).toContain('/svc/ledger/');
    const proved = (await mesh.identities.list()).map(({ evidence }) => evidence);
    expect(new Set(proved)).toEqual(new Set([`k8s:west:${podUid}`, `k8s:east:${podUid}`]));
    // Each for its own audience, and nobody for a key that neither has.
    const foreign = 'token for another audience';
    expect(await mesh.refusal(attest(east.token('k1', claims())))).toBe(foreign);
    expect(await mesh.refusal(attest(west.token('k1', ofEast)))).toBe(foreign);
    const reason = await mesh.refusal(attest(stranger.token('k1', claims())));
    expect(reason).toContain('signature');
    expect(reason).toContain('cannot be read');
  });
});

describe('the key set', () => {
  beforeEach(() => mesh.register('orders', orders));

  it('is read again for a key that is new, and not for each that is unknown', async () => {
    await attest(issuer.token('ec-1', claims()));
    expect(served).toBe(1);
    const stranger = new TokenIssuer();
    stranger.add('ec-9', 'ES256');
    const unknown = () => mesh.refusal(attest(stranger.token('ec-9', claims())));
    expect(await unknown()).toBe('key unknown');
    mesh.nowMs += 10_000;
    expect(await unknown()).toBe('key unknown');
    expect(await unknown()).toBe('key unknown');
    expect(served).toBe(2);
    issuer.add('ec-2', 'ES256');
    mesh.nowMs += 10_000;
    await attest(issuer.token('ec-2', claims()));
  });

  it('forgets a key that was taken back, and ignores weak ones', async () => {
    await attest(issuer.token('ec-1', claims()));
    const old = issuer;
    issuer = new TokenIssuer();
    issuer.add('weak', 'RS256', 1024);
    mesh.nowMs += 5 * 60_000;
    expect(await mesh.refusal(attest(old.token('ec-1', claims())))).toBe('key unknown');
    expect(await mesh.refusal(attest(issuer.token('weak', claims())))).toBe('key unknown');
  });

  it('can be a file, and lets nobody in when it is away', async () => {
    const file = tls.path('keys.json');
    mesh = await withCluster({ keys: { file } });
    await mesh.register('orders', orders);
    const token = issuer.token('ec-1', claims());
    expect(await mesh.refusal(attest(token))).toContain('cannot be read');
    writeFileSync(file, issuer.jwks);
    await attest(token);
  });

  it('is not taken from a server of another authority', async () => {
    const other = new ForeignAuthority('other');
    mesh = await withCluster({ keys: { url: `${url}/openid/v1/jwks`, caPem: other.rootPem } });
    await mesh.register('orders', orders);
    const reason = await mesh.refusal(attest(issuer.token('ec-1', claims())));
    expect(reason).toContain('cannot be read');
    expect(served).toBe(0);
    other.remove();
  });
});

describe('TokenReview', () => {
  beforeEach(async () => {
    const bearer = async () => 'reviewer-token';
    mesh = await withCluster({ reviewUrl: `${url}/review`, caPem: tls.rootPem, bearer });
    await mesh.register('orders', orders);
    const user = { username: 'system:serviceaccount:shop:orders' };
    reviewStatus = { authenticated: true, audiences: [audience], user };
  });

  it('is asked with a bearer, for our audience', async () => {
    const token = issuer.token('ec-1', claims());
    await attest(token);
    expect(reviews).toMatchObject([
      {
        authorization: 'Bearer reviewer-token',
        body: { kind: 'TokenReview', spec: { token, audiences: [audience] } },
      },
    ]);
  });

  it.each([
    [{ authenticated: false, user: {} }, 'cluster refuses it'],
    [
      { authenticated: true, user: { username: 'system:serviceaccount:shop:orders' } },
      'cluster refuses it',
    ],
    [
      { authenticated: true, audiences: [audience], user: { username: 'system:admin' } },
      'token says two things about its subject',
    ],
  ])('answering %j refuses', async (status, reason) => {
    reviewStatus = status;
    expect(await mesh.refusal(attest(issuer.token('ec-1', claims())))).toBe(reason);
  });

  it('is not asked about what is wrong anyway, and lets nobody in when it fails', async () => {
    const late = issuer.token('ec-1', claims({ exp: mesh.nowMs / 1000 }));
    expect(await mesh.refusal(attest(late))).toBe('token expired');
    expect(reviews).toEqual([]);
    reviewStatus = { authenticated: 'yes' };
    const attempt = attest(issuer.token('ec-1', claims()));
    await expect(attempt).rejects.toMatchObject({ code: 'unreachable' });
    expect(mesh.counted).toEqual(['k8s refused', 'k8s failed']);
    expect(await mesh.identities.list()).toEqual([]);
  });
});
