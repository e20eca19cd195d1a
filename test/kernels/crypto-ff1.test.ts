/** FF1 of the module: NIST's samples, and an implementation with bigints on random input. */
import { randomBytes, randomInt } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { loadCryptoKernel } from './crypto-kernel.ts';
import { decryptByOracle, encryptByOracle } from './ff1-oracle.ts';

/** NIST, "FF1 samples", 1 to 3: AES-128. */
const key = Buffer.from('2b7e151628aed2a6abf7158809cf4f3c', 'hex');
const samples = [
  { radix: 10, tweak: '', plain: '0123456789', cipher: '2433477484' },
  { radix: 10, tweak: '39383736353433323130', plain: '0123456789', cipher: '6124200773' },
  {
    radix: 36,
    tweak: '3737373770717273373737',
    plain: '0123456789abcdefghi',
    cipher: 'a9tv40mll9kdu509eum',
  },
];

/** Fewest numerals with a million strings, by radix. */
const shortest: readonly [number, number][] = [
  [2, 20],
  [10, 6],
  [26, 5],
  [36, 4],
  [62, 4],
];

const runs = Math.min(Number(process.env.FUZZ_RUNS ?? 300), 20_000);
const numeralsOf = (text: string): number[] => [...text].map((digit) => Number.parseInt(digit, 36));
const randomNumerals = (radix: number, len: number): number[] =>
  Array.from({ length: len }, () => randomInt(radix));

test.each(samples)('the oracle: $radix, $cipher', ({ radix, tweak, plain, cipher }) => {
  const parameters = { key, tweak: Buffer.from(tweak, 'hex'), radix };
  expect(encryptByOracle(parameters, numeralsOf(plain))).toEqual(numeralsOf(cipher));
  expect(decryptByOracle(parameters, numeralsOf(cipher))).toEqual(numeralsOf(plain));
});

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadCryptoKernel(target);

  test.each(samples)('NIST: $radix, $cipher', ({ radix, tweak, plain, cipher }) => {
    const parameters = { key, tweak: Buffer.from(tweak, 'hex'), radix };
    expect(kernel.ff1(parameters, numeralsOf(plain))).toEqual(numeralsOf(cipher));
  });

  test('agrees with the oracle, and is undone by it', () => {
    for (let run = 0; run < runs; run++) {
      const radix = randomInt(2, 63);
      const least = Math.ceil(Math.log(1_000_000) / Math.log(radix));
      const numerals = randomNumerals(radix, randomInt(least, 57));
      const parameters = { key: randomBytes(16), tweak: randomBytes(randomInt(17)), radix };
      const encrypted = kernel.ff1(parameters, numerals);
      expect(encrypted).toEqual(encryptByOracle(parameters, numerals));
      expect(decryptByOracle(parameters, encrypted ?? [])).toEqual(numerals);
    }
  });

  test('agrees with the oracle at the edges of every length', () => {
    for (const [radix, least] of shortest) {
      for (let len = least; len <= 56; len++) {
        for (const digit of [0, radix - 1]) {
          const parameters = { key, tweak: randomBytes(len % 17), radix };
          const numerals = Array.from({ length: len }, () => digit);
          expect(kernel.ff1(parameters, numerals)).toEqual(encryptByOracle(parameters, numerals));
        }
      }
    }
  });

  test.each(shortest)('radix %i begins at %i numerals and ends at 56', (radix, least) => {
    const parameters = { key, tweak: Buffer.alloc(0), radix };
    expect(kernel.ff1(parameters, randomNumerals(radix, least))).toBeDefined();
    expect(kernel.ff1(parameters, randomNumerals(radix, least - 1))).toBeUndefined();
    expect(kernel.ff1(parameters, randomNumerals(radix, 56))).toBeDefined();
    expect(kernel.ff1(parameters, randomNumerals(radix, 57))).toBeUndefined();
  });

  test('refuses other radixes, tweaks and numerals, and changes nothing then', () => {
    const tweak = Buffer.alloc(16);
    expect(kernel.ff1({ key, tweak, radix: 10 }, randomNumerals(10, 16))).toBeDefined();
    expect(kernel.ff1({ key, tweak: Buffer.alloc(17), radix: 10 }, [1, 2, 3, 4, 5, 6])).toBe(
      undefined,
    );
    expect(kernel.ff1({ key, tweak, radix: 1 }, [0, 0, 0, 0, 0, 0])).toBeUndefined();
    expect(kernel.ff1({ key, tweak, radix: 0 }, [])).toBeUndefined();
    expect(kernel.ff1({ key, tweak, radix: 63 }, randomNumerals(62, 16))).toBeUndefined();
    expect(kernel.ff1({ key, tweak, radix: 10 }, [1, 2, 3, 4, 5, 10])).toBeUndefined();
    kernel.use([key, tweak, Buffer.of(1, 2, 3, 4, 5, 10)], (k, t, digits) => {
      expect(kernel.exports.ff1Encrypt(k.ptr, t.ptr, 16, 10, digits.ptr, 6)).toBe(0);
      expect([...kernel.read(digits.ptr, 6)]).toEqual([1, 2, 3, 4, 5, 10]);
    });
  });

  test('strings of a domain have images of their own', () => {
    const parameters = { key, tweak: Buffer.from('pan'), radix: 10 };
    const images = new Set<string>();
    for (let value = 0; value < 20_000; value++) {
      const numerals = [...String(value).padStart(6, '0')].map(Number);
      images.add(kernel.ff1(parameters, numerals)?.join('') ?? '');
    }
    expect(images.size).toBe(20_000);
  });

  test('keeps a schedule for exactly as long as the key is the same', () => {
    const numerals = randomNumerals(10, 16);
    const keys = [
      Buffer.alloc(16),
      key,
      Buffer.from(key).fill(0, 15),
      Buffer.from(key).fill(0, 0, 1),
    ];
    for (const each of [...keys, ...keys.toReversed()]) {
      const parameters = { key: each, tweak: Buffer.alloc(0), radix: 10 };
      expect(kernel.ff1(parameters, numerals)).toEqual(encryptByOracle(parameters, numerals));
    }
  });
});
