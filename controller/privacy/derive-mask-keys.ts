/** The keys of masking operators, derived from a mesh's masking secret. */
import { hkdfSync } from 'node:crypto';

import type { MaskKeys } from '../mask-keys.ts';

/** Bytes of a masking secret. */
export const maskingSecretBytes = 32;

/** The highest key id: two bytes in a token. */
export const largestKeyId = 0xffff;

/**
 * Derives the keys of a generation (HKDF-SHA-256, RFC 5869, one label for each purpose). The key id is part of the
 * labels, so that no two generations share a key even if their secrets did.
 *
 * @throws RangeError when the secret has not 32 bytes or the key id is not 1 to 65535.
 */
export function deriveMaskKeys(secret: Uint8Array, keyId: number): MaskKeys {
  if (secret.length !== maskingSecretBytes) {
    throw new RangeError(`a masking secret has ${maskingSecretBytes} bytes, not ${secret.length}`);
  }
  if (!Number.isInteger(keyId) || keyId < 1 || keyId > largestKeyId) {
    throw new RangeError(`\`${keyId}\` is no key id: 1 to ${largestKeyId}`);
  }
  const derive = (label: string, bytes: number) =>
    new Uint8Array(hkdfSync('sha256', secret, '', `sm-dta mask ${keyId} ${label}`, bytes));
  return {
    keyId,
    hash: derive('hash', 32),
    siv: derive('siv', 32),
    fpe: derive('fpe', 16),
    dateShift: derive('date-shift', 8),
  };
}
