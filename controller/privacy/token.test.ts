import { describe, expect, it } from 'vitest';

import { sivDecrypt } from './aes-siv.ts';
import { parseToken, revealToken } from './token.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** RFC 5297, A.1. */
const key = hex('fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff');
const associated = hex('101112131415161718191a1b1c1d1e1f2021222324252627');
const sealed = hex('85632d07c6e8f37f950acd320a2ecc9340c02b9690c4dc04daef7f6afe5c');

describe('sivDecrypt', () => {
  it('decrypts RFC 5297, A.1', () => {
    const text = sivDecrypt(key, associated, sealed);
    expect(text?.toString('hex')).toBe('112233445566778899aabbccddee');
  });

  it('takes nothing that was changed in any bit', () => {
    for (const part of [key, associated, sealed]) {
      for (let bit = 0; bit < part.length * 8; bit++) {
        part.writeUInt8(part.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(sivDecrypt(key, associated, sealed)).toBeUndefined();
        part.writeUInt8(part.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      }
    }
    expect(sivDecrypt(key, associated, sealed)).toBeDefined();
  });

  it('takes nothing that was cut', () => {
    for (let len = 0; len < sealed.length; len++) {
      expect(sivDecrypt(key, associated, sealed.subarray(0, len))).toBeUndefined();
    }
  });
});

describe('parseToken', () => {
  const encoded = sealed.toString('base64url');

  it('reads a token', () => {
    const associated = 'dtk1.00ff';
    expect(parseToken(`${associated}.${encoded}`)).toEqual({ keyId: 255, associated, sealed });
  });

  it.each([
    '',
    'dtk1',
    `dtk1.00ff.`,
    `dtk2.00ff.${encoded}`,
    `dtk1.00FF.${encoded}`,
    `dtk1.0ff.${encoded}`,
    ` dtk1.00ff.${encoded}`,
    `dtk1.00ff.${encoded}\n`,
    `dtk1.00ff.${encoded}=`,
    `dtk1.00ff.${encoded}A`,
    `dtk1.00ff.${encoded.slice(0, 20)}`,
    `dtk1.00ff.${encoded.slice(0, 21)}+`,
    `dtk1.00ff.${Buffer.alloc(1041).toString('base64url')}`,
  ])('refuses %j', (text) => {
    expect(parseToken(text)).toBeUndefined();
  });

  it('refuses a second spelling of the same bytes', () => {
    const spelt = Buffer.alloc(16).toString('base64url');
    expect(parseToken(`dtk1.0001.${spelt}`)).toBeDefined();
    expect(parseToken(`dtk1.0001.${spelt.slice(0, -1)}B`)).toBeUndefined();
  });
});

it('binds a token to its key id', () => {
  const token = parseToken(`dtk1.0001.${sealed.toString('base64url')}`);
  expect(token && revealToken(token, { siv: key })).toBeUndefined();
  expect(
    token && revealToken({ ...token, associated: associated.toString('latin1') }, { siv: key }),
  ).toBeDefined();
});
