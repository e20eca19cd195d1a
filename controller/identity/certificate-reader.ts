/** Reads those parts of certificates (RFC 5280) that Node's own parser does not show. */
import {
  type DerElement,
  DerError,
  expectTag,
  readElement,
  readElements,
  Tag,
} from './der-reader.ts';

/** The parts of a certificate, as views into it. */
export interface CertificateParts {
  /** Contents of the serial number, big-endian. */
  readonly serial: Uint8Array;
  /** The whole Name, DER. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  readonly publicKeySpki: Uint8Array;
  /** Contents of the object identifier of the signature's algorithm. */
  readonly algorithm: Uint8Array;
  /** By object identifier, dotted. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;
}

/** One extension. */
export interface CertificateExtension {
  readonly isCritical: boolean;
  /** The value, DER. */
  readonly value: Uint8Array;
}

/** Splits a certificate, DER; says nothing about its signature. Throws `DerError`. */
export function readCertificateParts(der: Uint8Array): CertificateParts {
  const [body] = readElements(readElement(der, Tag.Sequence).body);
  const parts = readElements(expectTag(body, Tag.Sequence).body);
  // Certificates of version 1 have no version; they have no extensions either.
  const rest = parts[0]?.tag === Tag.Context0 ? parts.slice(1) : parts;
  const [serial, algorithm, issuer, validity, subject, spki, ...optional] = rest;
  expectTag(validity, Tag.Sequence);
  const [oid] = readElements(expectTag(algorithm, Tag.Sequence).body);
  const list = optional.find(({ tag }) => tag === extensionsTag);
  return {
    serial: expectTag(serial, Tag.Integer).body,
    issuer: expectTag(issuer, Tag.Sequence).whole,
    subject: expectTag(subject, Tag.Sequence).whole,
    publicKeySpki: expectTag(spki, Tag.Sequence).whole,
    algorithm: expectTag(oid, Tag.Oid).body,
    extensions: list ? readExtensions(list) : new Map(),
  };
}

/**
 * The most certificates of authorities that may follow below this one; undefined: no bound, or no
 * authority. Throws `DerError`.
 */
export function readPathLength({ extensions }: CertificateParts): number | undefined {
  const found = extensions.get('2.5.29.19')?.value;
  const parts = found ? readElements(readElement(found, Tag.Sequence).body) : [];
  const bound = parts.find(({ tag }) => tag === Tag.Integer);
  if (!bound) return undefined;
  if (bound.body.length > 1) throw new DerError('path length is out of range');
  return bound.body[0] ?? 0;
}

/** Whether all of these bits of keyUsage are set: 0 digitalSignature, 5 keyCertSign, 6 cRLSign. */
export function hasKeyUsage(parts: CertificateParts, ...bits: readonly number[]): boolean {
  const value = parts.extensions.get('2.5.29.15')?.value;
  if (!value) return false;
  const { body } = readElement(value, Tag.BitString);
  return bits.every((bit) => ((body[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

/** `2.5.29.15` for the contents of an object identifier. Throws `DerError`. */
export function dottedOid(body: Uint8Array): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const [i, byte] of body.entries()) {
    arc = arc * 128 + (byte & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw new DerError('object identifier is too big');
    if ((byte & 0x80) === 0) {
      arcs.push(arc);
      arc = 0;
    } else if (i === body.length - 1) throw new DerError('object identifier is cut off');
  }
  const [first, ...rest] = arcs;
  if (first === undefined) throw new DerError('object identifier is empty');
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - 40 * root, ...rest].join('.');
}

function readExtensions(list: DerElement): Map<string, CertificateExtension> {
  const extensions = new Map<string, CertificateExtension>();
  for (const each of readElements(readElement(list.body, Tag.Sequence).body)) {
    const parts = readElements(expectTag(each, Tag.Sequence).body);
    const id = dottedOid(expectTag(parts[0], Tag.Oid).body);
    if (extensions.has(id)) throw new DerError(`extension ${id} stands there twice`);
    const isCritical = parts.length === 3;
    if (isCritical) expectTag(parts[1], Tag.Boolean);
    extensions.set(id, { isCritical, value: expectTag(parts.at(-1), Tag.OctetString).body });
  }
  return extensions;
}

/** `[3]`, constructed. */
const extensionsTag = 0xa3;
