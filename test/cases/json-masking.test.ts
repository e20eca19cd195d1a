/**
 * The JSON test suite and real documents through the masking kernel: what must parse stays byte for byte where nothing is
 * masked, what must not parse is refused, whatever is masked and however the body is cut.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { loadKernel, type Masked } from '../kernels/kernel.ts';
import { buildMaskBlob, type Profile } from '../kernels/mask-blob.ts';
import { isCard } from '../kernels/mask-oracle-cards.ts';
import { jsonCases } from './shared-cases.ts';

const kernel = await loadKernel();
/** Index of the profile that looks for cards. */
const CARDS = 4;
const redact = { operator: 'Redact' } as const;
/** Profiles of which nothing in the documents is masked: one for each way through the masker. */
const idle: Profile[] = [
  {},
  {
    paths: [{ path: '$.never.there', rule: redact }],
    names: [{ name: 'never-there', rule: redact }],
  },
  { paths: [{ path: '$.**.never', rule: redact }] },
  { names: [{ name: 'never', rule: { operator: 'Drop' } }] },
  { detectors: [{ kind: 'Card', rule: redact }] },
  { paths: [{ path: '$', rule: { operator: 'Redact', labels: 1n } }] },
];
/** And some under which everything is. */
const all: Profile[] = [
  { paths: [{ path: '$', rule: redact }] },
  { paths: [{ path: '$', rule: { operator: 'Drop' } }] },
  { paths: [{ path: '$', rule: { operator: 'Token' } }], card: redact },
];
const clearance = 1n;

function shapes(blob: Buffer, bytes: Uint8Array): Masked[] {
  const cut = (size: number): Uint8Array[] =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.subarray(i * size, (i + 1) * size),
    );
  return [[bytes], cut(1), cut(7), [...cut(16), new Uint8Array()]].map((pieces) =>
    kernel.mask(blob, pieces, clearance),
  );
}

const idleBlobs = idle.map(buildMaskBlob);
const allBlobs = all.map(buildMaskBlob);

test('the suite is whole', () => {
  expect((['y', 'n', 'i'] as const).flatMap((kind) => jsonCases(kind)).length).toBe(318);
});

test.each(jsonCases('y'))('$name', ({ bytes }) => {
  for (const blob of idleBlobs) {
    for (const { status, output, count } of shapes(blob, bytes)) {
      expect([status, count]).toEqual(['ok', 0]);
      expect(output.equals(bytes)).toBe(true);
    }
  }
  for (const blob of allBlobs) {
    const [whole, ...pieces] = shapes(blob, bytes).map(({ output }) => output.toString());
    JSON.parse(whole ?? '');
    expect(pieces).toEqual(pieces.map(() => whole));
  }
});

// A body of no bytes is no document: there is nothing in it to mask.
test.each(jsonCases('n').filter(({ bytes }) => bytes.length > 0))('$name', ({ bytes }) => {
  for (const blob of [...idleBlobs, ...allBlobs]) {
    for (const { status } of shapes(blob, bytes)) expect(status).toBe('malformed');
  }
  for (const blob of idleBlobs) {
    for (const { output } of shapes(blob, bytes)) {
      expect(Buffer.from(bytes).subarray(0, output.length).equals(output)).toBe(true);
    }
  }
});

test.each(jsonCases('i'))('$name', ({ bytes }) => {
  for (const blob of [...idleBlobs, ...allBlobs]) {
    const statuses = new Set(shapes(blob, bytes).map(({ status }) => status));
    expect(statuses.size).toBe(1);
  }
});

describe('real documents', () => {
  const folder = join(import.meta.dirname, '../../../shared/cases/json-documents');
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

  test('are there', () => expect(names.length).toBeGreaterThanOrEqual(4));

  test.each(names)('%s stays, but for numbers that could be cards', (name) => {
    const bytes = readFileSync(join(folder, name));
    // One in ten of the times in milliseconds has the check digit of a card.
    const numbers = /(?<=[:[,]\s*)\d{12,19}(?=\s*[,}\]])/g;
    const found = (bytes.toString().match(numbers) ?? []).filter(isCard).length;
    const masked = Buffer.from(
      bytes.toString().replace(numbers, (number) => (isCard(number) ? '"***"' : number)),
    );
    for (const blob of idleBlobs) {
      const detects = blob === idleBlobs[CARDS];
      for (const size of [bytes.length, 16_384, 997]) {
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        );
        const { status, output, count } = kernel.mask(blob, pieces, clearance);
        expect([status, count]).toEqual(['ok', detects ? found : 0]);
        expect(output.equals(detects ? masked : bytes)).toBe(true);
      }
    }
  });
});
