/**
 * FF1 step by step as NIST SP 800-38G rev. 1 has it (algorithms 7 and 8), on strings of numerals and bigints: slow, and
 * written from the text of the standard alone.
 */
import { createCipheriv } from 'node:crypto';

/** Key, tweak and radix. */
export interface Ff1Parameters {
  /** 16 bytes. */
  readonly key: Uint8Array;
  readonly tweak: Uint8Array;
  readonly radix: number;
}

/** Algorithm 7. */
export function encryptByOracle(parameters: Ff1Parameters, numerals: readonly number[]): number[] {
  const { radix } = parameters;
  const u = Math.floor(numerals.length / 2);
  let a = numerals.slice(0, u);
  let b = numerals.slice(u);
  for (let i = 0; i < 10; i++) {
    const y = roundValue(parameters, numerals.length, i, b);
    const m = a.length;
    const c = (num(radix, a) + y) % BigInt(radix) ** BigInt(m);
    a = b;
    b = str(radix, m, c);
  }
  return [...a, ...b];
}

/** Algorithm 8. */
export function decryptByOracle(parameters: Ff1Parameters, numerals: readonly number[]): number[] {
  const { radix } = parameters;
  const u = Math.floor(numerals.length / 2);
  let a = numerals.slice(0, u);
  let b = numerals.slice(u);
  for (let i = 9; i >= 0; i--) {
    const y = roundValue(parameters, numerals.length, i, a);
    const m = b.length;
    const modulus = BigInt(radix) ** BigInt(m);
    const c = (((num(radix, b) - y) % modulus) + modulus) % modulus;
    b = a;
    a = str(radix, m, c);
  }
  return [...a, ...b];
}

/** Steps 3 to 5 and 6.i to 6.iv. */
function roundValue(parameters: Ff1Parameters, n: number, i: number, half: number[]): bigint {
  const { key, tweak, radix } = parameters;
  const v = n - Math.floor(n / 2);
  const b = Math.ceil((BigInt(radix) ** BigInt(v) - 1n).toString(2).length / 8);
  const d = 4 * Math.ceil(b / 4) + 4;
  const p = Buffer.from([
    1,
    2,
    1,
    0,
    0,
    radix,
    10,
    Math.floor(n / 2) % 256,
    0,
    0,
    0,
    n,
    0,
    0,
    0,
    0,
  ]);
  p.writeUInt32BE(tweak.length, 12);
  const padding = (((-tweak.length - b - 1) % 16) + 16) % 16;
  const q = Buffer.concat([
    tweak,
    Buffer.alloc(padding),
    Buffer.of(i),
    bytesOf(num(radix, half), b),
  ]);
  const r = prf(key, Buffer.concat([p, q]));
  const s = [r];
  for (let j = 1; j < Math.ceil(d / 16); j++) {
    s.push(ciph(key, xor(r, bytesOf(BigInt(j), 16))));
  }
  return BigInt(`0x${Buffer.concat(s).subarray(0, d).toString('hex')}`);
}

function prf(key: Uint8Array, message: Buffer): Buffer {
  let y = Buffer.alloc(16);
  for (let at = 0; at < message.length; at += 16) {
    y = ciph(key, xor(y, message.subarray(at, at + 16)));
  }
  return y;
}

function ciph(key: Uint8Array, block: Uint8Array): Buffer<ArrayBuffer> {
  const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
  return Buffer.from(cipher.update(block));
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));
}

function num(radix: number, numerals: readonly number[]): bigint {
  return numerals.reduce((x, digit) => x * BigInt(radix) + BigInt(digit), 0n);
}

function str(radix: number, m: number, x: bigint): number[] {
  const numerals: number[] = [];
  for (let i = 0; i < m; i++) {
    numerals.unshift(Number(x % BigInt(radix)));
    x /= BigInt(radix);
  }
  return numerals;
}

function bytesOf(x: bigint, len: number): Buffer {
  return Buffer.from(x.toString(16).padStart(len * 2, '0'), 'hex');
}
