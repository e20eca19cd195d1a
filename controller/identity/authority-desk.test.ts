/** The rotation of issuing keys, on a real store and real files; OpenSSL judges what was signed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomUUID, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { makeKeyAndRequest } from '../agent/csr.ts';
import { Database } from '../store/database.ts';
import { SqliteIdentityStore } from '../store/sqlite-identity-store.ts';
import { SqliteIssuerStore } from '../store/sqlite-issuer-store.ts';
import type { Authority } from './authority.ts';
import { AuthorityDesk, type TrustHolder } from './authority-desk.ts';
import { writeIssuer } from './authority-files.ts';
import { type IssuerWish, makeIssuer, type UpstreamIssuer } from './make-issuer.ts';
import { openAuthority } from './open-authority.ts';
import { IdentityService, type IssuedIdentity } from './service.ts';

const hourMs = 3_600_000;
const startMs = Math.floor(Date.now() / 1000) * 1000;
const log = pino({ level: 'silent' });
const checkout = { environment: 'prod', team: 'payments', service: 'checkout' };
const change = { reason: 'test', actor: 'alice', force: false };
const newRoot = { sameRoot: false };
const { csrPem } = makeKeyAndRequest();
let base: string;
let dir: string;
let nowMs: number;
let db: Database;
let authority: Authority;
let desk: AuthorityDesk;
let service: IdentityService;
let holders: TrustHolder[];

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'dta-desk-'));
  dir = join(base, 'ca');
  nowMs = startMs;
  holders = [];
  await open({});
});

afterEach(() => {
  db.close();
  rmSync(base, { recursive: true });
});

/** A start of the controller, or the first one. */
async function open(newMesh?: IssuerWish, keyCommand?: string[]): Promise<void> {
  db = new Database(join(base, 'store.db'));
  const store = new SqliteIssuerStore(db);
  const clock = () => nowMs;
  authority = await openAuthority({ dir, store, trustDomain: 'mesh.test', nowMs, newMesh });
  service = new IdentityService({ store: new SqliteIdentityStore(db), authority, clock, log });
  const { rotations } = service;
  desk = new AuthorityDesk({ authority, store, dir, keyCommand, rotations, clock, log });
  desk.watch(() => holders);
}

async function joined(): Promise<IssuedIdentity> {
  return await service.join((await service.issueToken(checkout)).token, csrPem);
}

const renewed = (identity: IssuedIdentity) =>
  service.renew(new X509Certificate(identity.certificatePem).raw, csrPem);

/** What OpenSSL says of a chain under the roots of now, with their revocation lists. */
async function verdict(identity: IssuedIdentity): Promise<string> {
  const path = (name: string, text: string) => {
    writeFileSync(join(base, name), text);
    return join(base, name);
  };
  const roots = path('roots.pem', service.rootPem);
  const lists = path('lists.pem', await service.crlPem());
  const [chain, leaf] = [
    path('chain.pem', identity.chainPem),
    path('l.pem', identity.certificatePem),
  ];
  const args = ['-crl_check', '-CRLfile', lists, '-CAfile', roots, '-untrusted', chain, leaf];
  const { stdout, stderr } = spawnSync('openssl', ['verify', ...args], { encoding: 'utf8' });
  return (
    /OK|unable to get certificate CRL|certificate revoked|unable to get \S+ issuer|self-signed/.exec(
      stdout + stderr,
    )?.[0] ?? stdout + stderr
  );
}

const states = () => authority.standing.map(({ record }) => record.state);

describe('a rotation', () => {
  it('trusts the next key before it signs, and the old one until nothing of it lives', async () => {
    const before = await joined();
    const old = authority.active.id;
    const prepared = await desk.prepare(newRoot, change);
    expect(prepared).toMatchObject({ state: 'prepared', live: 0, reason: 'test', actor: 'alice' });
    expect(service.rootPem.match(/BEGIN CERT/g)).toHaveLength(2);
    expect(authority.active.id).toBe(old);
    expect((await service.crlPem()).match(/BEGIN X509 CRL/g)).toHaveLength(2);
    await desk.activate(change);
    expect(states()).toEqual(['active', 'retired']);
    const after = await joined();
    expect(authority.active.id).toBe(prepared.id);
    expect([await verdict(before), await verdict(after)]).toEqual(['OK', 'OK']);
    expect(await verdict(await renewed(before))).toBe('OK');
    expect(await desk.forgetEnded()).toBe(0);
    nowMs += hourMs;
    expect(await desk.forgetEnded()).toBe(1);
    expect(states()).toEqual(['active']);
    expect(existsSync(join(dir, old))).toBe(false);
    expect(service.rootPem.match(/BEGIN CERT/g)).toHaveLength(1);
  });

  it('survives a start at every step', async () => {
    const restart = async () => {
      db.close();
      await open();
    };
    const identity = await joined();
    const { id } = await desk.prepare(newRoot, change);
    const generation = authority.generation;
    await restart();
    expect([states(), authority.generation]).toEqual([['active', 'prepared'], generation]);
    nowMs += 1;
    await restart();
    await expect(desk.activate(change)).rejects.toThrow('has just started');
    nowMs += 60_000;
    await desk.activate(change);
    await restart();
    expect([states(), authority.active.id]).toEqual([['active', 'retired'], id]);
    await renewed(identity);
    const old = authority.standing[1]?.record.id ?? '';
    await desk.revoke(old, change);
    await restart();
    expect(states()).toEqual(['active']);
  });

  it('may stay under the same root', async () => {
    const before = await joined();
    await desk.prepare({ sameRoot: true }, change);
    await desk.activate(change);
    expect(service.rootPem.match(/BEGIN CERT/g)).toHaveLength(1);
    const after = await joined();
    expect([await verdict(before), await verdict(after)]).toEqual(['OK', 'OK']);
    // Again, though the folder that first had the root's key is gone.
    nowMs += hourMs;
    await desk.forgetEnded();
    await desk.prepare({ sameRoot: true }, change);
  });

  it('takes tokens that name a root which is still trusted', async () => {
    const { token } = await service.issueToken(checkout);
    await desk.prepare(newRoot, change);
    await desk.activate(change);
    expect(await verdict(await service.join(token, csrPem))).toBe('OK');
    const other = await service.issueToken(checkout);
    expect(other.token.split('.')[3]).toBe(authority.active.rootKeyHash);
  });

  it('gives the controller a certificate under every root that agents may know', async () => {
    const first = service.caKeyHash;
    await desk.prepare(newRoot, change);
    const { chainsByRoot: before } = await service.controllerCertificate(['c'], []);
    expect([...before.keys()]).toEqual([first]);
    await desk.activate(change);
    const { chainsByRoot, chainPem } = await service.controllerCertificate(['c'], []);
    expect([...chainsByRoot.keys()]).toEqual([service.caKeyHash, first]);
    expect(chainPem).toBe(chainsByRoot.get(service.caKeyHash));
  });

  it('has one prepared key at a time, and none that can be activated before', async () => {
    await expect(desk.activate(change)).rejects.toMatchObject({ code: 'notFound' });
    const both = await Promise.allSettled([
      desk.prepare(newRoot, change),
      desk.prepare(newRoot, change),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await expect(desk.prepare(newRoot, change)).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('activate', () => {
  it.each([
    ['has acknowledged nothing', undefined],
    ['knows the trust of before', 1],
  ])('waits for a proxy that %s', async (_what, generation) => {
    const { id } = await desk.prepare(newRoot, change);
    holders = [{ who: 'spiffe://x', what: 'proxy', generation }];
    await expect(desk.activate(change)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('the proxy of spiffe://x'),
    });
    const { issuers } = await desk.show();
    expect(issuers.find((each) => each.id === id)?.lacking).toEqual(holders);
    expect(states()).toEqual(['active', 'prepared']);
    await desk.activate({ ...change, force: true });
    expect(authority.active.id).toBe(id);
  });

  it('goes on when everybody knows the key', async () => {
    await desk.prepare(newRoot, change);
    holders = [{ who: 'spiffe://x', what: 'agent', generation: authority.generation }];
    await desk.activate(change);
  });
});

describe('taint and revoke', () => {
  it('need a key that is not the active one', async () => {
    const { id } = authority.active;
    await expect(desk.taint(id, change)).rejects.toMatchObject({ code: 'conflict' });
    await expect(desk.revoke(id, change)).rejects.toMatchObject({ code: 'conflict' });
    await expect(desk.taint('0'.repeat(16), change)).rejects.toMatchObject({ code: 'notFound' });
    await expect(desk.revoke('', change)).rejects.toMatchObject({ code: 'notFound' });
  });

  it('refuses what the key signed and is not stored yet', async () => {
    const { token } = await service.issueToken(checkout);
    const held = await joined();
    const old = authority.active.id;
    const issue = authority.issue.bind(authority);
    authority.issue = async (request) => {
      const leaf = await issue(request);
      if (authority.active.id === old) {
        await desk.prepare(newRoot, change);
        await desk.activate(change);
        await desk.revoke(old, { ...change, force: true });
      }
      return leaf;
    };
    await expect(service.join(token, csrPem)).rejects.toMatchObject({
      fields: { reason: 'token blocked' },
    });
    authority.issue = issue;
    await expect(renewed(held)).rejects.toMatchObject({ code: 'denied' });
    expect(await service.list()).toHaveLength(1);
    expect(await verdict(await joined())).toBe('OK');
  });

  it.each([
    [{ sameRoot: false }, 'unable to get local issuer'],
    // Its root stays, its list does not: who checks lists, as Envoy does, refuses what it signed.
    [{ sameRoot: true }, 'unable to get certificate CRL'],
  ])('refuse all that the key signed, under %j', async (root, message) => {
    const [held, moved] = [await joined(), await joined()];
    const old = authority.active.id;
    const stolen = authority.active;
    await desk.prepare(root, change);
    await desk.activate(change);
    expect((await desk.taint(old.slice(0, 6), change)).instances).toBe(2);
    const next = await renewed(moved);
    await expect(desk.revoke(old, change)).rejects.toMatchObject({ code: 'conflict' });
    const heard: unknown[] = [];
    desk.onChange((each) => heard.push(each));
    await desk.revoke(old, { ...change, force: true });
    expect(heard).toEqual([{ isRevocation: true }]);
    expect((await service.revocations()).digests).toHaveLength(2);
    await expect(renewed(held)).rejects.toMatchObject({ code: 'denied' });
    expect(await verdict(held)).toBe(message);
    expect(await verdict(next)).toBe('OK');
    // What a thief signs with the key from now on.
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const forged = stolen.issueNow({
      publicKeySpki: publicKey.export({ type: 'spki', format: 'der' }),
      identity: { trustDomain: 'mesh.test', ...checkout, instance: randomUUID() },
      ...{ labels: {}, ttlMs: hourMs, nowMs },
    });
    expect(service.issuerOf(forged.der)).toBeUndefined();
    expect(await verdict({ ...held, ...forged })).toBe(message);
  });
});

describe('an upstream authority', () => {
  /** An intermediate as an authority elsewhere signs it, with OpenSSL. */
  function upstream(
    extensions = 'keyUsage=critical,keyCertSign,cRLSign',
    root = 'CA:true',
  ): IssuerWish & { readonly upstream: UpstreamIssuer } {
    const at = (name: string) => join(base, name);
    const run = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const ca = ['-addext', `basicConstraints=critical,${root}`];
    run('req', '-x509', ...ec, '-subj', '/CN=Corp', '-keyout', at('rk'), '-out', at('r'), ...ca);
    run('req', '-new', ...ec, '-subj', '/CN=Mesh', '-keyout', at('ik'), '-out', at('ir'));
    writeFileSync(at('ext'), `basicConstraints=critical,CA:true,pathlen:0\n${extensions}\n`);
    const signer = ['-CA', at('r'), '-CAkey', at('rk'), '-CAcreateserial', '-days', '30'];
    run('x509', '-req', '-in', at('ir'), ...signer, '-extfile', at('ext'), '-out', at('i'));
    const [certificatesPem, keyPem, rootPem] = [at('i'), at('ik'), at('r')].map((path) =>
      readFileSync(path, 'utf8'),
    ) as [string, string, string];
    return { upstream: { certificatesPem, keyPem, rootPem } };
  }

  it('takes the place of ours, and signs until its own certificate ends', async () => {
    const wish = upstream();
    await desk.prepare({ ...newRoot, ...wish }, change);
    await desk.activate(change);
    expect(await verdict(await joined())).toBe('OK');
    const days = (authority.active.notAfterMs - nowMs) / 86_400_000;
    expect(days).toBeCloseTo(30, 1);
    expect(desk.faults()).toMatchObject([{ what: expect.stringContaining('ends in 30 days') }]);
    await expect(desk.prepare({ sameRoot: true }, change)).rejects.toMatchObject({
      code: 'setup',
      message: expect.stringContaining('key of the active root is not here'),
    });
  });

  it('is a conflict when its key is known, and leaves no trace', async () => {
    const wish = upstream();
    const { id } = await desk.prepare({ ...newRoot, ...wish }, change);
    await desk.activate(change);
    const before = readdirSync(dir).sort();
    await expect(desk.prepare({ ...newRoot, ...wish }, change)).rejects.toMatchObject({
      code: 'conflict',
      message: `issuing key \`${id}\` is known already: it is active`,
    });
    expect(readdirSync(dir).sort()).toEqual(before);
  });

  it('can be brought again after a crash between the folder and the record', async () => {
    const wish = upstream();
    const { issuer, files } = await makeIssuer('mesh.test', wish, nowMs);
    await writeIssuer(dir, issuer.id, files);
    expect(await desk.prepare({ ...newRoot, ...wish }, change)).toMatchObject({ id: issuer.id });
  });

  it('is refused when no peer would take what it signs: its root allows none, or it has ended', async () => {
    const barren = upstream(undefined, 'CA:true,pathlen:0');
    const attempt = (wish: IssuerWish) => desk.prepare({ ...newRoot, ...wish }, change);
    await expect(attempt(barren)).rejects.toThrow('allows no authority below it');
    const late = upstream();
    nowMs += 31 * 86_400_000;
    await expect(attempt(late)).rejects.toThrow('is not valid now');
    expect(states()).toEqual(['active']);
  });

  it('may be the first one', async () => {
    const wish = upstream();
    db.close();
    rmSync(dir, { recursive: true });
    rmSync(join(base, 'store.db'));
    await open(wish);
    expect(await verdict(await joined())).toBe('OK');
  });

  it('is refused when it may not sign lists, or is incomplete', async () => {
    const weak = upstream('keyUsage=critical,keyCertSign');
    await expect(desk.prepare({ ...newRoot, ...weak }, change)).rejects.toThrow('may not sign');
    const { upstream: good } = upstream();
    for (const part of ['certificatesPem', 'keyPem', 'rootPem']) {
      const broken = { upstream: { ...good, [part]: 'junk' } } as IssuerWish;
      await expect(desk.prepare({ ...newRoot, ...broken }, change)).rejects.toMatchObject({
        code: 'setup',
      });
    }
    expect(states()).toEqual(['active']);
  });
});

describe('keys behind a program', () => {
  const script = `#!/bin/sh
cd "${'$'}{0%/*}" || exit 1
case "$1" in
create) openssl ecparam -name prime256v1 -genkey -noout -out "$2.key" && openssl ec -in "$2.key" -pubout;;
public) openssl ec -in "$2.key" -pubout;;
sign) openssl dgst "-$3" -sign "$2.key";;
esac
`;

  async function withProgram(text: string): Promise<string> {
    const program = join(base, 'keys.sh');
    writeFileSync(program, text, { mode: 0o700 });
    db.close();
    await open(undefined, [program]);
    return program;
  }

  it('never come to the files, and sign leaves and lists', async () => {
    await withProgram(script);
    await desk.prepare(newRoot, change);
    await desk.activate(change);
    const { id } = authority.active;
    expect(existsSync(join(dir, id, 'issuer-key.pem'))).toBe(false);
    expect(await verdict(await joined())).toBe('OK');
    expect(() =>
      authority.issueNow({
        publicKeySpki: Buffer.alloc(91),
        identity: { trustDomain: 'mesh.test', ...checkout, instance: randomUUID() },
        ...{ labels: {}, ttlMs: hourMs, nowMs },
      }),
    ).toThrow('not in this process');
    db.close();
    await open();
    expect(authority.active.id).toBe(id);
    expect(await verdict(await joined())).toBe('OK');
  });

  it.each([
    ['fails', '#!/bin/sh\necho no token in the slot >&2\nexit 3\n', 'no token in the slot'],
    ['is silent', '#!/bin/sh\n', 'gave no public key'],
    [
      'signs with another key',
      script.replace('sign)', 'sign) rm "$2.key"; $0 create "$2" >&2;'),
      '',
    ],
  ])('make nothing when the program %s', async (_what, text, message) => {
    await withProgram(text);
    await expect(desk.prepare(newRoot, change)).rejects.toMatchObject({
      code: 'setup',
      message: expect.stringContaining(message),
    });
    expect(states()).toEqual(['active']);
  });
});
