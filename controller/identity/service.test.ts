/** The life of an identity: token, join, renewal, revocation, on a real store and authority. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

import { DtaError } from '../errors.ts';
import { Database } from '../store/database.ts';
import { SqliteIdentityStore } from '../store/sqlite-identity-store.ts';
import { Authority } from './authority.ts';
import { IdentityService, type IssuedIdentity } from './service.ts';
import { parseMeshIdentity } from './spiffe-id.ts';

const hourMs = 3_600_000;
const startMs = Math.floor(Date.now() / 1000) * 1000;
const checkout = {
  environment: 'prod',
  team: 'payments',
  service: 'checkout',
  labels: { tier: 'web' },
};
let own: Authority;
let dir: string;
let csr: string;
let path: string;
let nowMs: number;
let db: Database;
let service: IdentityService;
let count = 0;

beforeAll(async () => {
  own = await Authority.make('mesh.test', startMs);
  dir = mkdtempSync(join(tmpdir(), 'dta-identity-'));
  const [key, file] = [join(dir, 'key.pem'), join(dir, 'csr.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync(
    'openssl',
    ['req', '-new', ...curve, '-subj', '/CN=x', '-keyout', key, '-out', file],
    {
      stdio: 'ignore',
    },
  );
  csr = readFileSync(file, 'utf8');
});

afterAll(() => rmSync(dir, { recursive: true }));

beforeEach(() => {
  nowMs = startMs;
  path = join(dir, `${count++}.db`);
  db = new Database(path);
  service = serviceOn(db);
  return () => db.close();
});

function serviceOn(database: Database, authority = own) {
  const store = new SqliteIdentityStore(database);
  return new IdentityService({
    store,
    authority,
    clock: () => nowMs,
    log: pino({ level: 'silent' }),
  });
}

function der(identity: IssuedIdentity): Buffer {
  return new X509Certificate(identity.certificatePem).raw;
}

function digest(identity: IssuedIdentity): string {
  const { fingerprint256 } = new X509Certificate(identity.certificatePem);
  return fingerprint256.replaceAll(':', '').toLowerCase();
}

async function joined(): Promise<IssuedIdentity> {
  return await service.join((await service.issueToken(checkout)).token, csr);
}

/** The reason that only the log gets; the outward error is checked to be the same for all. */
async function denial(attempt: Promise<unknown>, message = 'join denied'): Promise<unknown> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DtaError)) throw new Error('was not refused', { cause: error });
  expect([error.code, error.message, error.help]).toEqual(['denied', message, undefined]);
  return error.fields.reason;
}

describe('join', () => {
  it('gives an identity that names the registration', async () => {
    const identity = await joined();
    expect(parseMeshIdentity(identity.spiffeId)).toEqual({
      trustDomain: 'mesh.test',
      environment: 'prod',
      team: 'payments',
      service: 'checkout',
      instance: identity.instance,
    });
    const certificate = new X509Certificate(identity.certificatePem);
    expect(certificate.subjectAltName).toBe(`URI:${identity.spiffeId}`);
    expect(own.signed(certificate)).toBe(true);
    expect(identity.chainPem).toBe(identity.certificatePem + own.active.certificatePem);
    expect(identity.notAfterMs).toBe(nowMs + hourMs);
    const [listed] = await service.list();
    expect(listed).toMatchObject({ uuid: identity.instance, ...checkout });
    expect(listed?.certificate?.sha256).toBe(digest(identity));
  });

  it('takes a token once, and within ten minutes', async () => {
    const { token, expiresAtMs } = await service.issueToken(checkout);
    expect(expiresAtMs).toBe(nowMs + 600_000);
    nowMs = expiresAtMs - 1;
    await service.join(token, csr);
    expect(await denial(service.join(token, csr))).toBe('token used');
    // A second connection sees only what was committed before the answer.
    const other = new Database(path);
    expect(await denial(serviceOn(other).join(token, csr))).toBe('token used');
    other.close();
    const late = await service.issueToken(checkout);
    nowMs = late.expiresAtMs;
    expect(await denial(service.join(late.token, csr))).toBe('token expired');
    expect(await service.list()).toHaveLength(1);
  });

  it('refuses every wrong token with the same words', async () => {
    const { token } = await service.issueToken(checkout);
    const [version, id, secret = '', hash = ''] = token.split('.');
    const wrongSecret = (secret.startsWith('A') ? 'B' : 'A') + secret.slice(1);
    const attempts: [string, string][] = [
      ['', 'token malformed'],
      [`${token} `, 'token malformed'],
      [token.replace('dta1', 'dta2'), 'token malformed'],
      [[version, id, secret.slice(1), hash].join('.'), 'token malformed'],
      [[version, id, secret, '0'.repeat(64)].join('.'), 'token of another authority'],
      [[version, '0'.repeat(20), secret, hash].join('.'), 'token unknown'],
      [[version, id, wrongSecret, hash].join('.'), 'token secret wrong'],
    ];
    for (const [wrong, reason] of attempts) {
      expect(await denial(service.join(wrong, csr)), reason).toBe(reason);
    }
    await service.join(token, csr);
  });

  it('gives one identity for one token to many who ask at once', async () => {
    const { token } = await service.issueToken(checkout);
    const other = new Database(path);
    const services = [service, serviceOn(other)];
    const attempts = Array.from({ length: 20 }, (_, i) => services[i % 2]?.join(token, csr));
    const results = await Promise.allSettled(attempts);
    other.close();
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await service.list()).toHaveLength(1);
  });

  it('stores no secret', async () => {
    const { token } = await service.issueToken(checkout);
    const [, , secret = ''] = token.split('.');
    const bytes = Buffer.concat([readFileSync(path), readFileSync(`${path}-wal`)]);
    expect(bytes.includes(token.split('.')[1] ?? '')).toBe(true);
    expect(bytes.includes(secret)).toBe(false);
  });

  it('does not use the token up on a faulty request', async () => {
    const { token } = await service.issueToken(checkout);
    await expect(service.join(token, 'junk')).rejects.toMatchObject({ code: 'usage' });
    await service.join(token, csr);
  });

  it('keeps one registration for the same names and labels', async () => {
    const first = await service.createRegistration({ ...checkout, labels: { b: '1', a: '2' } });
    const same = await service.createRegistration({ ...checkout, labels: { a: '2', b: '1' } });
    const other = await service.createRegistration({ ...checkout, labels: { a: '2' } });
    expect(same).toEqual(first);
    expect(other.id).not.toBe(first.id);
  });

  it.each([
    [{ environment: 'a/b' }, 'environment `a/b` is not a name'],
    [{ team: '' }, 'team `` is not a name'],
    [{ service: '..' }, 'service `..` is not a name'],
    [{ labels: { 'a=b': 'c' } }, 'label name `a=b` is not a name'],
    [{ environment: 'system' }, '`system` is kept for the controller'],
    [{ trustDomain: 'other.test' }, '`other.test` is not this authority'],
  ])('refuses a registration with %j', async (change, message) => {
    await expect(service.issueToken({ ...checkout, ...change })).rejects.toThrow(message);
  });
});

describe('renew', () => {
  it('gives the same instance a fresh certificate', async () => {
    const first = await joined();
    nowMs += 20 * 60_000;
    const second = await service.renew(der(first), csr);
    expect([second.instance, second.spiffeId]).toEqual([first.instance, first.spiffeId]);
    expect(second.notAfterMs).toBe(nowMs + hourMs);
    const [listed] = await service.list();
    expect(listed?.certificate?.sha256).toBe(digest(second));
  });

  it('refuses an expired certificate and one of somebody else', async () => {
    const own = await joined();
    nowMs = own.notAfterMs - 1;
    await service.renew(der(own), csr);
    nowMs = own.notAfterMs;
    const renewal = 'renewal denied';
    expect(await denial(service.renew(der(own), csr), renewal)).toBe('certificate expired');
    expect(await denial(service.renew(new Uint8Array(9), csr), renewal)).toBe(
      'certificate unknown',
    );
    const tls = await service.controllerCertificate(['localhost'], []);
    const { raw } = new X509Certificate(tls.chainPem);
    expect(await denial(service.renew(raw, csr), renewal)).toBe('certificate unknown');
    const foreign = serviceOn(db, await Authority.make('mesh.test', startMs));
    nowMs = startMs;
    expect(await denial(foreign.renew(der(own), csr), renewal)).toBe(
      'certificate not of this authority',
    );
  });

  it('refuses after the instance or the certificate was revoked', async () => {
    const [one, two] = [await joined(), await joined()];
    await service.revoke(one.instance, 'stolen', 'alice');
    await service.revoke(digest(two), 'stolen', 'alice');
    for (const identity of [one, two]) {
      expect(await denial(service.renew(der(identity), csr), 'renewal denied')).toBe('revoked');
    }
  });
});

describe('revoke', () => {
  it('of an instance names its living certificates, and proxies get its UUID alone', async () => {
    const first = await joined();
    nowMs += 30 * 60_000;
    const second = await service.renew(der(first), csr);
    const heard: unknown[] = [];
    service.onRevoked((revocation) => heard.push(revocation));
    const revocation = await service.revoke(first.instance, 'left', 'alice');
    const digests = [digest(first), digest(second)].sort();
    const cause = { atMs: nowMs, reason: 'left', actor: 'alice' };
    const kind = 'instance';
    expect(revocation).toEqual({
      kind,
      instance: first.instance,
      instances: [first.instance],
      digests,
      repeated: false,
      ...cause,
    });
    expect(heard).toEqual([revocation]);
    expect(await service.revocations()).toEqual({ digests: [], instances: [first.instance] });
    const [listed] = await service.list();
    expect(listed).toMatchObject({ revokedAtMs: nowMs, revokedReason: 'left', revokedBy: 'alice' });
  });

  it('takes a digest or a serial, in any writing', async () => {
    const [one, two] = [await joined(), await joined()];
    const { fingerprint256 } = new X509Certificate(one.certificatePem);
    const { serialNumber } = new X509Certificate(two.certificatePem);
    expect((await service.revoke(fingerprint256, 'x', 'a')).kind).toBe('certificate');
    expect((await service.revoke(serialNumber, 'x', 'a')).instance).toBe(two.instance);
    const { digests, instances } = await service.revocations();
    expect(digests).toEqual([digest(one), digest(two)].sort());
    expect(instances).toEqual([]);
  });

  it('keeps the first cause and announces once', async () => {
    const { instance } = await joined();
    const heard: unknown[] = [];
    const stop = service.onRevoked((revocation) => heard.push(revocation));
    await service.revoke(instance, 'first', 'alice');
    nowMs += 1000;
    const again = await service.revoke(instance.toUpperCase(), 'second', 'bob');
    expect(again).toMatchObject({ repeated: true, reason: 'first', actor: 'alice', atMs: startMs });
    stop();
    await service.revoke((await joined()).instance, 'third', 'alice');
    expect(heard).toHaveLength(1);
  });

  it('is on the disk before it is announced, and a failing listener stops nobody', async () => {
    const { instance } = await joined();
    const seen: unknown[] = [];
    service.onRevoked(() => {
      throw new Error('broken');
    });
    service.onRevoked(() => {
      const other = new Database(path);
      seen.push(other.row('SELECT revoked_by FROM instance WHERE uuid = ?', instance)?.revoked_by);
      other.close();
    });
    await service.revoke(instance, 'x', 'alice');
    expect(seen).toEqual(['alice']);
  });

  it('outlives the certificate by a day and then goes', async () => {
    const identity = await joined();
    await service.revoke(identity.instance, 'x', 'alice');
    nowMs = identity.notAfterMs + 24 * hourMs - 1;
    expect((await service.revocations()).instances).toEqual([identity.instance]);
    nowMs += 1;
    expect(await service.revocations()).toEqual({ digests: [], instances: [] });
  });

  it.each([
    ['0b5f3d0e-6f0a-4a43-9c65-1f6a2f5f8d11', 'notFound'],
    ['ab'.repeat(32), 'notFound'],
    ['ab'.repeat(20), 'notFound'],
    ['everything', 'usage'],
    ['', 'usage'],
  ])('of `%s` fails with %s', async (target, code) => {
    await expect(service.revoke(target, 'x', 'alice')).rejects.toMatchObject({ code });
    await expect(service.revoke(target, 'a\nb', 'alice')).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('crlPem', () => {
  it('stays the same until something is revoked or half its life is over', async () => {
    const { instance, certificatePem } = await joined();
    const empty = await service.crlPem();
    expect(await service.crlPem()).toBe(empty);
    await service.revoke(instance, 'x', 'alice');
    const one = await service.crlPem();
    expect(one).not.toBe(empty);
    writeFileSync(join(dir, 'one.crl'), one);
    const text = execFileSync('openssl', ['crl', '-in', join(dir, 'one.crl'), '-noout', '-text']);
    expect(text.toString()).toContain(new X509Certificate(certificatePem).serialNumber);
    nowMs += 12 * hourMs - 1;
    expect(await service.crlPem()).toBe(one);
    nowMs += 1;
    expect(await service.crlPem()).not.toBe(one);
  });

  it('reads nothing while nothing is revoked: anybody may ask for it', async () => {
    const { instance } = await joined();
    const read = vi.spyOn(SqliteIdentityStore.prototype, 'revokedCertificates');
    for (let i = 0; i < 3; i++) await service.crlPem();
    expect(read).toHaveBeenCalledTimes(1);
    await service.revoke(instance, 'x', 'alice');
    for (let i = 0; i < 3; i++) await service.crlPem();
    expect(read).toHaveBeenCalledTimes(2);
    read.mockRestore();
  });

  it('is signed anew when the clock was set back before it begins', async () => {
    nowMs += 25 * hourMs;
    const early = await service.crlPem();
    nowMs -= 5 * 60_000;
    expect(await service.crlPem()).toBe(early);
    nowMs -= 25 * hourMs;
    expect(await service.crlPem()).not.toBe(early);
  });
});

describe('controllerCertificate', () => {
  it('is for TLS under the controller names, with a fresh key', async () => {
    const tls = await service.controllerCertificate(['localhost'], ['127.0.0.1']);
    const certificate = new X509Certificate(tls.chainPem);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(tls.spiffeId).toMatch(
      /^spiffe:\/\/mesh.test\/env\/system\/team\/dta\/svc\/controller\/i\//,
    );
    expect(parseMeshIdentity(tls.spiffeId)).toBeDefined();
    expect(tls.notAfterMs).toBeLessThanOrEqual(nowMs + 24 * hourMs);
    expect((await service.controllerCertificate([], [])).keyPem).not.toBe(tls.keyPem);
    expect(tls.chainsByRoot.get(service.caKeyHash)).toBe(tls.chainPem);
  });
});
