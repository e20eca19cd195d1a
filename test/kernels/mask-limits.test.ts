/** Documents at the limits of the masker: how deep, how many, how large the output. */
import { expect, test } from 'vitest';

import { loadKernel } from './kernel.ts';
import { buildMaskBlob, type Profile } from './mask-blob.ts';

const kernel = await loadKernel();
const redact: Profile = { paths: [{ path: '$', rule: { operator: 'Redact' } }] };

/** A document in pieces of a size. */
function pieces(text: string, size: number): Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

test('512 levels are read, 513 are not, whatever is masked', () => {
  const profiles: Profile[] = [
    {},
    redact,
    { paths: [{ path: '$.**.a', rule: { operator: 'Drop' } }] },
    { paths: [{ path: '$.**[1]', rule: { operator: 'Null' } }] },
    { card: { operator: 'Redact' } },
  ];
  const nested = (levels: number, open: string, close: string): string =>
    `${open.repeat(levels)}1${close.repeat(levels)}`;
  for (const profile of profiles) {
    for (const size of [1, 7, 100_000]) {
      for (const [open, close] of [
        ['[', ']'],
        ['{"b":', '}'],
        ['[ ', ' ]'],
      ] as const) {
        expect(kernel.mask(profile, pieces(nested(512, open, close), size)).status).toBe('ok');
        expect(kernel.mask(profile, pieces(nested(513, open, close), size)).status).toBe(
          'malformed',
        );
      }
    }
  }
});

test('4,096 active nodes are kept, more are too tangled', () => {
  // `**` stays active, and with it each step that the last 13 levels may have been.
  const steps = 13;
  const profile: Profile = {
    paths: [{ path: `$.**${'.k'.repeat(steps)}.z`, rule: { operator: 'Redact' } }],
  };
  const active = (level: number): number => (level === 0 ? 2 : 1 + Math.min(level, steps));
  let levels = 0;
  for (let sum = active(0); sum + active(levels + 1) <= 4_096; levels++) sum += active(levels + 1);
  expect(levels).toBeGreaterThan(200);
  expect(levels).toBeLessThan(512);
  const deep = (count: number): string => `${'{"k":'.repeat(count)}"v"${'}'.repeat(count)}`;
  expect(kernel.mask(profile, deep(levels)).status).toBe('ok');
  expect(kernel.mask(profile, deep(levels + 1)).status).toBe('malformed');
});

test('100,000 members, masked and dropped by name', () => {
  const members = Array.from({ length: 100_000 }, (_, i) => `"key${i}":${i}`);
  const text = `{${members.join(',')}}`;
  const profile = (operator: 'Null' | 'Drop'): Profile => ({
    names: [{ name: 'key-99999', mode: 'Exact', rule: { operator } }],
    paths: [{ path: '$.key77777', rule: { operator } }],
  });
  for (const size of [text.length, 5_003]) {
    const nulled = kernel.mask(profile('Null'), pieces(text, size)).output.toString();
    expect(nulled === text.replace('"key77777":77777', '"key77777":null')).toBe(true);
    const dropped = kernel.mask(profile('Drop'), pieces(text, size)).output.toString();
    expect(dropped === text.replace('"key77777":77777,', '')).toBe(true);
  }
});

test('the worst growth: every digit becomes 64 characters that are escaped twice', async () => {
  const text = '"\\'.repeat(32);
  const replace: Profile = {
    paths: [{ path: '$.**.a', rule: { operator: 'Replace', text } }],
  };
  const written = JSON.stringify(text);
  const inner = `{"a":[${'0,'.repeat(3_000)}0]}`;
  const masked = inner.replaceAll('0', written);
  // A kernel of its own: its block is still small and grows with the body. It throws when the output is over it.
  const fresh = await loadKernel();
  expect(fresh.text(replace, inner) === masked).toBe(true);
  const document = `{"p":${JSON.stringify(inner)},"q":${JSON.stringify(inner)}}`;
  const expected = `{"p":${JSON.stringify(masked)},"q":${JSON.stringify(masked)}}`;
  for (const size of [document.length, 1_000, 1]) {
    const other = await loadKernel();
    expect(other.mask(replace, pieces(document, size)).output.toString() === expected).toBe(true);
  }
  const found: Profile = { card: { operator: 'Replace', text } };
  const cards = `["${'4111111111111111 '.repeat(2_000)}"]`;
  expect(
    kernel.text(found, cards) === cards.replaceAll('4111111111111111', written.slice(1, -1)),
  ).toBe(true);
});

test('what is held is bounded, whatever is read', () => {
  const profiles: Profile[] = [
    { card: { operator: 'KeepLast', keep: 4 } },
    { paths: [{ path: '$.**', rule: { operator: 'Token' } }] },
    {
      names: [{ name: 'a', rule: { operator: 'Drop' } }],
      card: { operator: 'Token' },
    },
  ];
  const strings = [
    '4111 '.repeat(4_000),
    '\\ud83d\\ude00'.repeat(3_000),
    '[1,'.repeat(5_000),
    '{\\"a\\":'.repeat(400),
    '\\u007b'.repeat(4_000),
    '\\\\'.repeat(9_000),
  ];
  const texts = [
    ...strings.map((body) => `["${body}"]`),
    ...strings.map((body) => `{"${body}":1,"a":"${body}"}`),
    `[${'1'.repeat(20_000)}]`,
    `{"x":1${' '.repeat(20_000)},${' '.repeat(20_000)}"y":2}`,
  ];
  for (const profile of profiles) {
    const blob = buildMaskBlob(profile);
    for (const text of texts) {
      const { status, held, output } = kernel.mask(blob, pieces(text, 1));
      expect(held).toBeLessThanOrEqual(12_288);
      if (status === 'ok') JSON.parse(output.toString());
    }
  }
});
