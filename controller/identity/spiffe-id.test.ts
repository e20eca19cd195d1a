/** The SPIFFE ID grammar against the shared cases, and our own form. */
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { checkLabels, checkName } from './names.ts';
import {
  checkTrustDomain,
  formatMeshIdentity,
  parseMeshIdentity,
  parseSpiffeId,
} from './spiffe-id.ts';

interface Case {
  readonly id: string;
  readonly valid: boolean;
}

const casesFile = new URL('../../../shared/cases/spiffe-ids.json', import.meta.url);
const uuid = '0b5f3d0e-6f0a-4a43-9c65-1f6a2f5f8d11';
const own = `spiffe://mesh.test/env/prod/team/payments/svc/checkout/i/${uuid}`;

describe('parseSpiffeId', () => {
  it('decides every shared case', () => {
    const cases: Case[] = JSON.parse(readFileSync(casesFile, 'utf8'));
    const wrong = cases.filter(({ id, valid }) => parseSpiffeId(id).ok !== valid);
    expect(cases).toHaveLength(535);
    expect(wrong).toEqual([]);
  });

  it('gives the parts', () => {
    const parts = { ok: true, trustDomain: 'mesh.test', segments: ['a', 'b'] };
    expect(parseSpiffeId('spiffe://mesh.test/a/b')).toEqual(parts);
  });

  it.each([
    [`spiffe://${'a'.repeat(255)}`, true],
    [`spiffe://${'a'.repeat(256)}`, false],
    [`spiffe://a/${'b'.repeat(2037)}`, true],
    [`spiffe://a/${'b'.repeat(2038)}`, false],
    ['spiffe://Mesh.test/a', false],
    ['spiffe://mesh.test:443/a', false],
    ['spiffe://u@mesh.test/a', false],
    ['spiffe://mesh.test/a?b', false],
    ['spiffe://mesh.test/a#b', false],
    ['spiffe://mesh.test\n', false],
    ['spiffe://mesh.test/a\n', false],
  ])('%.60s is %s', (id, valid) => {
    expect(parseSpiffeId(id).ok).toBe(valid);
  });
});

describe('parseMeshIdentity', () => {
  it('reads what formatMeshIdentity writes', () => {
    const identity = parseMeshIdentity(own);
    expect(identity).toEqual({
      trustDomain: 'mesh.test',
      environment: 'prod',
      team: 'payments',
      service: 'checkout',
      instance: uuid,
    });
    expect(identity && formatMeshIdentity(identity)).toBe(own);
  });

  it.each([
    own.replace(uuid, uuid.toUpperCase()),
    own.replace(uuid, uuid.replaceAll('-', '')),
    own.replace('/env/', '/Env/'),
    own.replace('prod', 'p'.repeat(64)),
    own.replace('prod', '..'),
    own.replace('/team/payments', ''),
    `${own}/more`,
    `${own}/`,
    own.replace('spiffe:', 'https:'),
  ])('refuses %s', (id) => {
    expect(parseMeshIdentity(id)).toBeUndefined();
  });
});

describe('names', () => {
  it.each([
    ['', 'is empty'],
    ['.', 'is a step in a path'],
    ['..', 'is a step in a path'],
    ['a/b', 'has a `/`'],
    ['a b', 'has U+0020'],
    ['a,b', 'has a `,`'],
    ['a\0b', 'has U+0000'],
    ['ü', 'has U+00FC'],
    ['a\n', 'has U+000A'],
    ['a`b', 'has U+0060'],
    ['😀', 'has U+1F600'],
    ['x'.repeat(64), 'has 64 characters, more than 63'],
  ])('refuses %j and says why', (name, why) => {
    expect(() => checkName('team', name)).toThrow(`is not a name: it ${why}`);
  });

  it('sorts labels and keeps a label called __proto__', () => {
    const labels = JSON.parse('{"tier":"web","__proto__":"x","app":"y"}');
    expect(Object.keys(checkLabels(labels))).toEqual(['__proto__', 'app', 'tier']);
  });

  it('takes 16 labels and refuses 17', () => {
    const labels = (n: number) =>
      Object.fromEntries(Array.from({ length: n }, (_, i) => [`l${i}`, 'v']));
    expect(Object.keys(checkLabels(labels(16)))).toHaveLength(16);
    expect(() => checkLabels(labels(17))).toThrow('17 labels are more than 16');
    expect(() => checkLabels({ tier: '' })).toThrow('value of label `tier`');
  });

  it.each(['', 'Mesh', 'mesh/x', 'a'.repeat(256)])('refuses trust domain %.20s', (text) => {
    expect(() => checkTrustDomain(text)).toThrow(/trust domain/);
  });

  it('says that upper case is what is wrong with a trust domain', () => {
    expect(() => checkTrustDomain('Mesh.Test')).toThrow('has upper-case letters');
  });
});
