/**
 * Private keys that sign certificates, behind an interface, so that they can live outside of this
 * process (docs/identity.md, "Keys in other places").
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';

import { DtaError } from '../errors.ts';

/** Curves of signing keys: issuing keys are on P-256, roots on either. */
export type Curve = 'P-256' | 'P-384';

/** A private key that signs, wherever it is. */
export interface SigningKey {
  /** DER SubjectPublicKeyInfo. */
  readonly publicKeySpki: Buffer;
  readonly curve: Curve;
  /**
   * The DER signature (ECDSA-Sig-Value) of `data`, hashed with SHA-256 under a P-256 key and with
   * SHA-384 under a P-384 key. At once when the key is in this process, else a promise, which
   * rejects with `unreachable` or `setup`.
   */
  sign(data: Uint8Array): Buffer | Promise<Buffer>;
}

/** The hash that goes with a curve. */
export function hashOf(curve: Curve): 'sha256' | 'sha384' {
  return curve === 'P-384' ? 'sha384' : 'sha256';
}

/** Makes a key in this process; `pem` is PKCS#8, for a private file. */
export function generateSigningKey(curve: Curve): { key: SigningKey; pem: string } {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { key: keyInMemory(privateKey, curve), pem };
}

/** Reads a key of this process from PEM. Fails with `setup` unless it is on P-256 or P-384. */
export function readSigningKey(pem: string): SigningKey {
  try {
    const key = createPrivateKey(pem);
    const curve = curveOf(key);
    if (curve) return keyInMemory(key, curve);
  } catch {
    // The parser's own message could quote the key's bytes: it is left out on purpose.
  }
  throw new DtaError(
    'setup',
    'the key of the certificate authority is no P-256 or P-384 private key',
    { help: 'restore it from a backup' },
  );
}

/** The curve of a key; undefined: another algorithm or curve. */
export function curveOf(key: KeyObject): Curve | undefined {
  const name = key.asymmetricKeyDetails?.namedCurve;
  return name === 'prime256v1' ? 'P-256' : name === 'secp384r1' ? 'P-384' : undefined;
}

function keyInMemory(key: KeyObject, curve: Curve): SigningKey {
  const hash = hashOf(curve);
  return {
    publicKeySpki: createPublicKey(key).export({ type: 'spki', format: 'der' }),
    curve,
    // The key alone: options, even the default ones, cost half of a signature.
    sign: (data) => sign(hash, data, key),
  };
}
