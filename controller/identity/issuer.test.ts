/** What an issuing key signs, as OpenSSL and `@peculiar/x509` read it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509Certificate as ParsedCertificate,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
} from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { Authority } from './authority.ts';
import { metadataOid } from './certificate.ts';
import { readElement } from './der-reader.ts';
import { firstVersion } from './first-version.test-data.ts';
import { Issuer, type LeafRequest } from './issuer.ts';
import { makeIntermediate, makeRoot } from './make-issuer.ts';
import { generateSigningKey, readSigningKey } from './signing-key.ts';

// `@peculiar/x509` asks for decorator metadata when it loads, and works with none.
vi.hoisted(() => {
  const noMetadata = () => undefined;
  Object.assign(Reflect, { getMetadata: noMetadata, getOwnMetadata: noMetadata });
});

const nowMs = Date.now();
const hourMs = 3_600_000;
const instance = '0b5f3d0e-6f0a-4a43-9c65-1f6a2f5f8d11';
const identity = {
  trustDomain: 'mesh.test',
  environment: 'prod',
  team: 'payments',
  service: 'checkout',
  instance,
};
const spiffeId = `spiffe://mesh.test/env/prod/team/payments/svc/checkout/i/${instance}`;
const { active: issuer } = await Authority.make('mesh.test', nowMs);
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKeySpki = keys.publicKey.export({ type: 'spki', format: 'der' });
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-authority-'));
  writeFileSync(join(dir, 'ca.pem'), issuer.rootPem);
  writeFileSync(join(dir, 'between.pem'), issuer.chainPem);
});

afterAll(() => rmSync(dir, { recursive: true }));

function issue(changes: Partial<LeafRequest> = {}) {
  const labels = { tier: 'web', app: 'shop' };
  return issuer.issueNow({ publicKeySpki, identity, labels, ttlMs: hourMs, nowMs, ...changes });
}

function file(name: string, text: string): string {
  writeFileSync(join(dir, name), text);
  return join(dir, name);
}

/** Output of both streams, and whether it ended well. */
function openssl(...args: string[]): { ok: boolean; text: string } {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  return { ok: status === 0, text: stdout + stderr };
}

describe('leaf', () => {
  it('passes a strict OpenSSL as server and as client', () => {
    const leaf = file('leaf.pem', issue().certificatePem);
    for (const purpose of ['sslserver', 'sslclient']) {
      const ca = join(dir, 'ca.pem');
      const chain = ['-CAfile', ca, '-untrusted', join(dir, 'between.pem')];
      const verdict = openssl('verify', '-x509_strict', '-purpose', purpose, ...chain, leaf);
      expect(verdict).toEqual({ ok: true, text: `${leaf}: OK\n` });
    }
  });

  it('has its subject in order, as RFC 2253 text without escapes', () => {
    const leaf = file('subject.pem', issue().certificatePem);
    const { text } = openssl('x509', '-in', leaf, '-noout', '-subject', '-nameopt', 'RFC2253');
    expect(text.trim()).toBe(
      `subject=CN=${instance},OU=label.tier=web,OU=label.app=shop,OU=svc=checkout,` +
        'OU=team=payments,OU=env=prod,O=mesh.test',
    );
  });

  it('has the extensions of an X509-SVID', () => {
    const leaf = new ParsedCertificate(issue().certificatePem);
    const san = leaf.getExtension(SubjectAlternativeNameExtension);
    expect(san?.names.toJSON()).toEqual([{ type: 'url', value: spiffeId }]);
    const basic = leaf.getExtension(BasicConstraintsExtension);
    expect([basic?.ca, basic?.critical]).toEqual([false, true]);
    const usage = leaf.getExtension(KeyUsagesExtension);
    expect([usage?.usages, usage?.critical]).toEqual([KeyUsageFlags.digitalSignature, true]);
    const extended = leaf.getExtension(ExtendedKeyUsageExtension);
    expect(extended?.usages).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    const issuerKeyId = new ParsedCertificate(issuer.certificatePem).getExtension(
      SubjectKeyIdentifierExtension,
    );
    const authorityKeyId = leaf.getExtension(AuthorityKeyIdentifierExtension);
    expect(authorityKeyId?.keyId).toBe(issuerKeyId?.keyId);
    expect(leaf.getExtension(SubjectKeyIdentifierExtension)?.keyId).toMatch(/^[0-9a-f]{40}$/);
  });

  it('carries its metadata as JSON', () => {
    const extension = new ParsedCertificate(issue().certificatePem).getExtension(metadataOid);
    const { body } = readElement(new Uint8Array(extension?.value ?? []), 0x0c);
    expect(extension?.critical).toBe(false);
    expect(JSON.parse(Buffer.from(body).toString('utf8'))).toEqual({
      v: 1,
      ...identity,
      labels: { app: 'shop', tier: 'web' },
    });
  });

  it('lives an hour from now and began five minutes ago', () => {
    const leaf = issue();
    const parsed = new X509Certificate(leaf.certificatePem);
    expect(leaf.notAfterMs).toBe(Math.floor((nowMs + hourMs) / 1000) * 1000);
    expect(leaf.notBeforeMs).toBe(Math.floor((nowMs - 300_000) / 1000) * 1000);
    expect(parsed.validToDate.getTime()).toBe(leaf.notAfterMs);
    expect(parsed.validFromDate.getTime()).toBe(leaf.notBeforeMs);
    expect(leaf.sha256).toBe(createHash('sha256').update(parsed.raw).digest('hex'));
    expect(parsed.serialNumber.toLowerCase()).toBe(leaf.serial);
  });

  it('never lives longer than 24 hours in all', () => {
    const leaf = issue({ ttlMs: 24 * hourMs });
    expect(leaf.notAfterMs - leaf.notBeforeMs).toBe(24 * hourMs);
    for (const ttlMs of [24 * hourMs + 1, 0, -1, Number.NaN]) {
      expect(() => issue({ ttlMs })).toThrow('not within 0 to 24 hours');
    }
  });

  it('never lives longer than its signer', () => {
    const endMs = new X509Certificate(issuer.certificatePem).validToDate.getTime();
    expect(issuer.notAfterMs).toBe(endMs);
    expect(issue({ nowMs: endMs - 60_000 }).notAfterMs).toBe(endMs);
    expect(() => issue({ nowMs: endMs })).toThrow('has expired');
  });

  it('has a fresh serial of 20 positive bytes each time', () => {
    const serials = Array.from({ length: 200 }, () => issue().serial);
    expect(new Set(serials).size).toBe(200);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9a-f]{39}$/);
  });

  it('carries DNS names and addresses for the controller', () => {
    const dnsNames = ['controller.mesh.test', 'localhost'];
    const ips = ['127.0.0.1', '::1', '2001:db8::a:0:1', '::ffff:192.0.2.1'];
    const leaf = new X509Certificate(issue({ dnsNames, ips }).certificatePem);
    for (const name of dnsNames) expect(leaf.checkHost(name)).toBe(name);
    for (const ip of ips) expect(leaf.checkIP(ip)).toBe(ip);
    expect(leaf.checkIP('::2')).toBeUndefined();
    expect(leaf.checkHost('other')).toBeUndefined();
    for (const bad of ['', 'a b', '-a', 'a..b', '*.x', `${'a'.repeat(64)}.b`, 'a,DNS:b']) {
      expect(() => issue({ dnsNames: [bad] }), bad).toThrow('no DNS name or IP address');
    }
    expect(() => issue({ ips: ['fe80::1%eth0'] })).toThrow('no DNS name or IP address');
    expect(() => issue({ ips: ['localhost'] })).toThrow('no DNS name or IP address');
  });
});

describe('authority certificates', () => {
  it('are a root for ten years and an intermediate for two, named after their trust domain', () => {
    const [root, own] = [issuer.rootPem, issuer.certificatePem].map((p) => new X509Certificate(p));
    expect(root?.subject).toMatch(/^O=mesh\.test\nCN=SM-DTA root [0-9a-f]{8}$/);
    expect(own?.subject).toMatch(/^O=mesh\.test\nCN=SM-DTA issuer [0-9a-f]{8}$/);
    for (const each of [root, own]) {
      expect(each?.subjectAltName).toBe('URI:spiffe://mesh.test');
      expect(each?.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    }
    const years = (each?: X509Certificate) =>
      ((each?.validToDate.getTime() ?? 0) - nowMs) / (365 * 24 * hourMs);
    expect([years(root), years(own)]).toEqual([expect.closeTo(10, 1), expect.closeTo(2, 1)]);
    const text = (path: string) => openssl('x509', '-in', path, '-noout', '-text').text;
    expect(text(join(dir, 'ca.pem'))).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:1/);
    const below = text(join(dir, 'between.pem'));
    expect(below).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(below).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
    expect(below).toMatch(/Name Constraints: critical\s+Permitted:\s+URI:mesh\.test\n/);
  });

  it('let no name of another trust domain pass, in OpenSSL', () => {
    const foreign = issue({ identity: { ...identity, trustDomain: 'other.test' } });
    const leaf = file('foreign.pem', foreign.certificatePem);
    const chain = ['-CAfile', join(dir, 'ca.pem'), '-untrusted', join(dir, 'between.pem')];
    expect(openssl('verify', ...chain, leaf).text).toContain('permitted subtree violation');
  });

  it.each(['10.0.0.1', 'a..b'])(
    'have no constraint for `%s`, which no verifier reads',
    async (td) => {
      const { active } = await Authority.make(td, nowMs);
      const path = file('odd.pem', active.certificatePem);
      const { text } = openssl('x509', '-in', path, '-noout', '-text');
      expect(text).not.toContain('Name Constraints');
      const leaf = active.issueNow({
        ...{ publicKeySpki, labels: {}, ttlMs: hourMs, nowMs },
        identity: { ...identity, trustDomain: td },
      });
      const chain = ['-CAfile', file('odd-ca.pem', active.rootPem), '-untrusted', path];
      expect(openssl('verify', ...chain, file('odd-leaf.pem', leaf.certificatePem)).ok).toBe(true);
    },
  );

  it('may have a root on P-384', async () => {
    const { key } = generateSigningKey('P-384');
    const issuing = generateSigningKey('P-256').key;
    const root = { key, pem: await makeRoot('mesh.test', key, nowMs) };
    const made = await makeIntermediate('mesh.test', root, issuing, nowMs);
    const big = new Issuer('mesh.test', issuing, made);
    const leaf = big.issueNow({ publicKeySpki, identity, labels: {}, ttlMs: hourMs, nowMs });
    const chain = ['-CAfile', file('big.pem', root.pem), '-untrusted', file('b.pem', big.chainPem)];
    const path = file('big-leaf.pem', leaf.certificatePem);
    expect(openssl('verify', '-x509_strict', ...chain, path).text).toBe(`${path}: OK\n`);
    expect(() => new Issuer('mesh.test', key, { ...made, certificatePem: root.pem })).toThrow(
      'not on P-256',
    );
  });

  it('have the key hash that OpenSSL computes', () => {
    const pem = execFileSync('openssl', ['x509', '-in', join(dir, 'ca.pem'), '-noout', '-pubkey']);
    const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'DER'], { input: pem });
    expect(issuer.rootKeyHash).toBe(createHash('sha256').update(der).digest('hex'));
  });

  it('are refused with another key, damaged, out of order, for another domain', async () => {
    const { certificatePem, rootPem } = issuer;
    const all = { certificatePem, betweenPem: '', rootPem };
    const { key } = generateSigningKey('P-256');
    const { active: other } = await Authority.make('mesh.test', nowMs);
    expect(() => new Issuer('mesh.test', key, all)).toThrow('is not the key of its');
    const wrong = (changes: object) => () => new Issuer('mesh.test', key, { ...all, ...changes });
    expect(wrong({ certificatePem: 'junk' })).toThrow('is damaged');
    expect(wrong({ rootPem: other.rootPem })).toThrow('not signed by what follows it');
    expect(wrong({ rootPem: certificatePem })).toThrow('no self-signed root');
    expect(wrong({ certificatePem: issue().certificatePem })).toThrow('not signed by what follows');
    expect(() => readSigningKey('junk')).toThrow('no P-256 or P-384 private key');
    await expect(Authority.make('Not A Domain', nowMs)).rejects.toThrow('trust domain');
    const old = { betweenPem: '', certificatePem: firstVersion.rootPem };
    const oldKey = readSigningKey(firstVersion.keyPem);
    const whole = { ...old, rootPem: firstVersion.rootPem };
    expect(() => new Issuer('other.test', oldKey, whole)).toThrow('not of `other.test`');
    expect(new Issuer('mesh.test', oldKey, whole).chainPem).toBe('');
  });

  it('know what they signed', async () => {
    const { active: stranger } = await Authority.make('mesh.test', nowMs);
    const leaf = new X509Certificate(issue().certificatePem);
    expect([issuer.signed(leaf), stranger.signed(leaf)]).toEqual([true, false]);
  });
});

describe('revocation list', () => {
  it('is signed, version 2, and makes OpenSSL refuse what it names', async () => {
    const [gone, kept] = [issue(), issue()];
    const entry = { serial: gone.serial, revokedAtMs: nowMs };
    const { pem, nextUpdateMs } = await issuer.signRevocations([entry], nowMs);
    const crl = file('list.crl', pem);
    const ca = join(dir, 'ca.pem');
    const between = join(dir, 'between.pem');
    const { text } = openssl('crl', '-in', crl, '-CAfile', between, '-noout', '-text');
    expect(text).toContain('verify OK');
    expect(text).toContain('Version 2');
    expect(text).toContain(`Serial Number: ${gone.serial.toUpperCase()}`);
    expect(nextUpdateMs - nowMs).toBe(24 * hourMs);
    const verify = (pem: string) =>
      openssl(
        'verify',
        '-x509_strict',
        '-crl_check',
        '-CRLfile',
        crl,
        '-CAfile',
        ca,
        '-untrusted',
        between,
        file('l.pem', pem),
      );
    expect(verify(kept.certificatePem).ok).toBe(true);
    expect(verify(gone.certificatePem).text).toContain('certificate revoked');
  });

  it('is good when it is empty, and its number rises also when the clock goes back', async () => {
    const number = async (atMs: number) => {
      const crl = file('n.crl', (await issuer.signRevocations([], atMs)).pem);
      const { text } = openssl(
        'crl',
        '-in',
        crl,
        '-CAfile',
        join(dir, 'between.pem'),
        '-noout',
        '-text',
      );
      expect(text).toMatch(/No Revoked Certificates[\s\S]*verify OK/);
      return BigInt(/CRL Number:\s+(\S+)/.exec(text)?.[1] ?? 0);
    };
    const first = await number(nowMs);
    expect(await number(nowMs - 10_000)).toBeGreaterThan(first);
  });
});
