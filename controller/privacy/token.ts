/**
 * Tokens as the filter writes them: `dtk1.<key id, 4 hexadecimal digits>.<base64url of synthetic IV and ciphertext>`. The
 * text is bound to what stands in front of the second dot.
 */
import type { MaskKeys } from '../mask-keys.ts';
import { sivDecrypt } from './aes-siv.ts';

/** A token in parts. */
export interface Token {
  readonly keyId: number;
  /** `dtk1.<key id>`. */
  readonly associated: string;
  readonly sealed: Buffer;
}

/** The parts of a token; undefined when the text is none. */
export function parseToken(text: string): Token | undefined {
  const [, associated, keyId, encoded] = tokenPattern.exec(text) ?? [];
  if (associated === undefined || keyId === undefined || encoded === undefined) return undefined;
  const sealed = Buffer.from(encoded, 'base64url');
  // Only the one spelling that is ever written: no spare bits, no padding.
  if (sealed.length < ivBytes || sealed.toString('base64url') !== encoded) return undefined;
  return { keyId: Number.parseInt(keyId, 16), associated, sealed };
}

/** The bytes behind a token; undefined when it was not made with these keys. */
export function revealToken(token: Token, keys: Pick<MaskKeys, 'siv'>): Buffer | undefined {
  return sivDecrypt(keys.siv, Buffer.from(token.associated), token.sealed);
}

const ivBytes = 16;
/** 16 + 1,024 bytes at most: what the filter makes tokens of. */
const tokenPattern = /^(dtk1\.([0-9a-f]{4}))\.([A-Za-z0-9_-]{22,1387})$/;
