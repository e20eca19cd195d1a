/** Which certificates an agent takes for its key: chains over intermediates, bundles of several roots. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ForeignAuthority } from '../identity/attestation/attestation.test-data.ts';
import { holdIdentity } from './identity.ts';

const signs = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'];
const isLeaf = ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'];
let mesh: ForeignAuthority;
let other: ForeignAuthority;
let intermediate: string;
let leaf: string;
let direct: string;

beforeAll(() => {
  mesh = new ForeignAuthority('mesh');
  other = new ForeignAuthority('mesh');
  intermediate = mesh.issue('intermediate', 'root', signs);
  leaf = mesh.issue('leaf', 'intermediate', isLeaf);
  direct = mesh.issue('direct', 'root', isLeaf);
  other.issue('intermediate', 'root', signs);
});
afterAll(() => {
  mesh.remove();
  other.remove();
});

function hold(chainPem: string, rootPem: string, key = 'leaf') {
  const dates = { notBeforeMs: 0, notAfterMs: 1 };
  const grant = { instance: 'i', spiffeId: 's', rootPem, trustGeneration: 0, ...dates };
  const keyPem = mesh.key(key).export({ type: 'pkcs8', format: 'pem' }).toString();
  return holdIdentity({ ...grant, chainPem }, keyPem);
}

describe('holdIdentity', () => {
  it('takes a leaf of a root, and one over an intermediate', () => {
    expect(hold(direct, mesh.rootPem, 'direct').chainPem).toBe(direct);
    expect(hold(leaf + intermediate, mesh.rootPem).chainPem).toBe(leaf + intermediate);
  });

  it('takes any root of a bundle', () => {
    hold(leaf + intermediate, other.rootPem + mesh.rootPem);
    hold(direct, mesh.rootPem + other.rootPem, 'direct');
  });

  it.each<[string, () => unknown]>([
    ['another key', () => hold(leaf + intermediate, mesh.rootPem, 'direct')],
    ['another root of the same name', () => hold(direct, other.rootPem, 'direct')],
    ['a chain that lacks its intermediate', () => hold(leaf, mesh.rootPem)],
    ['a leaf that nothing links to what follows', () => hold(leaf + direct, mesh.rootPem)],
    ['an empty bundle', () => hold(direct, '', 'direct')],
  ])('refuses %s', (_what, attempt) => {
    expect(attempt).toThrow('does not fit the key');
  });
});
