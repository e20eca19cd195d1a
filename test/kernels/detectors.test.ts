/** Each detector on values that it must find and on their near misses; what stands around them; other characters. */
import { describe, expect, test } from 'vitest';

import {
  allKinds,
  detectorKinds,
  type KindName,
  kindNames,
  loadDetectKernel,
} from './detect-kernel.ts';
import { invalid, valid } from './detect-values.ts';

const kernel = await loadDetectKernel();
const all = kernel.set(Object.fromEntries(allKinds.map((name) => [name, 1])));

/** What a detector alone finds in a text. */
function find(kind: KindName, text: string): string[] {
  const set = kernel.set({ [kind]: 1 });
  const units = kernel.units(text);
  const chars = [...text];
  const found = kernel.scan(set, units);
  expect(kernel.scanWindows(set, units, () => 1)).toEqual(found);
  kernel.exports.give(set);
  return found.map(({ start, end }) => chars.slice(start, end).join(''));
}

describe.each(Object.entries(valid) as [KindName, string[]][])('%s', (kind, values) => {
  test.each(values)('%s', (value) => {
    for (const [before, after] of [
      ['', ''],
      ['x: ', ' and more'],
      ['("', '").'],
      ['\u4e2d', '\u4e2d'],
    ]) {
      // A mail address may have such characters.
      if (kind === 'Email' && before === '\u4e2d') continue;
      expect(find(kind, before + value + after)).toEqual([value]);
    }
  });

  test.each(invalid[kind] ?? [])('not %s', (text) => expect(find(kind, text)).toEqual([]));

  test('every kind has near misses', () => expect(invalid[kind]?.length).toBeGreaterThan(1));
});

test('every kind has values', () =>
  expect(Object.keys(valid).sort()).toEqual([...allKinds].sort()));

test('other digits, spaces and hyphens, and characters that are not there', () => {
  const rows: [KindName, string][] = [
    [
      'Card',
      '\uff14\uff11\uff11\uff11 \u0661\u0661\u0661\u0661\u00a0\u{1d7d9}\u{1d7d9}\u{1d7d9}\u{1d7d9}\u20111111',
    ],
    ['Card', '4111\u200b1111\u200b1111\u200b1111'],
    ['Card', '4\u00ad111111111111111'],
    // Longer than what windows hold back.
    ['Card', [...'6304000000000000125'].join('\u200b\u200b\u200b')],
    ['Card', '4111\u200b-\u200b1111 1111 1111'],
    ['Iban', 'DE89\u00a03704\u00a00044\u00a00532\u00a00130\u00a000'],
    ['Iban', '\uff24\uff25\uff18\uff193704\u200b0044053201300\u200b0'],
    ['Ssn', '123\u201145\u20116789'],
    ['BrCpf', '529\u200b.982.247-25'],
    ['EsDni', '1234\u200b5678Z'],
    ['Email', 'bob\uff20example\uff0ecom'],
    ['Email', 'bob@ex\u00e4mple.de'],
    ['Email', '\u4f8b@\u4f8b\u5b50.\u516c\u53f8'],
    ['Phone', '\uff0b49 30 \u0967\u0968\u0969\u096a\u096b\u096c\u096d'],
  ];
  for (const [kind, text] of rows) expect(find(kind, text)).toEqual([text]);
});

test('nothing in what only looks like something', () => {
  const texts = [
    'on 2024-01-02 at 10:30:45, v1.2.3-beta.4+build.567, 12.50 EUR, $1,234,567.89',
    'order 12345678, invoice 2024/00012345, 3.141592653589793, -122.41941550000001',
    '550e8400-e29b-41d4-a716-446655440000 d41d8cd98f00b204e9800998ecf8427e',
    'da39a3ee5e6b4b0d3255bfef95601890afd80709 sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '2024-01-02T10:30:45.123456Z 1704191445 1704191445123 PT15M 00:00:00.000',
    'std::vector<int> a = b::c; x-y_z /usr/local/share/doc/README.md index.html#top',
    'getUserAccountByIdentifier2 THE_QUICK_BROWN_FOX_4 application/vnd.oci.image.manifest.v1+json',
    'user@localhost @mention me@ a@b foo@bar.c1 call me at 10:30, tel aviv 2024-01-02',
    'eyJhbGciOi.short sk-some-long-css-class-name-that-goes-on-for-ever AKIAIOSFODNN7',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    '+1 555 123 456 +999123456780 + 12345678 c++ 11 0x1f 1e10 1.2.3.4.5 v1.2.3.4 256.1.1.1',
  ];
  for (const text of texts) {
    expect([
      text,
      kernel.scan(all, kernel.units(text)).map(({ kinds }) => kindNames(kinds)),
    ]).toEqual([text, []]);
  }
});

test('a set keeps the greatest strength, and only of kinds that exist', () => {
  const set = kernel.exports.openSet();
  for (const kind of [0, 13, 15, 36, 55, 56, 64, 1000]) kernel.exports.enable(set, kind, 3);
  kernel.exports.enable(set, detectorKinds.Email, 0);
  expect(kernel.scan(set, kernel.units('bob@example.com 4111111111111111'))).toEqual([]);
  for (const strength of [3, 9, 5]) kernel.exports.enable(set, detectorKinds.Card, strength);
  expect(kernel.exports.strength(set, detectorKinds.Card)).toBe(9);
  expect(kernel.scan(set, kernel.units('4111111111111111'))).toEqual([
    { start: 0, end: 16, strength: 9, kinds: 2n },
  ]);
});

test('a match is the union of what overlaps, with the greatest strength', () => {
  const set = kernel.set({ Card: 7, Email: 3, Ssn: 5 });
  const text = 'x 123-45-6789@example.com 4111111111111111@a.de';
  expect(kernel.scan(set, kernel.units(text))).toEqual([
    { start: 2, end: 25, strength: 5, kinds: (1n << 3n) | (1n << 5n) },
    { start: 26, end: 47, strength: 7, kinds: 2n | (1n << 3n) },
  ]);
});
