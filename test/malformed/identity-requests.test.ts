/**
 * Bad requests for identities over the real API of agents: each is refused, logged with its reason
 * and address, counted, seen by who watches, and nothing is issued for it.
 */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { makeKeyAndRequest } from '../../controller/agent/csr.ts';
import { type AgentServer, createAgentServer } from '../../controller/api/agent-server.ts';
import { UnixAttestor } from '../../controller/identity/attestation/unix-attestor.ts';
import { Authority } from '../../controller/identity/authority.ts';
import { IdentityService, type IssuedIdentity } from '../../controller/identity/service.ts';
import { TrustWatch } from '../../controller/identity/trust-watch.ts';
import { Database } from '../../controller/store/database.ts';
import { SqliteIdentityStore } from '../../controller/store/sqlite-identity-store.ts';

const orders = { environment: 'prod', team: 'shop', service: 'orders' };
const startMs = Math.floor(Date.now() / 1000) * 1000 - 60_000;
let dir: string;
let db: Database;
let identities: IdentityService;
let server: AgentServer;
let nowMs: number;
let counted: string[];
let lines: Record<string, unknown>[];

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-'));
});
afterAll(() => rmSync(dir, { recursive: true }));
beforeEach(async () => {
  nowMs = startMs;
  [counted, lines] = [[], []];
  db = new Database(':memory:');
  const clock = () => nowMs;
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const authority = await Authority.make('mesh.test', startMs);
  identities = new IdentityService({
    ...{ store: new SqliteIdentityStore(db), authority, clock, log },
    attestors: [new UnixAttestor()],
    observer: { onAttestation: (method, result) => counted.push(`${method} ${result}`) },
  });
  server = await createAgentServer({
    ...{ host: '127.0.0.1', port: 0, identities, clock, log },
    certificate: await identities.controllerCertificate([], ['127.0.0.1']),
    trust: new TrustWatch(authority, identities, clock),
    audit: { ingest: () => Promise.reject(new Error('nobody reports here')) },
  });
});
afterEach(async () => {
  await server.close();
  db.close();
});

interface Certified {
  readonly cert: string;
  readonly key: string;
}

function post(path: string, body: unknown, tls?: Certified): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = httpsRequest(`https://127.0.0.1:${server.port}${path}`, {
    ...{ ca: identities.rootPem, agent: false, method: 'POST', ...tls },
    headers: { 'content-type': 'application/json' },
  });
  request.once('error', reject);
  request.once('response', async (answer) => {
    await text(answer);
    resolve(answer.statusCode ?? 0);
  });
  request.end(typeof body === 'string' ? body : JSON.stringify(body));
  return promise;
}

async function token(bounds = {}): Promise<string> {
  return (await identities.issueToken(orders, bounds)).token;
}

async function joined(): Promise<{ identity: IssuedIdentity; tls: Certified }> {
  const made = makeKeyAndRequest();
  const identity = await identities.join(await token(), made.csrPem);
  return { identity, tls: { cert: identity.chainPem, key: made.keyPem } };
}

/** How many certificates there are. */
function issued(): number {
  return Number(db.row('SELECT count(*) AS n FROM certificate')?.n);
}

/** Asks, and has it refused as everything bad has to be; gives the reason. */
async function refused(attempt: () => Promise<number>, method: string): Promise<string> {
  const before = issued();
  [counted.length, lines.length] = [0, 0];
  const status = await attempt();
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(issued()).toBe(before);
  expect(counted).toEqual([`${method} refused`]);
  const msg = method === 'renewal' ? 'renewal refused' : 'attestation refused';
  expect(lines).toMatchObject([{ msg, method, address: '127.0.0.1' }]);
  const [event] = identities.events.tail({ limit: 1 });
  expect(event).toMatchObject({ kind: 'refused', method, address: '127.0.0.1' });
  return String(lines[0]?.reason);
}

function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
}

function requestOf(newKey: readonly string[], ...more: string[]): string {
  const key = ['-nodes', '-keyout', join(dir, 'key.pem')];
  return openssl('req', '-new', '-newkey', ...newKey, ...key, '-subj', '/CN=x', ...more);
}

const p256 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** The last byte of the signature is another. */
function brokenRequest(): string {
  const der = Buffer.from(makeKeyAndRequest().csrPem.replaceAll(/-----[^-]+-----/g, ''), 'base64');
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  const label = 'CERTIFICATE REQUEST';
  const lines = der.toString('base64').replaceAll(/(.{64})/g, '$1\n');
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

const faulty: readonly (readonly [what: string, csr: () => string, reason: RegExp])[] = [
  ['with a bad signature', brokenRequest, /possession/],
  ['for an RSA key', () => requestOf(['rsa:2048']), /P-256/],
  ['for a P-384 key', () => requestOf(['ec', '-pkeyopt', 'ec_paramgen_curve:P-384']), /P-256/],
  ['signed with SHA-512', () => requestOf(p256, '-sha512'), /SHA-256/],
  [
    'for the name of another service',
    () =>
      requestOf(p256, '-addext', 'subjectAltName=URI:spiffe://mesh.test/env/prod/team/a/svc/b/i/c'),
    /alternative name/,
  ],
  ['for a DNS name', () => requestOf(p256, '-addext', 'subjectAltName=DNS:a.test'), /alternative/],
  [
    'with an extension of 7 KiB',
    () => requestOf(p256, '-addext', `nsComment=${'x'.repeat(7_000)}`),
    /8 KiB|too big|csr/,
  ],
  [
    'with an extension of 60 KiB',
    () => requestOf(p256, '-addext', `nsComment=${'x'.repeat(60_000)}`),
    /too large/,
  ],
  ['that is none', () => 'junk', /neither DER nor PEM/],
];

describe('a signing request', () => {
  it.each(faulty)('%s buys nothing with a token, which stays good', async (_what, csr, reason) => {
    const good = await token();
    const attempt = () => post('/v1/join', { token: good, csr: csr() });
    expect(await refused(attempt, 'join_token')).toMatch(reason);
    expect(await post('/v1/join', { token: good, csr: makeKeyAndRequest().csrPem })).toBe(200);
  });

  it.each(faulty)('%s buys nothing with a certificate', async (_what, csr, reason) => {
    const { tls } = await joined();
    const attempt = () => post('/v1/renew', { csr: csr() }, tls);
    expect(await refused(attempt, 'renewal')).toMatch(reason);
    expect(await post('/v1/renew', { csr: makeKeyAndRequest().csrPem }, tls)).toBe(200);
  });
});

describe('a join token', () => {
  const join = (text: string) => () =>
    post('/v1/join', { token: text, csr: makeKeyAndRequest().csrPem });

  it('is refused the second time', async () => {
    const used = await token();
    expect(await join(used)()).toBe(200);
    expect(await refused(join(used), 'join_token')).toBe('token used');
  });

  it('is refused after ten minutes', async () => {
    const late = await token();
    nowMs += 600_000;
    expect(await refused(join(late), 'join_token')).toBe('token expired');
  });

  it('is refused from another host', async () => {
    const bound = await token({ host: '192.0.2.7' });
    expect(await refused(join(bound), 'join_token')).toBe('token for another host');
  });

  it('is refused from another agent', async () => {
    const bound = await token({ agent: 'prod/host' });
    expect(await refused(join(bound), 'join_token')).toBe('token for another agent');
  });

  it.each([
    ['a text that is none', { token: 'dta1.x', csr: 'x' }, 'token malformed'],
    ['no token', { csr: 'x' }, /token/],
    ['no JSON', '{', /./],
  ])('is not: %s', async (_what, body, reason) => {
    expect(await refused(() => post('/v1/join', body), 'join_token')).toMatch(reason);
  });
});

describe('a renewal', () => {
  const csr = () => makeKeyAndRequest().csrPem;

  it('is refused after the instance, and after the certificate, was revoked', async () => {
    for (const target of ['instance', 'certificate'] as const) {
      const { identity, tls } = await joined();
      const { fingerprint256 } = new X509Certificate(identity.certificatePem);
      const what = target === 'instance' ? identity.instance : fingerprint256;
      await identities.revoke(what, 'stolen', 'test');
      const reason = await refused(() => post('/v1/renew', { csr: csr() }, tls), 'renewal');
      expect(reason).toBe('revoked');
    }
  });

  it('is refused without a certificate, and with one of another mesh', async () => {
    const attempt = (tls?: Certified) => () => post('/v1/renew', { csr: csr() }, tls);
    expect(await refused(attempt(), 'renewal')).toBe('no client certificate');
    const { identity, tls } = await joined();
    const other = await Authority.make('mesh.test', startMs);
    const leaf = other.issueNow({
      publicKeySpki: new X509Certificate(identity.certificatePem).publicKey.export({
        ...{ type: 'spki', format: 'der' },
      }) as Buffer,
      identity: { trustDomain: 'mesh.test', ...orders, instance: identity.instance },
      ...{ labels: {}, ttlMs: 3_600_000, nowMs },
    });
    const forged = { cert: leaf.chainPem, key: tls.key };
    expect(await refused(attempt(forged), 'renewal')).toMatch(/not valid here/);
  });
});

describe('an agent that vouches', () => {
  it('is refused when it was revoked', async () => {
    const { identity, tls } = await joined();
    await identities.revoke(identity.instance, 'stolen', 'test');
    const evidence = { workload: 'orders', uid: '1001' };
    const body = { method: 'unix', evidence, csr: makeKeyAndRequest().csrPem };
    const reason = await refused(() => post('/v1/attest', body, tls), 'unknown');
    expect(reason).toBe('the identity is revoked');
  });
});
