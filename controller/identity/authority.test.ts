/** What the authority signs, as OpenSSL and `@peculiar/x509` read it. */
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

import { Authority, type LeafRequest } from './authority.ts';
import { metadataOid } from './certificate.ts';
import { readElement } from './der-reader.ts';
import type { RevokedCertificate } from './model.ts';

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
const root = Authority.generate('mesh.test', nowMs);
const authority = new Authority(root.keyPem, root.rootPem);
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKeySpki = keys.publicKey.export({ type: 'spki', format: 'der' });
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-authority-'));
  writeFileSync(join(dir, 'ca.pem'), root.rootPem);
});

afterAll(() => rmSync(dir, { recursive: true }));

function issue(changes: Partial<LeafRequest> = {}) {
  const labels = { tier: 'web', app: 'shop' };
  return authority.issue({ publicKeySpki, identity, labels, ttlMs: hourMs, nowMs, ...changes });
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
      const verdict = openssl('verify', '-x509_strict', '-purpose', purpose, '-CAfile', ca, leaf);
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
    const rootKeyId = new ParsedCertificate(root.rootPem).getExtension(
      SubjectKeyIdentifierExtension,
    );
    const authorityKeyId = leaf.getExtension(AuthorityKeyIdentifierExtension);
    expect(authorityKeyId?.keyId).toBe(rootKeyId?.keyId);
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

  it('never lives longer than the root', () => {
    const rootEndMs = new X509Certificate(root.rootPem).validToDate.getTime();
    expect(issue({ nowMs: rootEndMs - 60_000 }).notAfterMs).toBe(rootEndMs);
    expect(() => issue({ nowMs: rootEndMs })).toThrow('root certificate has expired');
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

describe('root', () => {
  it('is a P-256 root for ten years, named after its trust domain', () => {
    const parsed = new X509Certificate(root.rootPem);
    expect(parsed.subject).toBe('O=mesh.test\nCN=SM-DTA root');
    expect(parsed.subjectAltName).toBe('URI:spiffe://mesh.test');
    expect(parsed.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    const years = (parsed.validToDate.getTime() - nowMs) / (365 * 24 * hourMs);
    expect(years).toBeCloseTo(10, 1);
    const { text } = openssl('x509', '-in', join(dir, 'ca.pem'), '-noout', '-text');
    expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
  });

  it('has the key hash that OpenSSL computes', () => {
    const pem = execFileSync('openssl', ['x509', '-in', join(dir, 'ca.pem'), '-noout', '-pubkey']);
    const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'DER'], { input: pem });
    expect(authority.caKeyHash).toBe(createHash('sha256').update(der).digest('hex'));
  });

  it('refuses a key that is not its own, a damaged one, and a leaf in its place', () => {
    const other = Authority.generate('mesh.test', nowMs);
    expect(() => new Authority(other.keyPem, root.rootPem)).toThrow('is not the key of its');
    expect(() => new Authority('junk', root.rootPem)).toThrow('no P-256 private key');
    expect(() => new Authority(root.keyPem, 'junk')).toThrow('is damaged');
    const leafPem = issue().certificatePem;
    expect(() => new Authority(root.keyPem, leafPem)).toThrow('no self-signed root');
    expect(() => Authority.generate('Not A Domain', nowMs)).toThrow('trust domain');
  });

  it('knows what it signed', () => {
    const other = Authority.generate('mesh.test', nowMs);
    const stranger = new Authority(other.keyPem, other.rootPem);
    const leaf = new X509Certificate(issue().certificatePem);
    expect([authority.signed(leaf), stranger.signed(leaf)]).toEqual([true, false]);
  });
});

describe('revocation list', () => {
  function revoked(serial: string): RevokedCertificate {
    const times = { revokedAtMs: nowMs, notAfterMs: nowMs + hourMs };
    return { serial, sha256: '', instance, wholeInstance: false, ...times };
  }

  it('is signed, version 2, and makes OpenSSL refuse what it names', () => {
    const [gone, kept] = [issue(), issue()];
    const { pem, nextUpdateMs } = authority.signRevocations([revoked(gone.serial)], nowMs);
    const crl = file('list.crl', pem);
    const ca = join(dir, 'ca.pem');
    const { text } = openssl('crl', '-in', crl, '-CAfile', ca, '-noout', '-text');
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
        file('l.pem', pem),
      );
    expect(verify(kept.certificatePem).ok).toBe(true);
    expect(verify(gone.certificatePem).text).toContain('certificate revoked');
  });

  it('is good when it is empty, and its number rises also when the clock goes back', () => {
    const number = (atMs: number) => {
      const crl = file('n.crl', authority.signRevocations([], atMs).pem);
      const { text } = openssl(
        'crl',
        '-in',
        crl,
        '-CAfile',
        join(dir, 'ca.pem'),
        '-noout',
        '-text',
      );
      expect(text).toMatch(/No Revoked Certificates[\s\S]*verify OK/);
      return BigInt(/CRL Number:\s+(\S+)/.exec(text)?.[1] ?? 0);
    };
    const first = number(nowMs);
    expect(number(nowMs - 10_000)).toBeGreaterThan(first);
  });
});
