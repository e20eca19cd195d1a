import { describe, expect, it } from 'vitest';

import { decryptFf1 } from './ff1.ts';
import { restoreFormat, restoreNumber } from './preserved-format.ts';

/** NIST, "FF1 samples", 1. */
const fpe = Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex');

describe('decryptFf1', () => {
  it('decrypts sample 1 of NIST', () => {
    const plain = decryptFf1(fpe, 10, [2, 4, 3, 3, 4, 7, 7, 4, 8, 4]);
    expect(plain).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('refuses what the filter never makes', () => {
    expect(decryptFf1(fpe, 10, new Array(5).fill(1))).toBeUndefined();
    expect(decryptFf1(fpe, 10, new Array(6).fill(1))).toHaveLength(6);
    expect(decryptFf1(fpe, 62, new Array(3).fill(1))).toBeUndefined();
    expect(decryptFf1(fpe, 62, new Array(4).fill(1))).toHaveLength(4);
    expect(decryptFf1(fpe, 10, new Array(56).fill(1))).toHaveLength(56);
    expect(decryptFf1(fpe, 10, new Array(57).fill(1))).toBeUndefined();
  });
});

describe('restoreFormat', () => {
  it('leaves separators where they are', () => {
    expect(restoreFormat('24-33 47.74_84', 10, { fpe })).toBe('01-23 45.67_89');
    expect(restoreFormat('+2433477484', 10, { fpe })).toBe('+0123456789');
  });

  it('refuses other characters', () => {
    for (const text of ['243347748x', '2433,477484', '2433477484\n', '', '24334\u{1f511}77484']) {
      expect(restoreFormat(text, 10, { fpe })).toBeUndefined();
    }
    expect(restoreFormat('243347748x', 62, { fpe })).toMatch(/^[0-9a-zA-Z]{10}$/);
  });
});

describe('restoreNumber', () => {
  it('goes on until the first digit is no zero', () => {
    // Sample 1 gives 0123456789: no number, so that it is decrypted once more.
    const once = restoreFormat('0123456789', 10, { fpe }) ?? '';
    const twice = once.startsWith('0') ? restoreNumber(once, { fpe }) : once;
    expect(restoreNumber('2433477484', { fpe })).toBe(twice);
    expect(restoreNumber('-2433477484', { fpe })).toBe(`-${twice}`);
  });

  it('refuses what is no such number', () => {
    for (const text of ['12345', '0123456', '1234567.0', '1e7', '+1234567', '1'.repeat(57)]) {
      expect(restoreNumber(text, { fpe })).toBeUndefined();
    }
  });
});
