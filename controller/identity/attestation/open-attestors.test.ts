/** The file that configures attestors: what it may hold, and what is refused. */
import { writeFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ForeignAuthority, TokenIssuer } from './attestation.test-data.ts';
import { openAttestors } from './open-attestors.ts';

let corp: ForeignAuthority;
beforeAll(() => {
  corp = new ForeignAuthority();
  corp.issue('leaf', 'root', ['keyUsage=critical,digitalSignature']);
  const issuer = new TokenIssuer();
  issuer.add('k', 'ES256');
  writeFileSync(corp.path('keys.json'), issuer.jwks);
});
afterAll(() => corp.remove());

function open(text: string) {
  const path = corp.path('attestors.yaml');
  writeFileSync(path, text);
  return openAttestors(path, () => 0).map(({ method }) => method);
}

const cluster = (rest: string) =>
  `kubernetes: [{ name: west, issuer: https://k, audience: a, ${rest} }]`;

describe('openAttestors', () => {
  it('lets agents vouch without a file, and with an empty one', () => {
    expect(openAttestors(undefined, () => 0).map(({ method }) => method)).toEqual(['unix']);
    expect(open('')).toEqual(['unix']);
  });

  it('takes paths beside the file', () => {
    const keys = cluster('keys: { file: keys.json }');
    expect(open(`x509pop: { roots: [root.pem] }\n${keys}`)).toEqual(['unix', 'x509pop', 'k8s']);
    const review = 'review: { url: "https://10.0.0.1/x", ca: root.pem, tokenFile: t }';
    expect(open(cluster(review))).toEqual(['unix', 'k8s']);
    expect(open(cluster('keys: { url: "http://127.0.0.1:1/jwks" }'))).toEqual(['unix', 'k8s']);
  });

  it.each([
    ['x509pop: { roots: [] }', 'x509pop.roots'],
    ['x509pop: { roots: [nowhere.pem] }', 'cannot be read'],
    ['x509pop: { roots: [leaf.pem] }', 'something other than authorities'],
    ['x509pop: { roots: [keys.json] }', 'something other than authorities'],
    ['tpm: {}', 'unrecognized key'],
    ['{', 'configures no attestors'],
    [
      cluster('keys: { file: k }, review: { url: "https://x", tokenFile: t }'),
      'either keys or review',
    ],
    [cluster(''), 'either keys or review'],
    [cluster('keys: { url: "http://10.0.0.1/jwks" }'), 'only https'],
    [cluster('keys: { url: "https://x", ca: nowhere.pem }'), 'cannot be read'],
    [
      'kubernetes: [{ name: a, issuer: i, audience: a, keys: { file: k } }, { name: a, issuer: j, audience: a, keys: { file: k } }]',
      'two clusters have one name',
    ],
    [
      'kubernetes: [{ name: a, issuer: i, audience: a, keys: { file: k } }, { name: b, issuer: i, audience: a, review: { url: "https://x", tokenFile: t } }]',
      'clusters with one issuer need keys, not reviews',
    ],
  ])('refuses %j', (text, message) => {
    expect(() => open(text)).toThrow(expect.objectContaining({ code: 'setup' }));
    expect(() => open(text)).toThrow(message);
  });

  it('takes clusters with one issuer when each has keys', () => {
    const methods = open(
      'kubernetes: [{ name: a, issuer: i, audience: a, keys: { file: k } }, { name: b, issuer: i, audience: a, keys: { file: l } }]',
    );
    expect(methods).toEqual(['unix', 'k8s']);
  });

  it('refuses a file that is not there', () => {
    expect(() => openAttestors('/nowhere.yaml', () => 0)).toThrow('cannot be read');
  });
});
