/**
 * The mesh's certificate authority: one P-256 root that signs leaves and revocation lists (Figure
 * 1, "Certificate Issuance").
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';

import { DtaError } from '../errors.ts';
import { buildCrl, buildLeaf, buildRoot, keyIdOf, type Signer } from './certificate.ts';
import { toPem } from './der-writer.ts';
import type { Labels, RevokedCertificate } from './model.ts';
import { show } from './names.ts';
import { checkTrustDomain, type MeshIdentity } from './spiffe-id.ts';

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
  readonly der: Buffer;
  /** 40 hexadecimal digits. */
  readonly serial: string;
  /** SHA-256 of `der`, hexadecimal. */
  readonly sha256: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** The root's key and certificate, in memory. Where they are kept: `authority-files.ts`. */
export class Authority {
  readonly trustDomain: string;
  readonly rootPem: string;
  /** SHA-256 of the DER SubjectPublicKeyInfo, hexadecimal: what join tokens name. */
  readonly caKeyHash: string;
  readonly #root: X509Certificate;
  readonly #signer: Signer;
  #lastCrlNumber = 0n;

  /** Fails with `setup` unless key and certificate are one P-256 root of a trust domain. */
  constructor(keyPem: string, rootPem: string) {
    this.#root = parseRoot(rootPem);
    const key = parseKey(keyPem);
    const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
    if (!spki.equals(this.#root.publicKey.export({ type: 'spki', format: 'der' }))) {
      throw new DtaError(
        'setup',
        'the key of the certificate authority is not the key of its certificate',
        {
          help: 'restore both files from one backup',
        },
      );
    }
    this.rootPem = rootPem;
    this.trustDomain = trustDomainOf(this.#root);
    this.caKeyHash = createHash('sha256').update(spki).digest('hex');
    this.#signer = { key, trustDomain: this.trustDomain, keyId: keyIdOf(spki) };
  }

  /** Makes a key and its root certificate, valid for ten years. Keeps nothing. */
  static generate(trustDomain: string, nowMs: number): { keyPem: string; rootPem: string } {
    checkTrustDomain(trustDomain);
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const publicKeySpki = keys.publicKey.export({ type: 'spki', format: 'der' });
    const signer = { key: keys.privateKey, trustDomain, keyId: keyIdOf(publicKeySpki) };
    const notBeforeMs = nowMs - backdateMs;
    const der = buildRoot(signer, {
      serial: newSerial(),
      publicKeySpki,
      notBeforeMs,
      notAfterMs: nowMs + rootTtlMs,
    });
    const keyPem = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { keyPem, rootPem: toPem('CERTIFICATE', der) };
  }

  /**
   * Signs a leaf. It is valid from five minutes before `nowMs`, for hosts whose clocks are behind,
   * and for at most 24 hours in all and never longer than the root. Fails with `usage` on a life or
   * a name out of range, with `setup` when the root has expired.
   */
  issue(request: LeafRequest): LeafCertificate {
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
    const rootEndMs = this.#root.validToDate.getTime();
    const notAfterMs = wholeSeconds(Math.min(nowMs + ttlMs, notBeforeMs + maxLeafTtlMs, rootEndMs));
    if (notAfterMs <= nowMs) {
      throw new DtaError('setup', 'the root certificate has expired', {
        help: 'set up a new mesh',
      });
    }
    const serial = newSerial();
    const template = { ...request, dnsNames, ips, serial, notBeforeMs, notAfterMs };
    const der = buildLeaf(this.#signer, template);
    return {
      certificatePem: toPem('CERTIFICATE', der),
      der,
      serial: serial.toString('hex'),
      sha256: createHash('sha256').update(der).digest('hex'),
      notBeforeMs,
      notAfterMs,
    };
  }

  /** Whether this root's key signed the certificate; says nothing about its dates. */
  signed(certificate: X509Certificate): boolean {
    return certificate.verify(this.#root.publicKey);
  }

  /**
   * A signed revocation list. It holds for 24 hours: by then every leaf that lives now has ended,
   * so a longer one protects nothing more.
   */
  signRevocations(
    revoked: readonly RevokedCertificate[],
    nowMs: number,
  ): { pem: string; nextUpdateMs: number } {
    const number = BigInt(Math.max(0, nowMs));
    this.#lastCrlNumber = number > this.#lastCrlNumber ? number : this.#lastCrlNumber + 1n;
    const nextUpdateMs = nowMs + maxLeafTtlMs;
    const der = buildCrl(this.#signer, {
      number: this.#lastCrlNumber,
      thisUpdateMs: nowMs - backdateMs,
      nextUpdateMs,
      revoked,
    });
    return { pem: toPem('X509 CRL', der), nextUpdateMs };
  }
}

function parseRoot(pem: string): X509Certificate {
  try {
    const root = new X509Certificate(pem);
    if (root.ca && root.verify(root.publicKey)) return root;
  } catch (error) {
    throw new DtaError('setup', 'the certificate of the certificate authority is damaged', {
      cause: error,
      help: 'restore it from a backup',
    });
  }
  throw new DtaError(
    'setup',
    'the certificate of the certificate authority is no self-signed root',
    {
      help: 'restore it from a backup',
    },
  );
}

function parseKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch {
    // The parser's own message could quote the key's bytes: it is left out on purpose.
  }
  throw new DtaError('setup', 'the key of the certificate authority is no P-256 private key', {
    help: 'restore it from a backup',
  });
}

function trustDomainOf(root: X509Certificate): string {
  const [, trustDomain] = /^URI:spiffe:\/\/([a-z0-9._-]+)$/.exec(root.subjectAltName ?? '') ?? [];
  if (trustDomain !== undefined) return checkTrustDomain(trustDomain);
  throw new DtaError('setup', 'the root certificate names no trust domain', {
    help: 'restore it from a backup',
  });
}

function checkNames(dnsNames: readonly string[], ips: readonly string[]): void {
  const bad =
    dnsNames.find((name) => name.length > 253 || !dnsForm.test(name)) ??
    ips.find((ip) => isIP(ip) === 0 || ip.includes('%'));
  if (bad === undefined) return;
  throw new DtaError('usage', `\`${show(bad)}\` is no DNS name or IP address for a certificate`);
}

// 158 random bits; the first byte is 40 to 7f, so the number is positive and always 20 bytes long
// (RFC 5280 allows no more).
function newSerial(): Buffer {
  const serial = randomBytes(20);
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0);
  return serial;
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

const backdateMs = 5 * 60_000;
const maxLeafTtlMs = 24 * 3_600_000;
/**
 * Ten years: the hash of its key stands in every agent's trust, so it is made once; the key rotates
 * with the mesh.
 */
const rootTtlMs = 3650 * 86_400_000;
const dnsForm = /^(?:(?!-)[A-Za-z0-9_-]{1,63}(?<!-)\.)*(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/;
