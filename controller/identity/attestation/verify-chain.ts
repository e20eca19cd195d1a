/**
 * Whether a foreign certificate leads to a root that is trusted (RFC 5280, section 6, for short
 * chains): signatures and their algorithms, dates, authority flags, path lengths, and no critical extension that is not
 * understood.
 */
import type { X509Certificate } from 'node:crypto';

import { Oid } from '../certificate.ts';
import { dottedOid, readCertificateParts, readPathLength } from '../certificate-reader.ts';

/** Gives the root that `leaf` leads to over some of `others`, or why it leads to none. */
export function verifyChain(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  nowMs: number,
): { readonly root: X509Certificate } | { readonly fault: string } {
  const first = faultOf(leaf, nowMs);
  if (first !== undefined) return { fault: first };
  if (leaf.ca) return { fault: 'leaf is an authority' };
  return climb(leaf, others, roots, nowMs, 0);
}

function climb(
  below: X509Certificate,
  others: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  nowMs: number,
  depth: number,
): { readonly root: X509Certificate } | { readonly fault: string } {
  // Of what others signed only: a root is believed for its place in the configuration.
  const algorithm = dottedOid(readCertificateParts(below.raw).algorithm);
  if (!collisionFree.has(algorithm))
    return { fault: `signature algorithm ${algorithm} is refused` };
  let fault = 'leads to no trusted root';
  for (const root of roots) {
    if (!signed(root, below)) continue;
    const found = issuerFault(root, nowMs, depth);
    if (found === undefined) return { root };
    fault = found;
  }
  if (depth === mostIntermediates) return { fault: 'chain is too long' };
  for (const issuer of others) {
    if (!signed(issuer, below)) continue;
    const found = issuerFault(issuer, nowMs, depth);
    if (found !== undefined) {
      fault = found;
      continue;
    }
    const rest = others.filter((other) => other !== issuer);
    const above = climb(issuer, rest, roots, nowMs, depth + 1);
    if ('root' in above) return above;
    fault = above.fault;
  }
  return { fault };
}

/** Names, key identifiers and key usage by OpenSSL's X509_check_issued; then the signature itself. */
function signed(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** `below`: how many authorities stand between it and the leaf. */
function issuerFault(issuer: X509Certificate, nowMs: number, below: number): string | undefined {
  if (!issuer.ca) return 'issuer is no authority';
  const fault = faultOf(issuer, nowMs);
  if (fault !== undefined) return fault;
  const bound = readPathLength(readCertificateParts(issuer.raw));
  return bound !== undefined && bound < below
    ? 'path is longer than its authority allows'
    : undefined;
}

function faultOf(certificate: X509Certificate, nowMs: number): string | undefined {
  if (certificate.validFromDate.getTime() > nowMs) return 'certificate is not valid yet';
  if (certificate.validToDate.getTime() <= nowMs) return 'certificate has expired';
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  if (asymmetricKeyType === 'rsa' && bits < 2048) return 'key is too short';
  const { extensions } = readCertificateParts(certificate.raw);
  if (extensions.size === 0) return 'certificate has no extensions';
  const unknown = Array.from(extensions).find(
    ([oid, { isCritical }]) => isCritical && !understood.has(oid),
  );
  return unknown && `critical extension ${unknown[0]} is not understood`;
}

const mostIntermediates = 3;
/** RSA (PKCS #1) and ECDSA with SHA-256, SHA-384 and SHA-512, and Ed25519. SHA-1 can be forged. */
const collisionFree: ReadonlySet<string> = new Set([
  ...['1.2.840.113549.1.1.11', '1.2.840.113549.1.1.12', '1.2.840.113549.1.1.13'],
  ...['1.2.840.10045.4.3.2', '1.2.840.10045.4.3.3', '1.2.840.10045.4.3.4'],
  '1.3.101.112',
]);
const understood: ReadonlySet<string> = new Set([
  Oid.basicConstraints,
  Oid.keyUsage,
  Oid.extendedKeyUsage,
  Oid.subjectAltName,
]);
