/**
 * Certificate signing requests (PKCS#10, RFC 2986): only the key and the proof of its possession
 * are taken from them.
 */
import { createPublicKey, verify } from 'node:crypto';

import { DtaError } from '../errors.ts';
import {
  type DerElement,
  DerError,
  expectTag,
  readElement,
  readElements,
  Tag,
} from './der-reader.ts';

/** A request whose signature was checked. What it says about subject and extensions is not used. */
export interface SigningRequest {
  /** DER SubjectPublicKeyInfo of a P-256 key, 91 bytes. */
  readonly publicKeySpki: Uint8Array;
  /**
   * Fails with `usage` if the request asks for a name other than `ownSpiffeId`; undefined: for any
   * name.
   */
  refuseNames(ownSpiffeId: string | undefined): void;
}

/**
 * Reads a request, DER or PEM, at most 8 KiB. Fails with `usage`, and the reason in the message.
 */
export function parseCsr(csr: Uint8Array | string): SigningRequest {
  const der = toDer(csr);
  try {
    return readRequest(der);
  } catch (error) {
    if (error instanceof DerError) throw refuse(`not a PKCS#10 request: ${error.message}`);
    throw error;
  }
}

function toDer(csr: Uint8Array | string): Uint8Array {
  if (csr.length > maxCsrBytes) throw refuse('longer than 8 KiB');
  if (typeof csr !== 'string')
    return csr[0] === 0x2d ? toDer(Buffer.from(csr).toString('latin1')) : csr;
  const [, base64] = pemForm.exec(csr.trim()) ?? [];
  if (base64 === undefined) throw refuse('neither DER nor PEM `CERTIFICATE REQUEST`');
  return Buffer.from(base64, 'base64');
}

function readRequest(der: Uint8Array): SigningRequest {
  const parts = readElements(readElement(der, Tag.Sequence).body);
  if (parts.length !== 3) throw new DerError('request does not have three parts');
  const info = expectTag(parts[0], Tag.Sequence);
  const [version, subject, spki, attributes, ...rest] = readElements(info.body);
  if (rest.length > 0) throw new DerError('request information has too many parts');
  if (!same(expectTag(version, Tag.Integer).body, [0])) throw new DerError('version is not 0');
  expectTag(subject, Tag.Sequence);
  const publicKeySpki = readP256(expectTag(spki, Tag.Sequence));
  const names = readNames(readElements(expectTag(attributes, Tag.Context0).body));
  checkProof(
    info,
    expectTag(parts[1], Tag.Sequence),
    expectTag(parts[2], Tag.BitString),
    publicKeySpki,
  );
  return { publicKeySpki, refuseNames: (ownSpiffeId) => refuseNames(names, ownSpiffeId) };
}

// INVARIANT: only the uncompressed named-curve form passes, so that one key has one
// SubjectPublicKeyInfo.
function readP256(spki: DerElement): Uint8Array {
  const { whole } = spki;
  if (whole.length !== 91 || !same(whole.subarray(0, p256Prefix.length), p256Prefix)) {
    throw refuse(
      'key is not an uncompressed P-256 key',
      'make the key with curve P-256 (prime256v1)',
    );
  }
  return whole;
}

function checkProof(
  info: DerElement,
  algorithm: DerElement,
  signature: DerElement,
  spki: Uint8Array,
): void {
  if (!same(algorithm.whole, ecdsaWithSha256)) {
    throw refuse('signature is not ECDSA with SHA-256', 'sign the request with SHA-256');
  }
  if (signature.body[0] !== 0) throw new DerError('signature is not whole bytes');
  if (!proves(info.whole, signature.body.subarray(1), spki)) {
    throw refuse('signature does not prove possession of the key');
  }
}

function proves(data: Uint8Array, signature: Uint8Array, spki: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    return verify('sha256', data, key, signature);
  } catch {
    // The key is no point of the curve, or the signature no DER: no proof either way.
    return false;
  }
}

/** The GeneralNames of a requested subjectAltName extension. */
function readNames(attributes: DerElement[]): DerElement[] {
  return attributes.flatMap((attribute) => {
    const [oid, values] = readElements(expectTag(attribute, Tag.Sequence).body);
    if (!same(expectTag(oid, Tag.Oid).body, extensionRequest)) return [];
    const lists = readElements(expectTag(values, Tag.Set).body);
    return lists
      .flatMap((list) => readElements(expectTag(list, Tag.Sequence).body))
      .flatMap(altNames);
  });
}

function altNames(extension: DerElement): DerElement[] {
  const parts = readElements(expectTag(extension, Tag.Sequence).body);
  if (!same(expectTag(parts[0], Tag.Oid).body, subjectAltName)) return [];
  const value = expectTag(parts.at(-1), Tag.OctetString);
  return readElements(readElement(value.body, Tag.Sequence).body);
}

function refuseNames(names: readonly DerElement[], ownSpiffeId: string | undefined): void {
  const own = ownSpiffeId === undefined ? undefined : Buffer.from(ownSpiffeId, 'latin1');
  for (const name of names) {
    if (own && name.tag === Tag.UriName && own.equals(name.body)) continue;
    throw refuse(
      'asks for a subject alternative name',
      'leave names out: the controller gives them',
    );
  }
}

function same(bytes: Uint8Array, wanted: readonly number[] | Uint8Array): boolean {
  return bytes.length === wanted.length && bytes.every((byte, i) => byte === wanted[i]);
}

function refuse(reason: string, help = 'make a PKCS#10 request with a P-256 key'): DtaError {
  return new DtaError('usage', `certificate request refused: ${reason}`, { help });
}

const maxCsrBytes = 8192;
const pemForm =
  /^-{5}BEGIN CERTIFICATE REQUEST-{5}\r?\n([A-Za-z0-9+/=\r\n]+)-{5}END CERTIFICATE REQUEST-{5}$/;
/**
 * SubjectPublicKeyInfo of a P-256 key up to and with the `04` that opens an uncompressed point (RFC
 * 5480).
 */
const p256Prefix = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
/** AlgorithmIdentifier 1.2.840.10045.4.3.2, without parameters as RFC 5758 asks. */
const ecdsaWithSha256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
/** OID 1.2.840.113549.1.9.14. */
const extensionRequest = Buffer.from('2a864886f70d01090e', 'hex');
/** OID 2.5.29.17. */
const subjectAltName = Buffer.from('551d11', 'hex');
