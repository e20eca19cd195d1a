/** Which certificates an agent takes for its key (chains over intermediates, bundles of several roots), and how it keeps them. */
import {
  chownSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { ForeignAuthority } from '../identity/attestation/attestation.test-data.ts';
import { holdIdentity, keepIdentity, keptIdentity } from './identity.ts';

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

describe('keepIdentity', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'dta-keys-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const held = () => hold(direct, mesh.rootPem, 'direct');

  it('follows no link and takes no file that stands in its way', () => {
    const victim = join(dir, 'victim');
    writeFileSync(victim, 'untouched');
    symlinkSync(victim, join(dir, 'orders.json.new'));
    writeFileSync(join(dir, 'cart.json.new'), '', { mode: 0o644 });
    for (const name of ['orders', 'cart']) {
      keepIdentity(dir, name, held());
      expect(lstatSync(join(dir, `${name}.json`)).mode & 0o170777).toBe(0o100600);
      expect(keptIdentity(dir, name, 0)).toMatchObject({ chainPem: direct });
    }
    expect(readFileSync(victim, 'utf8')).toBe('untouched');
  });

  it.skipIf(process.getuid?.() !== 0)('is not read from the file of another user', () => {
    keepIdentity(dir, 'orders', held());
    chownSync(join(dir, 'orders.json'), 12_345, -1);
    expect(() => keptIdentity(dir, 'orders', 0)).toThrow('belongs to user 12345');
  });
});
