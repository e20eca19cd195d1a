import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { deriveMaskKeys } from './derive-mask-keys.ts';

const secret = Buffer.alloc(32, 7);

describe('deriveMaskKeys', () => {
  it('derives as RFC 5869 says', () => {
    const extracted = createHmac('sha256', Buffer.alloc(32)).update(secret).digest();
    const info = Buffer.from('sm-dta mask 3 siv\x01');
    const expected = createHmac('sha256', extracted).update(info).digest();
    expect(Buffer.from(deriveMaskKeys(secret, 3).siv)).toEqual(expected);
  });

  it('gives each purpose, secret and key id a key of its own', () => {
    const all = [
      deriveMaskKeys(secret, 1),
      deriveMaskKeys(secret, 2),
      deriveMaskKeys(Buffer.alloc(32, 8), 1),
    ];
    const keys = all.flatMap(({ hash, siv, fpe, dateShift }) => [hash, siv, fpe, dateShift]);
    expect(keys.map((key) => key.length)).toEqual([32, 32, 16, 8, 32, 32, 16, 8, 32, 32, 16, 8]);
    const heads = keys.map((key) => Buffer.from(key).toString('hex', 0, 8));
    expect(new Set(heads).size).toBe(keys.length);
  });

  it('is the same every time', () => {
    expect(deriveMaskKeys(secret, 65535)).toEqual(deriveMaskKeys(secret, 65535));
  });

  it('refuses other lengths and key ids', () => {
    expect(() => deriveMaskKeys(secret.subarray(1), 1)).toThrow('32 bytes, not 31');
    for (const keyId of [0, 65536, 1.5, -1]) {
      expect(() => deriveMaskKeys(secret, keyId)).toThrow('no key id');
    }
  });
});
