/** SHA-256 and HMAC-SHA-256 of the module: published vectors, and node:crypto on random input. */
import { createHash, createHmac, randomBytes, randomInt } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { loadCryptoKernel } from './crypto-kernel.ts';

/** FIPS 180-4 examples (NIST "SHA256.pdf", with the long one of SHA-2 Additional). */
const sha256Vectors: readonly [string, Buffer, string][] = [
  ['nothing', Buffer.alloc(0), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  [
    'one block',
    Buffer.from('abc'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  ],
  [
    'two blocks',
    Buffer.from('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq'),
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  [
    'a million',
    Buffer.alloc(1_000_000, 'a'),
    'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0',
  ],
];

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** RFC 4231, section 4; case 5 is cut to 128 bits there. */
const hmacVectors: readonly [string, Buffer, Buffer, string][] = [
  [
    '1',
    Buffer.alloc(20, 0x0b),
    Buffer.from('Hi There'),
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    '2',
    Buffer.from('Jefe'),
    Buffer.from('what do ya want for nothing?'),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    '3',
    Buffer.alloc(20, 0xaa),
    Buffer.alloc(50, 0xdd),
    '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
  ],
  [
    '4',
    hex('0102030405060708090a0b0c0d0e0f10111213141516171819'),
    Buffer.alloc(50, 0xcd),
    '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
  ],
  [
    '5',
    Buffer.alloc(20, 0x0c),
    Buffer.from('Test With Truncation'),
    'a3b6167473100ee06e0c796c2955552b',
  ],
  [
    '6',
    Buffer.alloc(131, 0xaa),
    Buffer.from('Test Using Larger Than Block-Size Key - Hash Key First'),
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    '7',
    Buffer.alloc(131, 0xaa),
    Buffer.from(
      'This is a test using a larger than block-size key and a larger than block-size data. ' +
        'The key needs to be hashed before being used by the HMAC algorithm.',
    ),
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
];

const runs = Math.min(Number(process.env.FUZZ_RUNS ?? 400), 20_000);

/** Cuts bytes at random places, empty pieces included. */
function cut(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const len = randomInt(0, 150);
    pieces.push(bytes.subarray(at, at + len));
    at += len;
  }
  return pieces;
}

describe.each(['release', 'debug'] as const)('%s build', async (target) => {
  const kernel = await loadCryptoKernel(target);

  test.each(sha256Vectors)('FIPS 180-4, %s', (_name, message, expected) => {
    expect(kernel.sha256([message]).toString('hex')).toBe(expected);
  });

  test.each(hmacVectors)('RFC 4231, case %s', (_name, key, message, expected) => {
    const code = kernel.hmac(key, [message]).toString('hex');
    expect(code.slice(0, expected.length)).toBe(expected);
  });

  test('every length up to three blocks, in one piece, cut in two and byte by byte', () => {
    const bytes = randomBytes(192);
    for (let len = 0; len <= bytes.length; len++) {
      const message = bytes.subarray(0, len);
      const expected = createHash('sha256').update(message).digest('hex');
      expect(kernel.sha256([message]).toString('hex')).toBe(expected);
      const half = len >> 1;
      const halves = [message.subarray(0, half), message.subarray(half)];
      expect(kernel.sha256(halves).toString('hex')).toBe(expected);
      const single = [...message].map((byte) => Buffer.of(byte));
      expect(kernel.sha256(single).toString('hex')).toBe(expected);
    }
  });

  test('random messages and keys in random pieces agree with node:crypto', () => {
    for (let run = 0; run < runs; run++) {
      const message = randomBytes(randomInt(0, 1500));
      const key = randomBytes(randomInt(0, 200));
      const hash = createHash('sha256').update(message).digest();
      expect(kernel.sha256(cut(message)).equals(hash)).toBe(true);
      const code = createHmac('sha256', key).update(message).digest();
      expect(kernel.hmac(key, cut(message)).equals(code)).toBe(true);
    }
  });

  test('midstates serve many values, and states are independent of each other', () => {
    const { exports } = kernel;
    const key = randomBytes(32);
    const values = [randomBytes(100), randomBytes(7)] as const;
    const expected = values.map((v) => createHmac('sha256', key).update(v).digest('hex'));
    const state = Buffer.alloc(exports.hmacStateBytes());
    const parts = [key, Buffer.alloc(64), state, state, ...values, Buffer.alloc(32)] as const;
    kernel.use(parts, (k, m, s1, s2, v1, v2, out) => {
      exports.hmacPrepare(m.ptr, k.ptr, k.len);
      exports.hmacInit(s1.ptr, m.ptr);
      exports.hmacUpdate(s1.ptr, v1.ptr, 50);
      exports.hmacInit(s2.ptr, m.ptr);
      exports.hmacUpdate(s2.ptr, v2.ptr, v2.len);
      exports.hmacUpdate(s1.ptr, v1.ptr + 50, 50);
      exports.hmacFinish(s2.ptr, out.ptr);
      expect(kernel.read(out.ptr, 32).toString('hex')).toBe(expected[1]);
      exports.hmacFinish(s1.ptr, out.ptr);
      expect(kernel.read(out.ptr, 32).toString('hex')).toBe(expected[0]);
    });
  });
});
