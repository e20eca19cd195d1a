/** FF1 (NIST SP 800-38G rev. 1, algorithm 8) with AES-128 and an empty tweak: undoes format-preserving masks. */
import { createCipheriv } from 'node:crypto';

/** Fewest strings that numerals of a length may have. */
const smallestDomain = 1_000_000;
const longest = 56;
const rounds = 10;

/**
 * Decrypts numerals of a radix with a key of 16 bytes; undefined when the filter encrypts no such string (fewer than
 * 1,000,000 possible ones, or more than 56 numerals).
 */
export function decryptFf1(
  key: Uint8Array,
  radix: number,
  numerals: readonly number[],
): number[] | undefined {
  const n = numerals.length;
  if (n < 2 || n > longest || radix ** n < smallestDomain) return undefined;
  const headLength = n >> 1;
  const size = byteLength(BigInt(radix) ** BigInt(n - headLength) - 1n);
  const fixed = Buffer.from([1, 2, 1, 0, 0, radix, 10, headLength, 0, 0, 0, n, 0, 0, 0, 0]);
  const start = encryptChained(key, Buffer.alloc(16), fixed);
  let head = readNumerals(numerals.slice(0, headLength), radix);
  let tail = readNumerals(numerals.slice(headLength), radix);
  const headModulus = BigInt(radix) ** BigInt(headLength);
  const tailModulus = BigInt(radix) ** BigInt(n - headLength);
  for (let round = rounds - 1; round >= 0; round--) {
    // The halves take turns: an even round has changed the first one.
    const isEven = round % 2 === 0;
    const y = roundValue(key, start, size, round, isEven ? tail : head);
    if (isEven) head = modulo(head - y, headModulus);
    else tail = modulo(tail - y, tailModulus);
  }
  return [...writeNumerals(head, headLength, radix), ...writeNumerals(tail, n - headLength, radix)];
}

/** Steps 6.i to 6.iv; `start` is the state behind the block that is the same in all rounds. */
function roundValue(key: Uint8Array, start: Buffer, size: number, round: number, half: bigint) {
  const variable = Buffer.alloc(Math.ceil((size + 1) / 16) * 16);
  variable.writeUInt8(round, variable.length - size - 1);
  variable.set(bytesOf(half, size), variable.length - size);
  const first = encryptChained(key, start, variable);
  const streamLength = Math.ceil(size / 4) * 4 + 4;
  const counted = Buffer.from(first);
  counted.writeUInt8(counted.readUInt8(15) ^ 1, 15);
  const stream = Buffer.concat([first, encryptChained(key, Buffer.alloc(16), counted)]);
  return BigInt(`0x${stream.toString('hex', 0, streamLength)}`);
}

/** The last block of CBC from a state. */
function encryptChained(key: Uint8Array, state: Buffer, blocks: Buffer): Buffer {
  const cipher = createCipheriv('aes-128-cbc', key, state).setAutoPadding(false);
  return Buffer.concat([cipher.update(blocks), cipher.final()]).subarray(-16);
}

function readNumerals(numerals: readonly number[], radix: number): bigint {
  return numerals.reduce((value, digit) => value * BigInt(radix) + BigInt(digit), 0n);
}

function writeNumerals(value: bigint, length: number, radix: number): number[] {
  const numerals = new Array<number>(length);
  for (let at = length - 1; at >= 0; at--) {
    numerals[at] = Number(value % BigInt(radix));
    value /= BigInt(radix);
  }
  return numerals;
}

function byteLength(value: bigint): number {
  return Math.ceil(value.toString(16).length / 2);
}

function bytesOf(value: bigint, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex');
}

function modulo(value: bigint, modulus: bigint): bigint {
  return ((value % modulus) + modulus) % modulus;
}
