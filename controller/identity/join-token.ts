/** One-time join tokens, `dta1.<id>.<secret>.<caKeyHash>`: what an operator hands to an agent. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * A token in its parts. The hash lets the agent know the right controller before it sends the
 * secret.
 */
export interface JoinToken {
  /** 20 lower-case hexadecimal digits; no secret. */
  readonly id: string;
  /** 32 random bytes, base64url. */
  readonly secret: string;
  /** SHA-256 of the root's DER SubjectPublicKeyInfo, 64 lower-case hexadecimal digits. */
  readonly caKeyHash: string;
}

/** Draws a new token. The text is to be shown once; what is stored is only the hash. */
export function createToken(caKeyHash: string): {
  token: string;
  id: string;
  secretSha256: string;
} {
  const id = randomBytes(10).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return { token: `dta1.${id}.${secret}.${caKeyHash}`, id, secretSha256: hashSecret(secret) };
}

/** Reads a token; undefined if it is not exactly of the form. */
export function parseToken(text: string): JoinToken | undefined {
  const [, id, secret, caKeyHash] = tokenForm.exec(text) ?? [];
  if (id === undefined || secret === undefined || caKeyHash === undefined) return undefined;
  return { id, secret, caKeyHash };
}

/** Whether the token's secret is the stored one; takes the same time wherever they differ. */
export function secretMatches(
  token: JoinToken,
  stored: { readonly secretSha256: string },
): boolean {
  const given = Buffer.from(hashSecret(token.secret), 'hex');
  const wanted = Buffer.from(stored.secretSha256, 'hex');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** How long a token is good for, in milliseconds. */
export const tokenLifetimeMs = 600_000;

const tokenForm = /^dta1\.([0-9a-f]{20})\.([A-Za-z0-9_-]{43})\.([0-9a-f]{64})$/;
