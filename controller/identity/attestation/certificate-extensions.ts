/** The extensions of a certificate, where Node shows none of them (RFC 5280, section 4.2). */
import {
  type DerElement,
  DerError,
  expectTag,
  readElement,
  readElements,
  Tag,
} from '../der-reader.ts';

/** One extension. */
export interface CertificateExtension {
  /** Content of the object identifier, hexadecimal. */
  readonly oid: string;
  readonly isCritical: boolean;
  /** What the OCTET STRING holds. */
  readonly value: Uint8Array;
}

/** Reads them; throws `DerError` when the bytes are no certificate of version 3. */
export function readExtensions(certificateDer: Uint8Array): CertificateExtension[] {
  const [body] = readElements(readElement(certificateDer, Tag.Sequence).body);
  const parts = readElements(expectTag(body, Tag.Sequence).body);
  const list = parts.find(({ tag }) => tag === extensionsTag);
  if (!list) throw new DerError('certificate has no extensions');
  return readElements(readElement(list.body, Tag.Sequence).body).map(readExtension);
}

/** The most certificates of authorities that may follow below this one; undefined: no bound, or no authority. */
export function readPathLength(extensions: readonly CertificateExtension[]): number | undefined {
  const found = extensions.find(({ oid }) => oid === Oid.basicConstraints);
  const parts = found ? readElements(readElement(found.value, Tag.Sequence).body) : [];
  const bound = parts.find(({ tag }) => tag === Tag.Integer);
  if (!bound) return undefined;
  if (bound.body.length > 1) throw new DerError('path length is out of range');
  return bound.body[0] ?? 0;
}

function readExtension(extension: DerElement): CertificateExtension {
  const [oid, ...rest] = readElements(expectTag(extension, Tag.Sequence).body);
  const [flag] = rest;
  return {
    oid: Buffer.from(expectTag(oid, Tag.Oid).body).toString('hex'),
    isCritical: flag?.tag === Tag.Boolean && flag.body[0] !== 0,
    value: expectTag(rest.at(-1), Tag.OctetString).body,
  };
}

/** Object identifiers of `id-ce`, as they stand in DER. */
export const Oid = {
  keyUsage: '551d0f',
  subjectAltName: '551d11',
  basicConstraints: '551d13',
  authorityKeyId: '551d23',
  extendedKeyUsage: '551d25',
} as const;

/** `[3]`, constructed. */
const extensionsTag = 0xa3;
