/**
 * x509pop: a certificate that the workload has from elsewhere, and a nonce signed with its key. The
 * signature covers the request for the new certificate, so that nobody can put another one in.
 */
import { createHash, verify, X509Certificate } from 'node:crypto';

import { Oid } from '../certificate.ts';
import { readCertificateParts } from '../certificate-reader.ts';
import { denied } from '../denied.ts';
import { DerError, readElement, readElements, Tag } from '../der-reader.ts';
import type { AttestationContext, Attested, Attestor, Evidence } from './attestor.ts';
import type { Challenge, Challenges } from './challenges.ts';
import { verifyChain } from './verify-chain.ts';

/** Evidence: `chainPem` (leaf first, at most 5 certificates), `nonce`, `signature` (base64). */
export class X509PopAttestor implements Attestor {
  readonly method = 'x509pop';
  readonly #roots: readonly X509Certificate[];
  readonly #challenges: Challenges;

  /** `roots`: the authorities whose certificates count. */
  constructor(roots: readonly X509Certificate[], challenges: Challenges) {
    this.#roots = roots;
    this.#challenges = challenges;
  }

  challenge(): Challenge {
    return this.#challenges.give();
  }

  async attest(evidence: Evidence, { nowMs, csrSha256 }: AttestationContext): Promise<Attested> {
    const { chainPem = '', nonce = '', signature = '' } = evidence;
    // Used up whatever comes of it: one nonce is one attempt.
    if (!this.#challenges.take(nonce)) throw denied('join', 'nonce unknown, used or expired');
    const [leaf, ...others] = readChain(chainPem);
    if (!leaf) throw denied('join', 'no certificate shown');
    const { root } = this.#verified(leaf, others, nowMs);
    if (!isSigned(leaf, challengeText(nonce, csrSha256), Buffer.from(signature, 'base64'))) {
      throw denied('join', 'signature does not prove possession of the key');
    }
    const selectors = [
      `x509pop:fingerprint:${digestOf(leaf)}`,
      `x509pop:ca:${digestOf(root)}`,
      ...namesOf(leaf),
    ];
    return { selectors, evidence: `x509pop:${signedDigestOf(leaf)}` };
  }

  #verified(leaf: X509Certificate, others: X509Certificate[], nowMs: number) {
    try {
      const found = verifyChain(leaf, others, this.#roots, nowMs);
      if ('root' in found) return found;
      throw denied('join', found.fault, { subject: leaf.subject });
    } catch (error) {
      if (error instanceof DerError) throw denied('join', `certificate damaged: ${error.message}`);
      throw error;
    }
  }
}

/** What the key signs: SHA-256 with ECDSA or RSA (PKCS #1), or Ed25519. */
export function challengeText(nonce: string, csrSha256: string): Buffer {
  return Buffer.from(`sm-dta/x509pop/v1\n${nonce}\n${csrSha256}\n`);
}

function readChain(pem: string): X509Certificate[] {
  const blocks = pem.match(certificateForm) ?? [];
  if (blocks.length > mostCertificates) throw denied('join', 'too many certificates shown');
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    throw denied('join', 'certificate damaged');
  }
}

function isSigned(leaf: X509Certificate, text: Buffer, signature: Buffer): boolean {
  const { publicKey } = leaf;
  const algorithm = publicKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  try {
    return verify(algorithm, text, { key: publicKey, dsaEncoding: 'der' }, signature);
  } catch {
    return false;
  }
}

/** Names that a selector can hold; others select nothing. Read from the DER: Node's text of names can be forged by names. */
function namesOf(leaf: X509Certificate): string[] {
  const found = readCertificateParts(leaf.raw).extensions.get(Oid.subjectAltName);
  const names = found ? readElements(readElement(found.value, Tag.Sequence).body) : [];
  const ofTag = (tag: number) =>
    names
      .filter((name) => name.tag === tag)
      .map(({ body }) => Buffer.from(body).toString('latin1'));
  const { CN } = leaf.toLegacyObject().subject;
  const commons = typeof CN === 'string' ? [CN] : [];
  return [
    ...commons.map((name) => `x509pop:cn:${name}`),
    ...ofTag(dnsNameTag).map((name) => `x509pop:dns:${name}`),
    ...ofTag(Tag.UriName).map((name) => `x509pop:uri:${name}`),
  ].filter((selector) => plainForm.test(selector));
}

function digestOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

/**
 * Of what the authority has signed. The fingerprint of the whole would not do: who has the
 * certificate can write an ECDSA signature in a second way, and come back after a revocation.
 */
function signedDigestOf(leaf: X509Certificate): string {
  const [body] = readElements(readElement(leaf.raw, Tag.Sequence).body);
  return createHash('sha256')
    .update(body?.whole ?? leaf.raw)
    .digest('hex');
}

const mostCertificates = 5;
const certificateForm = /-{5}BEGIN CERTIFICATE-{5}[A-Za-z0-9+/=\s]+-{5}END CERTIFICATE-{5}/g;
const plainForm = /^[!-~]{1,300}$/;
/** `[2]`, primitive: the dNSName of a GeneralName. */
const dnsNameTag = 0x82;
