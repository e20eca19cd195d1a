/** The table hash against values computed apart from this code. */
import { expect, test } from 'vitest';

import { hash32 } from './hash32.ts';

test.each([
  ['', 0xab3e7c0b],
  ['a', 0x1a80b1b3],
  ['checkout', 0x4b0bd413],
  ['é', 0x8e4756c7],
])('hash32 of %j', (text, hash) => {
  expect(hash32(Buffer.from(text))).toBe(hash);
});
