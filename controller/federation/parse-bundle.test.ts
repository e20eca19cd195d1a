/** Bundles as others may write them. */
import { X509Certificate } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';

import { Authority } from '../identity/authority.ts';
import { BUNDLE_ROOTS_MAX, parseBundle } from './parse-bundle.ts';
import { writeBundle } from './write-bundle.ts';

let first: Record<string, unknown>;
let second: Record<string, unknown>;
let leaf: string;
let rootPem: string;
beforeAll(async () => {
  const nowMs = Date.now();
  const made = [await Authority.make('b.test', nowMs), await Authority.make('b.test', nowMs)];
  rootPem = made.map((authority) => authority.rootPem).join('');
  const { keys } = JSON.parse(writeBundle({ rootPem, sequence: 7, refreshHintSeconds: 60 }));
  [first, second] = keys;
  const [authority] = made;
  const spki = new X509Certificate(rootPem).publicKey.export({ type: 'spki', format: 'der' });
  const identity = { trustDomain: 'b.test', environment: 'p', team: 't', service: 's' };
  const instance = '00000000-0000-4000-8000-00000000000a';
  const issued = authority?.issueNow({
    ...{ publicKeySpki: spki, identity: { ...identity, instance } },
    ...{ labels: {}, ttlMs: 60_000, nowMs },
  });
  leaf = issued?.der.toString('base64') ?? '';
});

const documentOf = (keys: unknown, rest = {}) => JSON.stringify({ keys, ...rest });

test('our own bundle says what it was made of', () => {
  const text = writeBundle({ rootPem, sequence: 7, refreshHintSeconds: 60 });
  const { roots, sequence, refreshHintSeconds } = parseBundle(text);
  expect(roots.map(({ pem }) => pem).join('')).toBe(rootPem);
  expect({ sequence, refreshHintSeconds }).toEqual({ sequence: 7, refreshHintSeconds: 60 });
});

test('keys of other uses are passed over, and no keys trust nobody', () => {
  const others = [{ use: 'jwt-svid', kty: 'EC', kid: 'x' }, { kty: 'EC' }, { use: 'new' }];
  expect(parseBundle(documentOf([...others, first])).roots).toHaveLength(1);
  expect(parseBundle(documentOf(others)).roots).toEqual([]);
  expect(parseBundle(documentOf([]))).toEqual({
    roots: [],
    sequence: undefined,
    refreshHintSeconds: undefined,
  });
});

test.each<[string, () => string, RegExp]>([
  ['no JSON', () => '{', /the bundle is no JSON/],
  ['a list', () => '[]', /the bundle is no JSON object/],
  ['no keys', () => '{}', /`keys` of the bundle is not an array/],
  ['too long', () => documentOf([], { x: 'x'.repeat(300_000) }), /is longer than/],
  ['a key that is none', () => documentOf([first, 'x']), /`keys\[1\]` of the bundle is no object/],
  ['another kind', () => documentOf([{ ...first, kty: 'oct' }]), /`keys\[0\].kty`.*`"oct"`/],
  ['no kind', () => documentOf([{ ...first, kty: undefined }]), /`keys\[0\].kty`.* is missing/],
  ['no x5c', () => documentOf([{ ...first, x5c: undefined }]), /`keys\[0\].x5c`.* is no array/],
  ['an empty x5c', () => documentOf([{ ...first, x5c: [] }]), /`keys\[0\].x5c`.* has 0 entries/],
  ['a chain', () => documentOf([{ ...first, x5c: ['AA==', 'AA=='] }]), /has 2 entries/],
  [
    'no base64',
    () => documentOf([{ ...first, x5c: ['-----'] }]),
    /`keys\[0\].x5c\[0\]`.* is no base64/,
  ],
  ['no certificate', () => documentOf([{ ...first, x5c: ['AAAA'] }]), /is no certificate/],
  [
    'bytes behind',
    () => {
      const [text] = first.x5c as string[];
      const bytes = Buffer.concat([Buffer.from(text ?? '', 'base64'), Buffer.from([0])]);
      return documentOf([{ ...first, x5c: [bytes.toString('base64')] }]);
    },
    /bytes behind|is no certificate/,
  ],
  [
    'a workload',
    () => documentOf([{ use: 'x509-svid', kty: 'EC', x5c: [leaf] }]),
    /of no authority/,
  ],
  [
    'another key',
    () => documentOf([{ ...first, x: second.x }]),
    /`keys\[0\].x`.* not that of the cert/,
  ],
  ['a root twice', () => documentOf([first, second, first]), /`keys\[2\]`.*keys\[0\] again/],
  ['too many roots', () => documentOf(Array(BUNDLE_ROOTS_MAX + 1).fill(first)), /has 33 roots/],
  ['a broken sequence', () => documentOf([], { spiffe_sequence: -1 }), /`spiffe_sequence`.*`-1`/],
  ['a broken hint', () => documentOf([], { spiffe_refresh_hint: '5' }), /`spiffe_refresh_hint`/],
])('refused: %s', (_, document, message) => {
  expect(() => parseBundle(document())).toThrowError(message);
});
