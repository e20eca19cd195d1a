/** AES-SIV (RFC 5297) with two AES-128 keys and one associated string: the controller's side, which decrypts. */
import { createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';

/**
 * The text of `sealed` (16 bytes of synthetic IV, then ciphertext); undefined when it was not made with this key and
 * associated string. The comparison takes the same time wherever the two differ. `key` has 32 bytes.
 */
export function sivDecrypt(
  key: Uint8Array,
  associated: Uint8Array,
  sealed: Uint8Array,
): Buffer | undefined {
  if (sealed.length < 16) return undefined;
  const code = sealed.subarray(0, 16);
  const counter = Buffer.from(code);
  // RFC 5297, 2.5: the top bits of the last two words.
  for (const at of [8, 12]) counter.writeUInt8(counter.readUInt8(at) & 0x7f, at);
  const decipher = createDecipheriv('aes-128-ctr', key.subarray(16), counter);
  const text = Buffer.concat([decipher.update(sealed.subarray(16)), decipher.final()]);
  return timingSafeEqual(s2v(key.subarray(0, 16), associated, text), code) ? text : undefined;
}

/** RFC 5297, 2.4. */
function s2v(key: Uint8Array, associated: Uint8Array, text: Buffer): Buffer {
  const state = xor(double(cmac(key, Buffer.alloc(16))), cmac(key, associated));
  if (text.length < 16) return cmac(key, xor(double(state), pad(text)));
  const split = text.length - 16;
  const last = xor(text.subarray(split), state);
  return cmac(key, Buffer.concat([text.subarray(0, split), last]));
}

/** RFC 4493: the last block of CBC, with one of two subkeys in it. */
function cmac(key: Uint8Array, message: Uint8Array): Buffer {
  const full = double(encryptChained(key, Buffer.alloc(16)));
  const tailLength = message.length === 0 ? 0 : ((message.length - 1) % 16) + 1;
  const split = message.length - tailLength;
  const tail = message.subarray(split);
  const last = tailLength === 16 ? xor(tail, full) : xor(pad(tail), double(full));
  return encryptChained(key, Buffer.concat([message.subarray(0, split), last])).subarray(-16);
}

function encryptChained(key: Uint8Array, blocks: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-128-cbc', key, Buffer.alloc(16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(blocks), cipher.final()]);
}

function double(block: Buffer): Buffer {
  const value = BigInt(`0x${block.toString('hex')}`) << 1n;
  const reduced = value >> 128n ? (value & mask) ^ 0x87n : value;
  return Buffer.from(reduced.toString(16).padStart(32, '0'), 'hex');
}

function pad(bytes: Uint8Array): Buffer {
  const block = Buffer.alloc(16);
  block.set(bytes);
  block.writeUInt8(0x80, bytes.length);
  return block;
}

function xor(a: Uint8Array, b: Uint8Array): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));
}

const mask = (1n << 128n) - 1n;
