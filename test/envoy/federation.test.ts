/** Two meshes, one of which trusts the other's authority for the other's names, and for nothing else (SPIFFE Federation). */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { HeldIdentity } from '../../controller/agent/identity.ts';
import { FederationClient } from '../../controller/api/federation-client.ts';
import { Authority } from '../../controller/identity/authority.ts';
import { Issuer } from '../../controller/identity/issuer.ts';
import { makeIntermediate } from '../../controller/identity/make-issuer.ts';
import { generateSigningKey, readSigningKey } from '../../controller/identity/signing-key.ts';
import {
  type Client,
  type Credentials,
  http1Client,
  http2Client,
  rawConnection,
} from './client.ts';
import { LiveMesh } from './live-mesh.ts';
import { Upstream } from './upstream.ts';

const OURS = 'a.test';
const THEIRS = 'b.test';
/** From the command to the first refusal, as for a revocation. */
const refusalBoundMs = 500;

function policies(domain: string): string {
  return `apiVersion: sm-dta/v1
kind: AccessPolicy
metadata: { name: orders }
spec:
  destination: { service: orders, environment: prod }
  rules:
    - { name: ours, effect: allow, from: [{ service: checkout }], to: [{ paths: ["/orders/**"] }] }
    - { name: theirs, effect: allow, from: [{ domain: ${domain}, service: checkout }], to: [{ paths: ["/orders/shared/**"] }] }
`;
}

describe('a mesh that federates another', () => {
  const dir = mkdtempSync(join(tmpdir(), 'dta-federation-'));
  const clients: Client[] = [];
  let upstream: Upstream;
  let a: LiveMesh;
  let b: LiveMesh;
  let web: Authority;
  let federation: FederationClient;
  let url = '';
  beforeAll(async () => {
    upstream = await Upstream.start();
    const endpoint = await writeEndpointCertificate();
    a = await LiveMesh.start({
      trustDomain: OURS,
      policies: policies(THEIRS),
      sidecars: [{ service: 'orders', app: { port: upstream.port } }],
    });
    b = await LiveMesh.start({
      trustDomain: THEIRS,
      policies: policies(OURS),
      sidecars: [],
      federation: { host: '127.0.0.1', port: 0, ...endpoint },
    });
    url = `https://127.0.0.1:${b.federationPort}/bundle.json`;
    federation = new FederationClient(a.operator);
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await a?.stop();
    await b?.stop();
    await upstream?.close();
    await rm(dir, { recursive: true, force: true });
  });

  async function writeEndpointCertificate() {
    const nowMs = Date.now();
    web = await Authority.make('web.test', nowMs);
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const leaf = web.issueNow({
      publicKeySpki: publicKey.export({ type: 'spki', format: 'der' }),
      identity: identityOf('web.test'),
      ...{ labels: {}, ttlMs: 3_600_000, nowMs, ips: ['127.0.0.1'] },
    });
    const [certificatePath, keyPath] = [join(dir, 'web.pem'), join(dir, 'web-key.pem')];
    await writeFile(certificatePath, leaf.chainPem);
    await writeFile(keyPath, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return { certificatePath, keyPath };
  }

  const identityOf = (trustDomain: string) => ({
    ...{ trustDomain, environment: 'prod', team: 'shop', service: 'checkout' },
    instance: randomUUID(),
  });
  const addTheirs = () => federation.add(THEIRS, { kind: 'https_web', url, caPem: web.rootPem });
  const port = () => a.sidecar('orders').inboundPort;
  const kept = (client: Client): Client => {
    clients.push(client);
    return client;
  };
  let ownRootPem = '';
  const own = async (): Promise<HeldIdentity> => {
    const identity = await a.join({ service: 'checkout' });
    ownRootPem = identity.rootPem;
    return identity;
  };
  /** What a workload of the other mesh shows; it trusts our root, to find our sidecar. */
  const foreign = async (service = 'checkout'): Promise<Credentials> => ({
    ...(await b.join({ service })),
    rootPem: ownRootPem,
  });

  /** What the other authority can make when it is evil: a leaf of any trust domain under its root. */
  async function forged(trustDomain: string): Promise<Credentials> {
    const [active] = (await b.operator.authority()).issuers;
    const keyFile = join(b.dataDir, 'ca', active?.id ?? '', 'root-key.pem');
    const root = { key: readSigningKey(readFileSync(keyFile, 'utf8')), pem: active?.rootPem ?? '' };
    const nowMs = Date.now();
    const issuing = generateSigningKey('P-256');
    const certificates = await makeIntermediate(trustDomain, root, issuing.key, nowMs);
    const issuer = new Issuer(trustDomain, issuing.key, certificates);
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const leaf = issuer.issueNow({
      publicKeySpki: publicKey.export({ type: 'spki', format: 'der' }),
      identity: identityOf(trustDomain),
      ...{ labels: {}, ttlMs: 3_600_000, nowMs },
    });
    const keyPem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return { chainPem: leaf.chainPem, keyPem, rootPem: ownRootPem };
  }

  async function answerTo(identity: Credentials, path: string) {
    const client = http1Client({ port: port(), identity });
    const { status, body } = await client.ask({ path });
    client.close();
    return { status, code: /DTA\d+/.exec(body)?.[0] ?? '' };
  }

  /** The first words on a new connection, or why there is none. */
  async function firstLine(identity: Credentials): Promise<string> {
    const socket = await rawConnection({ port: port(), identity });
    const said = new Promise<string>((resolve) => {
      socket.on('data', (text) => resolve(String(text).split('\r\n')[0] ?? ''));
      socket.on('error', (error) => resolve(error.message));
      socket.on('close', () => resolve('closed'));
    });
    socket.write('GET /orders/shared/7 HTTP/1.1\r\nhost: x\r\n\r\n');
    const line = await said;
    socket.destroy();
    return line;
  }

  it('lets nobody of it in before', async () => {
    expect(await answerTo(await own(), '/orders/7')).toEqual({ status: 200, code: '' });
    expect(await firstLine(await foreign())).toMatch(/alert|closed|RESET/);
  });

  it('lets its workloads in where a rule names their domain, and nowhere else', async () => {
    const added = await addTheirs();
    expect(added).toMatchObject({ trustDomain: THEIRS, isStale: false, refreshHintSeconds: 300 });
    const identity = await foreign();
    await expect.poll(() => firstLine(identity), { timeout: 5_000 }).toContain('200');
    expect(await answerTo(identity, '/orders/shared/7')).toEqual({ status: 200, code: '' });
    expect(await answerTo(identity, '/orders/7')).toEqual({ status: 403, code: 'DTA1011' });
    const other = await foreign('ads');
    expect(await answerTo(other, '/orders/shared/7')).toEqual({ status: 403, code: 'DTA1011' });
    expect(await answerTo(await own(), '/orders/7')).toEqual({ status: 200, code: '' });
  });

  it.each([OURS, 'c.test'])('does not take its word for %s', async (trustDomain) => {
    expect(await firstLine(await forged(THEIRS))).toContain('200');
    expect(await firstLine(await forged(trustDomain))).toMatch(/alert|closed|RESET/);
    const { envoy } = a.sidecar('orders');
    const failed = await envoy.stats('ssl.fail_verify_error');
    expect(Math.max(...Object.values(failed))).toBeGreaterThan(0);
  });

  it('still refuses connections of our own revoked identities', async () => {
    const identity = await own();
    expect(await firstLine(identity)).toContain('200');
    await a.operator.revoke(identity.instance, 'test');
    await expect.poll(() => firstLine(identity), { timeout: 5_000 }).toMatch(/alert|closed|RESET/);
    expect(await firstLine(await own())).toMatch(/200|403|404/);
  });

  it('follows when it rotates its authority, without a failed call', async () => {
    const before = await foreign();
    await b.operator.prepareIssuer({});
    const refreshed = await federation.refresh(THEIRS);
    expect(refreshed.roots).toHaveLength(2);
    await a.untilCurrent();
    expect(await firstLine(before)).toContain('200');
    await b.operator.activateIssuer({ force: true });
    const after = await foreign();
    expect(after.chainPem).not.toBe(before.chainPem);
    expect(await firstLine(after)).toContain('200');
    expect(await firstLine(before)).toContain('200');
  });

  it('takes no bad bundle', async () => {
    const path = join(dir, 'c.json');
    await writeFile(path, '{"keys": [{"use": "x509-svid", "kty": "EC", "x5c": []}]}');
    const add = federation.add('c.test', { kind: 'file', path });
    await expect(add).rejects.toMatchObject({ code: 'usage' });
    expect((await federation.list()).map(({ trustDomain }) => trustDomain)).toEqual([THEIRS]);
    const ours = federation.add(OURS, { kind: 'https_web', url, caPem: web.rootPem });
    await expect(ours).rejects.toMatchObject({ code: 'usage' });
    const insecure = url.replace('https:', 'http:');
    const plain = federation.add('c.test', { kind: 'https_web', url: insecure });
    await expect(plain).rejects.toMatchObject({ code: 'usage' });
    // Without its authority the endpoint is nobody.
    const stranger = federation.add('c.test', { kind: 'https_web', url });
    await expect(stranger).rejects.toMatchObject({ code: 'unreachable' });
  });

  it.each([
    ['HTTP/1.1', http1Client],
    ['HTTP/2', http2Client],
  ])('refuses on an open %s connection once it is federated no more', async (name, connect) => {
    const identity = await foreign();
    const client = kept(connect({ port: port(), identity }));
    const running = kept(connect({ port: port(), identity }));
    expect((await client.ask({ path: '/orders/shared/7' })).status).toBe(200);
    const upload = running.open({ method: 'POST', path: '/orders/shared/8' });
    upload.write('{');
    const startedAt = performance.now();
    await federation.remove(THEIRS);
    let refused = await client.ask({ path: '/orders/shared/7' });
    while (refused.status === 200 && performance.now() - startedAt < 5_000) {
      refused = await client.ask({ path: '/orders/shared/7' });
    }
    const tookMs = performance.now() - startedAt;
    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'DTA1007' });
    const { status, wasCut } = await upload.answer;
    console.log(
      `measured: removal -> refusal on ${name}: ${tookMs.toFixed(1)} ms, a running upload ended after ${(performance.now() - startedAt).toFixed(0)} ms`,
    );
    expect(status === 200 && !wasCut).toBe(false);
    expect(tookMs).toBeLessThan(refusalBoundMs);
    await expect.poll(() => firstLine(identity), { timeout: 5_000 }).toMatch(/alert|closed|RESET/);
    expect(await answerTo(await own(), '/orders/7')).toEqual({ status: 200, code: '' });
    await addTheirs();
    await expect.poll(() => firstLine(identity), { timeout: 5_000 }).toContain('200');
  });

  it('goes on with the last bundle when its endpoint is away, and says so', async () => {
    const identity = await foreign();
    await b.stopController();
    await expect(federation.refresh(THEIRS)).rejects.toMatchObject({ code: 'unreachable' });
    const shown = await federation.show(THEIRS);
    expect(shown.fault).toContain('no bundle from');
    expect(shown.roots).toHaveLength(2);
    const { degraded } = await a.operator.status();
    expect(degraded.map(({ what }) => what).join()).toContain(`the bundle of ${THEIRS} is not`);
    expect(await firstLine(identity)).toContain('200');
    // Of a restarted controller too.
    await a.stopController();
    await a.restartController();
    const again = new FederationClient(a.operator);
    expect((await again.show(THEIRS)).roots).toHaveLength(2);
    expect(await firstLine(identity)).toContain('200');
    await b.restartController();
  });
});
