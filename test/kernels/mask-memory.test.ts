/** The masker's memory: it does not grow with use, is given back, and lack of it is a status. */
import { expect, test } from 'vitest';

import { loadKernel } from './kernel.ts';
import { buildMaskBlob, type Profile } from './mask-blob.ts';

const redact: Profile = { paths: [{ path: '$', rule: { operator: 'Redact' } }] };
const pages = (memory: WebAssembly.Memory): number => memory.buffer.byteLength >> 16;

test('memory is flat over many bodies', async () => {
  const kernel = await loadKernel();
  const document = `[${'{"a":1,"b":"4111 1111 1111 1111"},'.repeat(2000)}0]`;
  for (let i = 0; i < 20; i++) kernel.mask(redact, document);
  const before = pages(kernel.exports.memory);
  for (let i = 0; i < 500; i++) kernel.mask(redact, document);
  expect(pages(kernel.exports.memory)).toBe(before);
});

test('a big output block is given back by the next small body', async () => {
  const kernel = await loadKernel();
  const big = `"${'x'.repeat(12 << 20)}"`;
  expect(kernel.mask({}, big).status).toBe('ok');
  expect(kernel.mask({}, '1').status).toBe('ok');
  const before = pages(kernel.exports.memory);
  expect(kernel.place(new Uint8Array(8 << 20))).not.toBe(0);
  expect(pages(kernel.exports.memory)).toBe(before);
});

test('no room is a status, for this call and the ones after it; another masker goes on', async () => {
  const kernel = await loadKernel();
  const { exports } = kernel;
  const blob = kernel.place(buildMaskBlob({}));
  const masker = exports.open(blob, 0n, 0, 0, 0, 0, 0);
  const other = exports.open(blob, 0n, 0, 0, 0, 0, 0);
  const document = Buffer.from(`[${'0,'.repeat(200_000)}0]`);
  const src = kernel.place(document);
  for (const size of [32 << 20, 1 << 20, 65_536, 16_368]) while (exports.take(size) !== 0);
  expect(exports.feed(masker, src, document.length, 1)).toBe(2);
  expect(exports.feed(masker, src, 1, 1)).toBe(2);
  exports.give(masker);
  exports.give(src);
  const small = kernel.place(Buffer.from('[1]'));
  expect(exports.feed(other, small, 3, 1)).toBe(0);
  expect(exports.outLen()).toBe(3);
});

test('an embedded document has a state of its own, which is given back', async () => {
  const kernel = await loadKernel();
  const profile: Profile = { names: [{ name: 'a', rule: { operator: 'Redact' } }] };
  const document = `[${'"{\\"a\\":[1,2]}","[","{\\"b\\":","text",'.repeat(200)}0]`;
  for (let i = 0; i < 20; i++) kernel.mask(profile, document);
  const before = pages(kernel.exports.memory);
  for (let i = 0; i < 300; i++) {
    expect(kernel.mask(profile, document).status).toBe('ok');
    // A body that ends in the middle of a document gives its state back, too.
    kernel.mask(profile, [Buffer.from('["{\\"a\\":'), Buffer.alloc(0)]);
  }
  expect(pages(kernel.exports.memory)).toBe(before);
});

test('no room for the state of an embedded document is a status of its own', async () => {
  const kernel = await loadKernel();
  const { exports } = kernel;
  const blob = kernel.place(
    buildMaskBlob({ names: [{ name: 'a', rule: { operator: 'Redact' } }] }),
  );
  const masker = exports.open(blob, 0n, 0, 0, 0, 0, 0);
  const first = kernel.place(Buffer.from('["x",'));
  expect(exports.feed(masker, first, 5, 0)).toBe(0);
  const src = kernel.place(Buffer.from('"{}"]'));
  // Blocks of the size of a state too: one may lie ready from before.
  for (const size of [32 << 20, 1 << 20, 65_536, 32_704, 16_368, 4_096, 1_024]) {
    while (exports.take(size) !== 0);
  }
  expect(exports.feed(masker, src, 5, 1)).toBe(2);
});

test('a state and that of a document inside are 64 KiB at most', async () => {
  const kernel = await loadKernel();
  const { exports } = kernel;
  const blob = kernel.place(buildMaskBlob({}));
  const maskers = [0, 1].map(() => exports.open(blob, 0n, 0, 0, 0, 0, 0));
  const [first = 0, second = 0] = maskers;
  expect(2 * Math.abs(second - first)).toBeLessThanOrEqual(65_536);
});
