/** Files of sections: placement, sharing of strings, and the limit. */
import { expect, test } from 'vitest';

import { DtaError } from './errors.ts';
import { RESERVED_BYTES } from './layout.ts';
import { align8, Records, StringTable, writeSectionFile } from './section-file.ts';

const file = (bytes: number, maxBytes: number) =>
  writeSectionFile({
    what: 'the file',
    magic: 0x01020304,
    headerBytes: 16,
    header: (view) => view.setUint32(12, 7, true),
    sections: [
      { kind: 1, bytes: new Uint8Array(bytes).fill(0xff), count: bytes },
      { kind: 2, bytes: Uint8Array.of(9, 9, 9, 9), count: 1 },
    ],
    maxBytes,
  });

test('sections stand behind header and table, each on a multiple of 8', () => {
  const payload = Buffer.from(file(3, 4096).subarray(RESERVED_BYTES));
  const words = Array.from({ length: 12 }, (_, i) => payload.readUInt32LE(i * 4));
  expect(words).toEqual([0x01020304, 0x0002_0003, 64, 7, 1, 48, 3, 3, 2, 56, 4, 1]);
  expect(payload.subarray(48).toString('hex')).toBe('ffffff00000000000909090900000000');
});

test('a file of exactly the limit is written, one byte more is refused with its size', () => {
  expect(file(8, RESERVED_BYTES + 64)).toHaveLength(RESERVED_BYTES + 64);
  expect(() => file(9, RESERVED_BYTES + 64)).toThrow(DtaError);
  expect(() => file(9, RESERVED_BYTES + 64)).toThrow(
    'the file would have 584 bytes, at most 576 are allowed',
  );
});

test('strings are stored once, in UTF-8', () => {
  const strings = new StringTable();
  expect(strings.intern('é')).toEqual({ off: 0, len: 2 });
  expect(strings.intern('a')).toEqual({ off: 2, len: 1 });
  expect(strings.intern('é')).toEqual({ off: 0, len: 2 });
  expect(strings.intern('')).toEqual({ off: 0, len: 0 });
  expect(Buffer.from(strings.bytes()).toString()).toBe('éa');
});

test('what ends a text that comes once is shared, unless it is there already', () => {
  const strings = new StringTable();
  const view = new DataView(new ArrayBuffer(8));
  const spanAt = () => ({ off: view.getUint32(0, true), len: view.getUint32(4, true) });
  strings.putOnce(view, 0, 'p/', 'rüle');
  expect(spanAt()).toEqual({ off: 0, len: 7 });
  expect(strings.intern('rüle')).toEqual({ off: 2, len: 5 });
  strings.putOnce(view, 0, 'q/', 'rüle');
  expect(spanAt()).toEqual({ off: 7, len: 7 });
  expect(strings.intern('rüle')).toEqual({ off: 2, len: 5 });
  expect(Buffer.from(strings.bytes()).toString()).toBe('p/rüleq/rüle');
});

test('strings of any length fit', () => {
  const strings = new StringTable();
  const texts = ['a', 'é'.repeat(3_000), 'b'.repeat(100_000), 'c'];
  for (const text of texts) strings.intern(text);
  expect(Buffer.from(strings.bytes()).toString()).toBe(texts.join(''));
  expect(strings.length).toBe(106_002);
});

test('records keep their content as the table grows', () => {
  const records = new Records(8);
  for (let i = 0; i < 1000; i++) records.add((view, at) => view.setUint32(at, i, true));
  const { bytes, count } = records.section(1);
  expect(count).toBe(1000);
  expect(Buffer.from(bytes).readUInt32LE(999 * 8)).toBe(999);
  expect(Buffer.from(bytes).readUInt32LE(17 * 8)).toBe(17);
});

test('align8', () => {
  expect([0, 1, 8, 9].map(align8)).toEqual([0, 8, 8, 16]);
});
