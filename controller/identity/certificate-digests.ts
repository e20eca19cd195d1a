/**
 * Under which digests a certificate can be shown: who has it can write its ECDSA signature in a
 * second way, and nobody needs the signer's key for that.
 */
import { createHash } from 'node:crypto';

import { DerError, expectTag, readElement, readElements, Tag } from './der-reader.ts';
import { bits, integer, sequence } from './der-writer.ts';

/**
 * SHA-256, lower-case hexadecimal, of a certificate (DER) that a P-256 key signed, and of its only
 * other form: (r, s) and (r, n - s) prove the same. A bar that looks for one of them alone is walked
 * around. Of a certificate that another kind of key signed only the first is given.
 */
export function certificateDigests(der: Uint8Array): readonly string[] {
  const twin = twinOf(der);
  return (twin ? [der, twin] : [der]).map(digestOf);
}

/** The same certificate with the other signature; undefined when it is not signed on P-256. */
export function twinOf(der: Uint8Array): Buffer | undefined {
  try {
    const [body, algorithm, signature] = readElements(readElement(der, Tag.Sequence).body);
    if (!body || !algorithm || !ecdsaWithSha256.equals(algorithm.whole)) return undefined;
    const proof = readElement(expectTag(signature, Tag.BitString).body.subarray(1), Tag.Sequence);
    const [r, s] = readElements(proof.body);
    const other = order - BigInt(`0x${hexOf(expectTag(s, Tag.Integer).body)}`);
    if (other <= 0n) return undefined;
    const written = Buffer.from(other.toString(16).padStart(64, '0'), 'hex');
    const pair = sequence(expectTag(r, Tag.Integer).whole, integer(written));
    return sequence(body.whole, algorithm.whole, bits(pair));
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

/** SHA-256 of a certificate (DER), lower-case hexadecimal: what it is known by. */
export function digestOf(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('hex');
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex') || '0';
}

/** AlgorithmIdentifier 1.2.840.10045.4.3.2, without parameters. */
const ecdsaWithSha256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
/** n of P-256 (FIPS 186-4, D.1.2.3). */
const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
