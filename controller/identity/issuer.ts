/**
 * One issuing key with its certificate: signs leaves and revocation lists (Figure 1, "Certificate
 * Issuance").
 */
import { createHash, createPublicKey, randomBytes, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

import { DtaError } from '../errors.ts';
import { crlBody, keyIdOf, leafBody, type SignerNames, signedWith } from './certificate.ts';
import { hasKeyUsage, readCertificateParts, readPathLength } from './certificate-reader.ts';
import { DerError } from './der-reader.ts';
import { toPem } from './der-writer.ts';
import type { Labels, RevokedCertificate } from './model.ts';
import { show } from './names.ts';
import { splitPem } from './pem.ts';
import type { SigningKey } from './signing-key.ts';
import type { MeshIdentity } from './spiffe-id.ts';

/** What a leaf is asked for. */
export interface LeafRequest {
  /** From a checked signing request, or a key made here. */
  readonly publicKeySpki: Uint8Array;
  readonly identity: MeshIdentity;
  readonly labels: Labels;
  /** More than 0, at most 24 hours. */
  readonly ttlMs: number;
  readonly nowMs: number;
  /** Only for the controller's own server certificate. */
  readonly dnsNames?: readonly string[];
  readonly ips?: readonly string[];
}

/** A leaf that was signed. */
export interface LeafCertificate {
  readonly certificatePem: string;
  /** What a TLS server or client presents: the leaf, then what leads to the root. */
  readonly chainPem: string;
  readonly der: Buffer;
  /** 40 hexadecimal digits. */
  readonly serial: string;
  /** SHA-256 of `der`, hexadecimal. */
  readonly sha256: string;
  /** Id of the key that signed it. */
  readonly issuer: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** The certificates around an issuing key, PEM. */
export interface IssuerCertificates {
  /** Its own: an intermediate, or a root that signs leaves itself, as the first version made it. */
  readonly certificatePem: string;
  /** What stands between it and the root, from below; empty when nothing does. */
  readonly betweenPem: string;
  /** Self-signed. */
  readonly rootPem: string;
}

/** An issuing key. Which one signs now: `authority.ts`. */
export class Issuer {
  readonly trustDomain: string;
  /** The first 16 hexadecimal digits of `keyHash`. */
  readonly id: string;
  /** SHA-256 of the DER SubjectPublicKeyInfo, hexadecimal. */
  readonly keyHash: string;
  readonly certificatePem: string;
  /** What follows a leaf in its chain; empty under a root that signs leaves itself. */
  readonly chainPem: string;
  readonly rootPem: string;
  /** Of the root's key: what join tokens name. */
  readonly rootKeyHash: string;
  /** The earliest end of its certificates: no leaf outlives it. */
  readonly notAfterMs: number;
  readonly #key: SigningKey;
  readonly #certificate: X509Certificate;
  readonly #names: SignerNames;
  #lastCrlNumber = 0n;

  /**
   * Fails with `setup` unless key and certificates are one chain of authorities up to a self-signed
   * root, the key is on P-256, and the names in it are of this trust domain.
   */
  constructor(trustDomain: string, key: SigningKey, certificates: IssuerCertificates) {
    const { certificatePem, betweenPem, rootPem } = certificates;
    const [certificate, ...rest] = splitPem(certificatePem + betweenPem).map(parseAuthority);
    const root = parseAuthority(rootPem);
    if (!certificate) throw damaged();
    const isRoot = certificate.raw.equals(root.raw);
    checkChain(isRoot ? [root] : [certificate, ...rest, root]);
    checkKey(key, certificate);
    checkTrustDomainOf(certificate, trustDomain);
    this.trustDomain = trustDomain;
    this.keyHash = keyHashOf(certificate);
    this.id = this.keyHash.slice(0, 16);
    this.certificatePem = certificatePem;
    this.chainPem = isRoot ? '' : certificatePem + betweenPem;
    this.rootPem = rootPem;
    this.rootKeyHash = keyHashOf(root);
    this.notAfterMs = Math.min(...[certificate, ...rest, root].map((c) => c.validToDate.getTime()));
    this.#key = key;
    this.#certificate = certificate;
    this.#names = signerNames(certificate);
  }

  /**
   * Signs a leaf. It is valid from five minutes before `nowMs`, for hosts whose clocks are behind
   * (a tenth of its life if that is less), and for at most 24 hours in all and never longer than
   * its signer. Fails with `usage` on a life or a name out of range, with `setup` when the signer
   * has expired or its key cannot be reached.
   */
  async issue(request: LeafRequest): Promise<LeafCertificate> {
    const { body, ...facts } = this.#draft(request);
    return this.#finish(body, await this.#key.sign(body), facts);
  }

  /** As `issue`, at once. Fails with `notSupported` when the key is in another process. */
  issueNow(request: LeafRequest): LeafCertificate {
    const { body, ...facts } = this.#draft(request);
    const signature = this.#key.sign(body);
    if (signature instanceof Promise) {
      // It may fail later: nobody waits for it any more.
      signature.catch(() => undefined);
      throw new DtaError('notSupported', 'the key of the authority is not in this process');
    }
    return this.#finish(body, signature, facts);
  }

  /** Whether this key signed the certificate; says nothing about its dates. */
  signed(certificate: X509Certificate): boolean {
    return certificate.verify(this.#certificate.publicKey);
  }

  /**
   * A signed revocation list. It holds for 24 hours: by then every leaf that lives now has ended,
   * so a longer one protects nothing more. Like leaves it is valid from five minutes before.
   */
  async signRevocations(
    revoked: readonly Pick<RevokedCertificate, 'serial' | 'revokedAtMs'>[],
    nowMs: number,
  ): Promise<{ pem: string; nextUpdateMs: number }> {
    const { body, nextUpdateMs } = this.#draftList(revoked, nowMs);
    const der = signedWith(body, this.#key.curve, await this.#key.sign(body));
    return { pem: toPem('X509 CRL', der), nextUpdateMs };
  }

  #draft(request: LeafRequest): { body: Buffer } & LeafFacts {
    const { dnsNames = [], ips = [], nowMs, ttlMs } = request;
    if (!(ttlMs > 0 && ttlMs <= maxLeafTtlMs)) {
      throw new DtaError(
        'usage',
        `a certificate's life of ${ttlMs} ms is not within 0 to 24 hours`,
      );
    }
    checkNames(dnsNames, ips);
    // A tenth of the life: agents count their renewals from here, and a short life would be over before it began.
    const notBeforeMs = wholeSeconds(nowMs - Math.min(backdateMs, ttlMs / 10));
    const lifeEndMs = Math.min(nowMs + ttlMs, notBeforeMs + maxLeafTtlMs);
    const notAfterMs = wholeSeconds(Math.min(lifeEndMs, this.notAfterMs));
    if (notAfterMs <= nowMs) {
      throw new DtaError('setup', 'the certificate of the certificate authority has expired', {
        help: 'rotate it: `dta ca prepare`, then `dta ca activate`',
      });
    }
    const serial = newSerial();
    const template = { ...request, dnsNames, ips, serial, notBeforeMs, notAfterMs };
    return { body: leafBody(this.#names, template), serial, notBeforeMs, notAfterMs };
  }

  #finish(body: Buffer, signature: Buffer, facts: LeafFacts): LeafCertificate {
    const der = signedWith(body, this.#key.curve, signature);
    const certificatePem = toPem('CERTIFICATE', der);
    return {
      certificatePem,
      chainPem: certificatePem + this.chainPem,
      der,
      serial: facts.serial.toString('hex'),
      sha256: createHash('sha256').update(der).digest('hex'),
      issuer: this.id,
      notBeforeMs: facts.notBeforeMs,
      notAfterMs: facts.notAfterMs,
    };
  }

  #draftList(
    revoked: readonly Pick<RevokedCertificate, 'serial' | 'revokedAtMs'>[],
    nowMs: number,
  ): { body: Buffer; nextUpdateMs: number } {
    const number = BigInt(Math.max(0, nowMs));
    this.#lastCrlNumber = number > this.#lastCrlNumber ? number : this.#lastCrlNumber + 1n;
    const nextUpdateMs = nowMs + maxLeafTtlMs;
    const body = crlBody(this.#names, {
      number: this.#lastCrlNumber,
      thisUpdateMs: nowMs - backdateMs,
      nextUpdateMs,
      revoked,
    });
    return { body, nextUpdateMs };
  }
}

interface LeafFacts {
  readonly serial: Buffer;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** SHA-256 of the certificate's DER SubjectPublicKeyInfo, hexadecimal. */
export function keyHashOf(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex');
}

/** Subject and key identifier of a signer, as what it signs has to repeat them. */
export function signerNames(certificate: X509Certificate): SignerNames {
  const { subject, publicKeySpki, extensions } = readCertificateParts(certificate.raw);
  const own = extensions.get('2.5.29.14')?.value;
  // An OCTET STRING in the value: two bytes of head, then the identifier, which others may derive in another way.
  return { subject, keyId: own ? own.subarray(2) : keyIdOf(publicKeySpki) };
}

/**
 * 158 random bits; the first byte is 40 to 7f, so the number is positive and always 20 bytes long
 * (RFC 5280 allows no more).
 */
export function newSerial(): Buffer {
  const serial = randomBytes(20);
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0);
  return serial;
}

function parseAuthority(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause?: unknown): DtaError {
  const message = 'the certificate of the certificate authority is damaged';
  return new DtaError('setup', message, { cause, help: 'restore it from a backup' });
}

function checkChain(chain: readonly X509Certificate[]): void {
  for (const [i, certificate] of chain.entries()) {
    const above = chain[i + 1] ?? certificate;
    if (
      !certificate.ca ||
      !certificate.checkIssued(above) ||
      !certificate.verify(above.publicKey)
    ) {
      const what = above === certificate ? 'no self-signed root' : 'not signed by what follows it';
      throw new DtaError('setup', `a certificate of the certificate authority is ${what}`, {
        help: 'give the chain from the issuing certificate up to its root',
      });
    }
    // Every peer would refuse what it signs, and none of the authority's own commands would tell.
    if ((pathLengthOf(certificate) ?? i) < i) {
      const message = 'a certificate of the certificate authority allows no authority below it';
      throw new DtaError('setup', message, {
        help: 'its path length (basicConstraints) has to count the intermediates below it',
      });
    }
  }
}

function pathLengthOf(certificate: X509Certificate): number | undefined {
  try {
    return readPathLength(readCertificateParts(certificate.raw));
  } catch (cause) {
    if (cause instanceof DerError) throw damaged(cause);
    throw cause;
  }
}

function checkKey(key: SigningKey, certificate: X509Certificate): void {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  if (!key.publicKeySpki.equals(spki)) {
    throw new DtaError(
      'setup',
      'the key of the certificate authority is not the key of its certificate',
      { help: 'restore both files from one backup' },
    );
  }
  if (key.curve !== 'P-256') {
    throw new DtaError('setup', 'the issuing key of the certificate authority is not on P-256', {
      help: 'roots may be on P-384, keys that sign leaves not',
    });
  }
  // Parses: a point that is not on the curve would be found at the first peer.
  createPublicKey({ key: spki, format: 'der', type: 'spki' });
  if (!maySign(certificate)) {
    throw new DtaError(
      'setup',
      'the certificate of the certificate authority may not sign certificates and revocation lists',
      { help: 'it needs keyCertSign and cRLSign in its key usage' },
    );
  }
}

function maySign(certificate: X509Certificate): boolean {
  try {
    return hasKeyUsage(readCertificateParts(certificate.raw), 5, 6);
  } catch (error) {
    if (error instanceof DerError) return false;
    throw error;
  }
}

/** An intermediate from elsewhere may name no trust domain; one that does names ours. */
function checkTrustDomainOf(certificate: X509Certificate, trustDomain: string): void {
  const names = certificate.subjectAltName;
  if (names === undefined || !names.includes('URI:spiffe:')) return;
  if (names === `URI:spiffe://${trustDomain}`) return;
  throw new DtaError(
    'setup',
    `the certificate authority is of \`${show(names)}\`, not of \`${trustDomain}\``,
    { help: 'a trust domain cannot be changed: use the old name, or a new data directory' },
  );
}

function checkNames(dnsNames: readonly string[], ips: readonly string[]): void {
  const bad =
    dnsNames.find((name) => name.length > 253 || !dnsForm.test(name)) ??
    ips.find((ip) => isIP(ip) === 0 || ip.includes('%'));
  if (bad === undefined) return;
  throw new DtaError('usage', `\`${show(bad)}\` is no DNS name or IP address for a certificate`);
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

/** How far certificates and lists reach back, for hosts whose clocks are behind. */
export const backdateMs = 5 * 60_000;
const maxLeafTtlMs = 24 * 3_600_000;
const dnsForm = /^(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-)\.)*(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/;
