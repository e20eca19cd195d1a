import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { decodeText } from './decode-text.ts';

describe('decodeText', () => {
  it.each([
    ['', ''],
    ['/orders/42', '/orders/42'],
    ['/gr\u00fc\u00dfe/\u{1f600}', '/gr\u00fc\u00dfe/\u{1f600}'],
    ['/a\nforged line', '/a%0Aforged line'],
    ['/\u001b[31mred', '/%1B[31mred'],
    ['/\u202eevil', '/%E2%80%AEevil'],
    ['\ufeff/bom', '%EF%BB%BF/bom'],
    ['/a\u2028b', '/a%E2%80%A8b'],
  ])('%j becomes %j', (text, expected) => {
    expect(decodeText(Buffer.from(text))).toBe(expected);
  });

  it.each([
    ['2fff41', '/%FFA'],
    ['2fc3', '/%C3'],
    ['c080', '%C0%80'],
    ['eda080', '%ED%A0%80'],
    ['f09f9841', '%F0%9F%98A'],
    ['f8888080', '%F8%88%80%80'],
  ])('keeps the broken bytes %s readable', (hex, expected) => {
    expect(decodeText(Buffer.from(hex, 'hex'))).toBe(expected);
  });

  it('never throws and never lets a control character through', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(decodeText(bytes)).not.toMatch(/[\p{Cc}\p{Cf}\ufffd]/u);
      }),
      { numRuns: 500 },
    );
  });
});
