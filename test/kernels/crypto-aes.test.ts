/** AES-128, AES-CMAC, AES-SIV and base64url of the module: published vectors, and node:crypto on random input. */
import { createCipheriv, randomBytes, randomInt } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { deriveAesTables } from './aes-tables.ts';
import { loadCryptoKernel } from './crypto-kernel.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** FIPS 197, appendices B and C.1; NIST SP 800-38A, F.1.1. */
const aesVectors: readonly [string, string, string, string][] = [
  [
    'FIPS 197 B',
    '2b7e151628aed2a6abf7158809cf4f3c',
    '3243f6a8885a308d313198a2e0370734',
    '3925841d02dc09fbdc118597196a0b32',
  ],
  [
    'FIPS 197 C.1',
    '000102030405060708090a0b0c0d0e0f',
    '00112233445566778899aabbccddeeff',
    '69c4e0d86a7b0430d8cdb78070b4c55a',
  ],
  [
    'SP 800-38A F.1.1',
    '2b7e151628aed2a6abf7158809cf4f3c',
    'f69f2445df4f9b17ad2b417be66c3710',
    '7b0c785e27e8ad3f8223207104725dd4',
  ],
];

/** RFC 4493, section 4: lengths of one message. */
const cmacKey = hex('2b7e151628aed2a6abf7158809cf4f3c');
const cmacMessage = hex(
  '6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51' +
    '30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710',
);
const cmacVectors: readonly [number, string][] = [
  [0, 'bb1d6929e95937287fa37d129b756746'],
  [16, '070a16b46b4d4144f79bdd9dd04a287c'],
  [40, 'dfa66747de9ae63030ca32611497c827'],
  [64, '51f0bebf7e3b9d92fc49741779363cfe'],
];

const runs = Math.min(Number(process.env.FUZZ_RUNS ?? 400), 20_000);

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadCryptoKernel(target);

  test.each(aesVectors)('AES-128, %s', (_name, key, text, expected) => {
    expect(kernel.aes(hex(key), hex(text)).toString('hex')).toBe(expected);
  });

  test('AES-128 has the tables that the field gives', () => {
    const { aesTables, aesTableBytes } = kernel.exports;
    const expected = deriveAesTables();
    expect(aesTableBytes()).toBe(expected.length);
    expect(kernel.read(aesTables(), expected.length)).toEqual(expected);
  });

  test('AES-128 agrees with node:crypto, every byte value at every place included', () => {
    const check = (key: Buffer, text: Buffer): void => {
      const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
      expect(kernel.aes(key, text).equals(cipher.update(text))).toBe(true);
    };
    for (let value = 0; value < 256; value++) {
      check(Buffer.alloc(16, value), Buffer.alloc(16));
      check(Buffer.alloc(16), Buffer.alloc(16, value));
    }
    for (let run = 0; run < runs; run++) check(randomBytes(16), randomBytes(16));
  });

  test.each(cmacVectors)('RFC 4493, %i bytes', (len, expected) => {
    expect(kernel.cmac(cmacKey, cmacMessage.subarray(0, len)).toString('hex')).toBe(expected);
  });

  test('RFC 4493, subkeys', () => {
    const prepared = Buffer.alloc(kernel.exports.cmacKeyBytes());
    kernel.use([prepared, cmacKey], (p, k) => {
      kernel.exports.cmacPrepare(p.ptr, k.ptr);
      const subkeys = kernel.read(p.ptr + 176, 32).toString('hex');
      expect(subkeys).toBe('fbeed618357133667c85e08f7236a8def7ddac306ae266ccf90bc11ee46d513b');
    });
  });

  test('RFC 5297, A.1', () => {
    const key = hex('fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0 f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff');
    const ad = hex('101112131415161718191a1b1c1d1e1f2021222324252627');
    const text = hex('112233445566778899aabbccddee');
    expect(kernel.siv(key, ad, text).toString('hex')).toBe(
      '85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c',
    );
  });

  test('RFC 5297, A.2: three associated strings', () => {
    const key = hex('7f7e7d7c7b7a79787776757473727170 404142434445464748494a4b4c4d4e4f');
    const strings = [
      hex('00112233445566778899aabbccddeeffdeaddadadeaddadaffeeddccbbaa99887766554433221100'),
      hex('102030405060708090a0'),
      hex('09f911029d74e35bd84156c5635688c0'),
    ];
    const framed = Buffer.concat(strings.flatMap((s) => [Buffer.of(s.length, 0), s]));
    const text = Buffer.from('this is some plaintext to encrypt using SIV-AES');
    const out = kernel.use([key, framed, text, Buffer.alloc(16 + text.length)], (k, s, t, o) => {
      const { sivEncryptAll } = kernel.exports;
      return kernel.read(o.ptr, sivEncryptAll(k.ptr, s.ptr, s.len, t.ptr, t.len, o.ptr));
    });
    expect(out.toString('hex')).toBe(
      '7bdb6e3b432667eb06f4d14bff2fbd0fcb900f2fddbe404326601965c889bf17' +
        'dba77ceb094fa663b7a3f748ba8af829ea64ad544a272e9c485b62a3fd5c0d',
    );
  });

  test('AES-SIV takes 1,024 bytes and refuses more', () => {
    const key = randomBytes(32);
    expect(kernel.siv(key, Buffer.from('x'), randomBytes(1024))).toHaveLength(1040);
    expect(kernel.siv(key, Buffer.from('x'), randomBytes(1025))).toHaveLength(0);
    expect(kernel.siv(key, Buffer.alloc(0), Buffer.alloc(0))).toHaveLength(16);
  });

  test('AES-SIV keeps a schedule for exactly as long as the key is the same', () => {
    const text = Buffer.from('4111111111111111');
    const ad = Buffer.from('PCI');
    const keys = [Buffer.alloc(32), randomBytes(32)];
    // One bit, in each half.
    for (const at of [0, 31]) {
      const near = Buffer.from(keys[1] ?? []);
      near[at] = (near[at] ?? 0) ^ 1;
      keys.push(near);
    }
    const first = keys.map((key) => kernel.siv(key, ad, text).toString('hex'));
    expect(new Set(first).size).toBe(keys.length);
    const again = keys.toReversed().map((key) => kernel.siv(key, ad, text).toString('hex'));
    expect(again.toReversed()).toEqual(first);
  });

  test('base64url agrees with node:crypto', () => {
    for (let len = 0; len < 100; len++) {
      const bytes = randomBytes(len);
      expect(kernel.base64url(bytes)).toBe(bytes.toString('base64url'));
    }
    const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    expect(kernel.base64url(all)).toBe(all.toString('base64url'));
    expect(kernel.base64url(randomBytes(randomInt(3000, 4000)))).toMatch(/^[\w-]{4000,}$/);
  });
});
