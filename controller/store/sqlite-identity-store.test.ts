/** What the store itself has to refuse, whatever the service checked before it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { IssuedCertificate } from '../identity/model.ts';
import { Database } from './database.ts';
import { SqliteIdentityStore } from './sqlite-identity-store.ts';

const registration = {
  id: 'r1',
  trustDomain: 'mesh.test',
  environment: 'prod',
  team: 'payments',
  service: 'checkout',
  labels: { tier: 'web' },
  createdAtMs: 0,
};
const token = {
  id: 't1',
  secretSha256: '00',
  registrationId: 'r1',
  createdAtMs: 0,
  expiresAtMs: 600,
  consumedAtMs: undefined,
};
const cause = { atMs: 50, reason: 'stolen', actor: 'alice' };
const bound = { nowMs: 20, most: 9 };
let db: Database;
let store: SqliteIdentityStore;

beforeEach(async () => {
  db = new Database(':memory:');
  store = new SqliteIdentityStore(db);
  await store.findOrAddRegistration(registration);
  await store.addToken(token);
});

afterEach(() => db.close());

function instance(uuid: string) {
  return { uuid, registrationId: 'r1', spiffeId: `spiffe://mesh.test/${uuid}`, joinedAtMs: 10 };
}

function certificate(name: string, startMs: number, uuid = 'i1'): IssuedCertificate {
  const times = { notBeforeMs: startMs, notAfterMs: startMs + 100 };
  return { serial: `serial-${name}`, sha256: name, instance: uuid, ...times };
}

async function consume(nowMs: number, uuid = 'i1', name = 'c1', id = 't1') {
  return await store.consumeToken(id, nowMs, instance(uuid), certificate(name, 0, uuid));
}

describe('consumeToken', () => {
  it('refuses unknown, expired and used tokens and stores nothing for them', async () => {
    expect(await consume(1, 'i1', 'c1', 'other')).toBe('unknown');
    expect(await consume(600)).toBe('expired');
    expect(await store.instances()).toEqual([]);
    expect(await consume(599)).toBe('consumed');
    expect(await consume(599, 'i2', 'c2')).toBe('used');
    expect((await store.instances()).map(({ uuid }) => uuid)).toEqual(['i1']);
    expect((await store.token('t1'))?.consumedAtMs).toBe(599);
  });

  it('leaves the token unused when the rest cannot be stored', async () => {
    await consume(1);
    await store.addToken({ ...token, id: 't2' });
    await expect(consume(1, 'i2', 'c1', 't2')).rejects.toThrow('UNIQUE');
    expect((await store.token('t2'))?.consumedAtMs).toBeUndefined();
    expect(await store.instance('i2')).toBeUndefined();
  });
});

describe('addCertificate', () => {
  beforeEach(() => consume(1));

  it('refuses after a revocation that came between', async () => {
    expect(await store.addCertificate(certificate('c2', 20), 'c1', bound)).toBe('renewed');
    await store.revokeCertificate('c1', cause);
    expect(await store.addCertificate(certificate('c3', 30), 'c1', bound)).toBe('revoked');
    expect(await store.addCertificate(certificate('c4', 40), 'c2', bound)).toBe('renewed');
    await store.revokeInstance('i1', cause);
    expect(await store.addCertificate(certificate('c5', 50), 'c2', bound)).toBe('revoked');
    expect(await store.certificateBySha256('c5')).toBeUndefined();
  });

  it('refuses when as many as may be have not ended', async () => {
    const two = { nowMs: 99, most: 2 };
    expect(await store.addCertificate(certificate('c2', 20), 'c1', two)).toBe('renewed');
    expect(await store.addCertificate(certificate('c3', 30), 'c2', two)).toBe('tooMany');
    expect(await store.certificateBySha256('c3')).toBeUndefined();
    const later = { nowMs: 100, most: 2 };
    expect(await store.addCertificate(certificate('c3', 30), 'c2', later)).toBe('renewed');
  });

  it('refuses the certificate of another instance as the previous one', async () => {
    await store.addToken({ ...token, id: 't2' });
    await consume(1, 'i2', 'other', 't2');
    expect(await store.addCertificate(certificate('c2', 20), 'other', bound)).toBe('revoked');
  });
});

describe('revokedCertificates', () => {
  beforeEach(() => consume(1));

  it('names the earlier of two revocations, and whether the instance is gone', async () => {
    await store.revokeCertificate('c1', cause);
    expect(await store.revokedCertificates(0)).toMatchObject([
      { sha256: 'c1', revokedAtMs: 50, wholeInstance: false },
    ]);
    await store.revokeInstance('i1', { ...cause, atMs: 70 });
    expect(await store.revokedCertificates(99)).toMatchObject([
      { sha256: 'c1', revokedAtMs: 50, wholeInstance: true },
    ]);
    expect(await store.revokedCertificates(100)).toEqual([]);
  });
});

describe('forgetEnded', () => {
  it('removes what ended and keeps revoked and newest certificates', async () => {
    await consume(1);
    await store.addCertificate(certificate('c2', 20), 'c1', bound);
    await store.addCertificate(certificate('c3', 30), 'c2', bound);
    await store.revokeCertificate('c2', cause);
    expect(await store.forgetEnded(100)).toBe(0);
    // The token and `c1`.
    expect(await store.forgetEnded(1000)).toBe(2);
    const left = db.rows('SELECT sha256 FROM certificate ORDER BY sha256');
    expect(left.map(({ sha256 }) => sha256)).toEqual(['c2', 'c3']);
  });
});
