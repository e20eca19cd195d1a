/** What `dta identity inspect` says of good and bad PEM texts, some of them by OpenSSL. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { makeKeyAndRequest } from '../../agent/csr.ts';
import { Authority } from '../authority.ts';
import type { LeafRequest } from '../issuer.ts';
import { explainPem } from './explain-pem.ts';
import type { Explanation, InspectOptions } from './explanation.ts';

const nowMs = Math.floor(Date.now() / 1000) * 1000;
const hourMs = 3_600_000;
const instance = '0b5f3d0e-6f0a-4a43-9c65-1f6a2f5f8d11';
const identity = {
  trustDomain: 'mesh.test',
  environment: 'prod',
  team: 'payments',
  service: 'checkout',
  instance,
};
const good = `spiffe://mesh.test/env/prod/team/payments/svc/checkout/i/${instance}`;
const authority = await Authority.make('mesh.test', nowMs);
const known = { nowMs, trustDomain: 'mesh.test', rootPem: authority.rootPem };
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'dta-inspect-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

function leaf(changes: Partial<LeafRequest> = {}) {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return authority.issueNow({
    publicKeySpki: publicKey.export({ type: 'spki', format: 'der' }),
    ...{ identity, labels: { tier: 'web' }, ttlMs: hourMs, nowMs },
    ...changes,
  });
}

/** A self-signed certificate of OpenSSL with these extensions. */
function foreign(subject: string, ...extensions: string[]): string {
  const [key, file] = [join(dir, 'k'), join(dir, 'c')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const added = extensions.flatMap((each) => ['-addext', each]);
  const args = ['req', '-x509', ...curve, '-subj', subject, '-keyout', key, '-out', file, ...added];
  execFileSync('openssl', args, { stdio: 'ignore' });
  return readFileSync(file, 'utf8');
}

function only(text: string, options: InspectOptions = known): Explanation {
  const [first, ...rest] = explainPem(text, options);
  if (!first || rest.length > 0) throw new Error('not one explanation');
  return first;
}

const factsOf = ({ facts }: Explanation) => Object.fromEntries(facts);

describe('a certificate', () => {
  it('of a workload is explained, and could be used by policy', () => {
    const { certificatePem, chainPem, sha256, serial } = leaf();
    const [first, second] = explainPem(chainPem, known);
    expect(first?.against).toEqual([]);
    expect(factsOf(first as Explanation)).toMatchObject({
      subject: `CN=${instance},OU=label.tier=web,OU=svc=checkout,OU=team=payments,OU=env=prod,O=mesh.test`,
      'signed by': expect.stringMatching(/^O=mesh.test, CN=SM-DTA issuer \w{8}, under a root/),
      'name (uri)': good,
      valid: expect.stringMatching(/: for another 60 min$/),
      label: 'tier=web',
      service: 'checkout',
      key: 'ec prime256v1',
      digest: sha256,
      serial,
    });
    const envoy = new X509Certificate(certificatePem).fingerprint256;
    expect(factsOf(first as Explanation).digest).toBe(envoy.replaceAll(':', '').toLowerCase());
    expect(second?.against).toEqual([
      'it is the certificate of an authority, not of a workload',
      'its key usage lacks digitalSignature: TLS refuses it',
    ]);
    // Without its chain nobody can tell whose it is.
    expect(only(certificatePem).against).toEqual(['no root of the mesh leads to it']);
    expect(only(certificatePem, { ...known, rootPem: undefined }).against).toEqual([]);
  });

  it.each([
    [{ nowMs: nowMs + hourMs }, ['it has expired']],
    [{ nowMs: nowMs - hourMs }, ['it is not valid yet']],
    [
      { trustDomain: 'other.test' },
      ['its trust domain is `mesh.test`, not `other.test` (DTA1007)'],
    ],
  ])('is of no use under %j', (changes, against) => {
    const [first] = explainPem(leaf().chainPem, { ...known, ...changes });
    expect(first?.against).toEqual(against);
  });

  it.each([
    ['no name', [], 'it has 0 URI names, not exactly one'],
    ['a DNS name', ['subjectAltName=DNS:orders'], 'it has 0 URI names, not exactly one'],
    [
      'two names',
      [`subjectAltName=URI:${good},URI:spiffe://mesh.test/b`],
      'it has 2 URI names, not exactly one',
    ],
    [
      'a domain in mixed case',
      [`subjectAltName=URI:${good.replace('mesh', 'Mesh')}`],
      'its URI is no SPIFFE ID: trust domain has upper-case letters',
    ],
    [
      'another form',
      ['subjectAltName=URI:spiffe://mesh.test/ns/default/sa/x'],
      'its SPIFFE ID has not the form',
    ],
    ['another scheme', ['subjectAltName=URI:https://mesh.test'], 'scheme is not `spiffe://`'],
    [
      'a long label',
      [`subjectAltName=URI:${good.replace('prod', 'p'.repeat(64))}`],
      'its SPIFFE ID has not the form',
    ],
    [
      'no client authentication',
      [`subjectAltName=URI:${good}`, 'extendedKeyUsage=serverAuth'],
      'lacks clientAuth',
    ],
  ])('with %s says so', (_what, extensions, message) => {
    const pem = foreign('/CN=x', 'basicConstraints=critical,CA:false', ...extensions);
    expect(only(pem).against?.join('; ')).toContain(message);
  });

  it.each(['/OU=label.a=b+OU=c', '/O=a\\,b', '/OU=label.a='])(
    'with subject %s says so',
    (subject) => {
      const pem = foreign(subject, `subjectAltName=URI:${good}`);
      expect(only(pem).against?.join()).toMatch(/its subject needs escapes|is no label|twice/);
    },
  );
});

describe('other blocks', () => {
  it('are signing requests, good and bad', async () => {
    const { csrPem } = makeKeyAndRequest();
    expect(only(csrPem)).toMatchObject({ kind: 'signing request', against: [] });
    const names = ['-addext', `subjectAltName=URI:${good}`];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const file = join(dir, 'request');
    const args = ['req', '-new', ...curve, '-subj', '/CN=x', '-keyout', '/dev/null', '-out', file];
    execFileSync('openssl', [...args, ...names], { stdio: 'ignore' });
    expect(only(readFileSync(file, 'utf8')).against).toEqual([
      'asks for a subject alternative name',
    ]);
  });

  it('are revocation lists, with who signed them', async () => {
    const { serial } = leaf();
    const { pem } = await authority.active.signRevocations([{ serial, revokedAtMs: nowMs }], nowMs);
    const list = only(pem);
    expect(list).toMatchObject({ kind: 'revocation list', against: undefined });
    expect(factsOf(list)).toMatchObject({
      'signed by': 'a key that is not here',
      entries: '1',
      revoked: serial,
      from: new Date(nowMs - 300_000).toISOString().replace('.000', ''),
    });
    const [, withIssuer] = explainPem(authority.active.certificatePem + pem, known);
    expect(factsOf(withIssuer as Explanation)['signed by']).toBe('its issuer, which is here');
  });

  it.each([
    ['a private key', () => makeKeyAndRequest().keyPem, 'there is a private key in it'],
    [
      'a key behind a certificate',
      () => leaf().chainPem + makeKeyAndRequest().keyPem,
      'private key',
    ],
    ['nothing', () => 'hello', 'there is no PEM block in it'],
    [
      'a public key',
      () => '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
      'not known',
    ],
    [
      'a broken certificate',
      () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
      'block 1 is no CERTIFICATE',
    ],
    ['too much', () => 'x'.repeat(1024 * 1024 + 1), 'longer than 1 MiB'],
  ])('with %s are refused', (_what, text, message) => {
    expect(() => explainPem(text(), known)).toThrow(message);
  });
});
