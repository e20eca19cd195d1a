/** JSON Web Tokens as far as attestation needs them: RS256 and ES256 of a known key, and nothing else (RFC 7519, RFC 8725). */
import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';

/** A signature key of an issuer. */
export interface VerificationKey {
  readonly algorithm: 'RS256' | 'ES256';
  readonly key: KeyObject;
}

/** A token in its parts, not verified. */
export interface ParsedToken {
  readonly algorithm: 'RS256' | 'ES256';
  readonly keyId: string;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** Why a token counts for nothing; for logs. */
export class TokenFault extends Error {}

/** Takes a token apart; throws `TokenFault`. */
export function parseJsonWebToken(text: string): ParsedToken {
  if (text.length > mostCharacters) throw new TokenFault('token is longer than 16 KiB');
  const [, header = '', payload = '', signature = ''] = tokenForm.exec(text) ?? [];
  if (signature === '') throw new TokenFault('token malformed');
  const { alg, kid, crit } = readObject(header);
  // Chosen here, never by the token: `none` and the symmetric ones would make our public key a secret.
  if (alg !== 'RS256' && alg !== 'ES256') throw new TokenFault(`algorithm ${nameOf(alg)} refused`);
  if (crit !== undefined) throw new TokenFault('critical header refused');
  if (typeof kid !== 'string' || kid === '') throw new TokenFault('token names no key');
  return {
    algorithm: alg,
    keyId: kid,
    claims: readObject(payload),
    signed: Buffer.from(`${header}.${payload}`),
    signature: Buffer.from(signature, 'base64url'),
  };
}

/** Throws `TokenFault` unless `key` signed the token with the algorithm that the key is for. */
export function checkSignature(token: ParsedToken, { algorithm, key }: VerificationKey): void {
  if (token.algorithm !== algorithm) throw new TokenFault('algorithm is not that of the key');
  const options = algorithm === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' as const } : { key };
  if (!verify('sha256', token.signed, options, token.signature)) {
    throw new TokenFault('signature wrong');
  }
}

/** What the claims have to say. */
export interface ExpectedClaims {
  readonly issuer: string;
  readonly audience: string;
  readonly nowMs: number;
}

/** Throws `TokenFault` unless issuer, audience and times are in order: an end is needed, clocks may differ by a minute. */
export function checkClaims(token: ParsedToken, expected: ExpectedClaims): void {
  const { iss, aud, exp, nbf, iat } = token.claims;
  if (iss !== expected.issuer) throw new TokenFault('token of another issuer');
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (!audiences.includes(expected.audience)) throw new TokenFault('token for another audience');
  if (!isTime(exp)) throw new TokenFault('token has no end');
  if (exp * 1000 <= expected.nowMs) throw new TokenFault('token expired');
  for (const start of [nbf, iat]) {
    if (start === undefined) continue;
    if (!isTime(start)) throw new TokenFault('token has a time that is none');
    if (start * 1000 > expected.nowMs + skewMs) throw new TokenFault('token of the future');
  }
}

/** Reads a JSON Web Key Set (RFC 7517): its signature keys of the two algorithms, by key id. Throws `TokenFault`. */
export function readKeySet(text: string): Map<string, VerificationKey> {
  const { keys } = parseObject(text);
  if (!Array.isArray(keys)) throw new TokenFault('key set has no keys');
  const found = new Map<string, VerificationKey>();
  for (const each of keys.slice(0, mostKeys)) {
    const key = readKey(each);
    if (key) found.set(String(each.kid), key);
  }
  return found;
}

function readKey(jwk: unknown): VerificationKey | undefined {
  if (!isObject(jwk) || typeof jwk.kid !== 'string') return undefined;
  if (jwk.use !== undefined && jwk.use !== 'sig') return undefined;
  const algorithm = jwk.kty === 'RSA' ? 'RS256' : jwk.kty === 'EC' ? 'ES256' : undefined;
  if (algorithm === undefined || (jwk.alg !== undefined && jwk.alg !== algorithm)) return undefined;
  try {
    const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
    const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
    const isStrong = algorithm === 'ES256' ? namedCurve === 'prime256v1' : modulusLength >= 2048;
    return isStrong ? { algorithm, key } : undefined;
  } catch {
    return undefined;
  }
}

function readObject(base64url: string): Record<string, unknown> {
  return parseObject(Buffer.from(base64url, 'base64url').toString('utf8'));
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Said below.
  }
  throw new TokenFault('not a JSON object');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function nameOf(value: unknown): string {
  return typeof value === 'string' ? `\`${value.slice(0, 20)}\`` : 'that is no text';
}

const tokenForm = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
const mostCharacters = 16_384;
const mostKeys = 100;
const skewMs = 60_000;
