/** Tokens as the filter makes them, for tests that start no filter: AES-SIV of node:crypto's block cipher. */
import { createCipheriv } from 'node:crypto';

import type { MaskKeys } from '../mask-keys.ts';

/** The token of a text. Written from RFC 5297 for texts of any length, apart from what decrypts. */
export function sealToken(text: string | Buffer, keys: Pick<MaskKeys, 'keyId' | 'siv'>): string {
  const associated = `dtk1.${keys.keyId.toString(16).padStart(4, '0')}`;
  const plain = Buffer.from(text);
  const [codeKey, textKey] = [keys.siv.slice(0, 16), keys.siv.slice(16)];
  let d = doubled(cmac(codeKey, Buffer.alloc(16)));
  d = sum(d, cmac(codeKey, Buffer.from(associated)));
  const padded = Buffer.concat([plain, Buffer.of(0x80), Buffer.alloc(16)]).subarray(0, 16);
  const last =
    plain.length < 16
      ? sum(doubled(d), padded)
      : Buffer.concat([plain.subarray(0, -16), sum(plain.subarray(-16), d)]);
  const code = cmac(codeKey, last);
  const counter = Buffer.from(code.map((byte, i) => (i === 8 || i === 12 ? byte & 0x7f : byte)));
  const sealed = createCipheriv('aes-128-ctr', textKey, counter).update(plain);
  return `${associated}.${Buffer.concat([code, sealed]).toString('base64url')}`;
}

function cmac(key: Uint8Array, message: Buffer): Buffer {
  const block = (bytes: Buffer) =>
    createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(bytes);
  const isFull = message.length > 0 && message.length % 16 === 0;
  const full = isFull ? message : Buffer.concat([message, Buffer.of(0x80), Buffer.alloc(15)]);
  const count = isFull ? message.length / 16 : Math.floor(message.length / 16) + 1;
  let chain = Buffer.alloc(16);
  for (let i = 0; i < count - 1; i++) chain = block(sum(chain, full.subarray(i * 16, i * 16 + 16)));
  const subkey = doubled(block(Buffer.alloc(16)));
  const tail = sum(full.subarray(count * 16 - 16, count * 16), isFull ? subkey : doubled(subkey));
  return block(sum(chain, tail));
}

function doubled(block: Buffer): Buffer<ArrayBuffer> {
  const shifted = Buffer.from(
    block.map((byte, i) => ((byte << 1) | ((block[i + 1] ?? 0) >> 7)) & 0xff),
  );
  if ((block[0] ?? 0) & 0x80) shifted.writeUInt8(shifted.readUInt8(15) ^ 0x87, 15);
  return shifted;
}

function sum(a: Buffer, b: Buffer): Buffer<ArrayBuffer> {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));
}
