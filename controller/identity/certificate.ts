/**
 * What leaves and revocation lists say: X.509 v3 (RFC 5280) as the X509-SVID standard profiles it.
 * Those of authorities: `authority-certificate.ts`.
 */
import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';

import {
  bits,
  booleanTrue,
  explicit,
  implicit,
  integer,
  type Node,
  octets,
  oid,
  sequence,
  setOf,
  time,
  utf8,
} from './der-writer.ts';
import type { Labels, RevokedCertificate } from './model.ts';
import type { Curve, SigningKey } from './signing-key.ts';
import { formatMeshIdentity, type MeshIdentity } from './spiffe-id.ts';

/** What everything that one key signs repeats. */
export interface SignerNames {
  /** Subject of the signer's certificate, DER. */
  readonly subject: Uint8Array;
  /** Its subject key identifier. */
  readonly keyId: Uint8Array;
}

/** What a leaf is to say. Times are Unix milliseconds; certificates carry whole seconds. */
export interface LeafTemplate {
  readonly serial: Uint8Array;
  readonly publicKeySpki: Uint8Array;
  readonly identity: MeshIdentity;
  readonly labels: Labels;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** For the controller's own server certificate; workloads have none. */
  readonly dnsNames: readonly string[];
  readonly ips: readonly string[];
}

/** The part of a leaf that is signed, with a P-256 key; it has exactly one URI SAN. */
export function leafBody(signer: SignerNames, template: LeafTemplate): Buffer {
  const { identity, labels, publicKeySpki } = template;
  const names = [
    uri(formatMeshIdentity(identity)),
    ...template.dnsNames.map((name) => implicit(2, Buffer.from(name, 'latin1'))),
    ...template.ips.map((ip) => implicit(7, ipBytes(ip))),
  ];
  return sequence(
    version3,
    integer(template.serial),
    algorithm('P-256'),
    signer.subject,
    sequence(time(template.notBeforeMs), time(template.notAfterMs)),
    leafName(identity, labels),
    publicKeySpki,
    explicit(
      3,
      sequence(
        leafConstraints,
        leafKeyUsage,
        leafExtendedKeyUsage,
        extension(Oid.subjectKeyId, octets(keyIdOf(publicKeySpki))),
        extension(Oid.authorityKeyId, sequence(implicit(0, signer.keyId))),
        extension(Oid.subjectAltName, sequence(...names)),
        extension(metadataOid, utf8(metadataJson(identity, labels))),
      ),
    ),
  );
}

/** The part of a version 2 revocation list that is signed. */
export function crlBody(
  signer: SignerNames,
  template: {
    number: bigint;
    thisUpdateMs: number;
    nextUpdateMs: number;
    revoked: readonly Pick<RevokedCertificate, 'serial' | 'revokedAtMs'>[];
  },
  curve: Curve = 'P-256',
): Buffer {
  const entries = template.revoked.map((certificate) =>
    sequence(integer(Buffer.from(certificate.serial, 'hex')), time(certificate.revokedAtMs)),
  );
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(template.number);
  return sequence(
    integer([1]),
    algorithm(curve),
    signer.subject,
    time(template.thisUpdateMs),
    time(template.nextUpdateMs),
    // RFC 5280 section 5.1.2.6: the list must be absent when it would be empty.
    ...(entries.length > 0 ? [sequence(...entries)] : []),
    explicit(
      0,
      sequence(
        extension(Oid.authorityKeyId, sequence(implicit(0, signer.keyId))),
        extension(Oid.crlNumber, integer(number)),
      ),
    ),
  );
}

/** Body, algorithm and signature: a certificate or a revocation list. */
export function signedWith(body: Uint8Array, curve: Curve, signature: Uint8Array): Buffer {
  return sequence(body, algorithm(curve), bits(signature));
}

/** Has the body signed, wherever the key is. */
export async function signBody(key: SigningKey, body: Buffer): Promise<Buffer> {
  return signedWith(body, key.curve, await key.sign(body));
}

/**
 * The key identifier of a key: the first 20 bytes of the SHA-256 of its public point (RFC 7093,
 * method 1).
 */
export function keyIdOf(publicKeySpki: Uint8Array): Uint8Array {
  // The point is the rest of the bit string after `00`: 65 bytes on P-256, 97 on P-384.
  const pointLen = publicKeySpki.length === p256SpkiLen ? 65 : 97;
  const point = publicKeySpki.subarray(publicKeySpki.length - pointLen);
  return createHash('sha256').update(point).digest().subarray(0, 20);
}

/** ecdsa-with-SHA256 under P-256, ecdsa-with-SHA384 under P-384; no parameters (RFC 5758). */
export function algorithm(curve: Curve): Node {
  return curve === 'P-384' ? ecdsaWithSha384 : ecdsaWithSha256;
}

/** One extension; its value is DER. */
export function extension(id: string, value: Uint8Array, critical?: 'critical'): Node {
  return critical
    ? sequence(oid(id), booleanTrue(), octets(value))
    : sequence(oid(id), octets(value));
}

/** A GeneralName of kind uniformResourceIdentifier. */
export function uri(text: string): Node {
  return implicit(6, Buffer.from(text, 'latin1'));
}

/** Type and value of one part of a name. */
export type Attribute = readonly [type: string, value: string];

/** A distinguished name, one attribute in each part. */
export function distinguishedName(...attributes: readonly Attribute[]): Node {
  return sequence(...attributes.map(([type, value]) => setOf(sequence(oid(type), utf8(value)))));
}

function leafName(identity: MeshIdentity, labels: Labels): Node {
  return distinguishedName(
    [Oid.organization, identity.trustDomain],
    [Oid.organizationalUnit, `env=${identity.environment}`],
    [Oid.organizationalUnit, `team=${identity.team}`],
    [Oid.organizationalUnit, `svc=${identity.service}`],
    ...sortedLabels(labels).map(
      ([key, value]): Attribute => [Oid.organizationalUnit, `label.${key}=${value}`],
    ),
    [Oid.commonName, identity.instance],
  );
}

/** JSON of the extension: keys in this order, labels sorted by name. */
function metadataJson(identity: MeshIdentity, labels: Labels): string {
  const { trustDomain, environment, team, service, instance } = identity;
  const sorted = Object.fromEntries(sortedLabels(labels));
  return JSON.stringify({
    v: 1,
    trustDomain,
    environment,
    team,
    service,
    instance,
    labels: sorted,
  });
}

function sortedLabels(labels: Labels): [string, string][] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}

function ipBytes(ip: string): Uint8Array {
  if (isIPv4(ip)) return Buffer.from(ip.split('.').map(Number));
  // URL gives the one canonical text, without dotted quads, so that only `::` is left to expand.
  const address = new URL(`http://[${ip}]`).hostname.slice(1, -1);
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const after = tail === undefined ? [] : groups(tail);
  const zeros = Array<string>(8 - groups(head).length - after.length).fill('0');
  const all = [...groups(head), ...(tail === undefined ? [] : zeros), ...after];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/**
 * Our own extension, not critical: a UTF8String of JSON `{v, trustDomain, environment, team,
 * service, instance, labels}`. The arc 2.25 needs no registration (X.667). The number is the first
 * 31 bits of SHA-256 of `sm-dta identity metadata` and not a whole UUID, because Go's parser
 * refuses every certificate that has an arc beyond 31 bits.
 */
export const metadataOid = '2.25.248196134';

/** Object identifiers of X.509 (RFC 5280). */
export const Oid = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  nameConstraints: '2.5.29.30',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Bytes of the SubjectPublicKeyInfo of a P-256 key. */
export const p256SpkiLen = 91;

/** `[0]` around 2: a certificate of version 3. */
export const version3 = explicit(0, integer([2]));

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
const ecdsaWithSha384 = sequence(oid('1.2.840.10045.4.3.3'));
const leafConstraints = extension(Oid.basicConstraints, sequence(), 'critical');
// digitalSignature: bit 0.
const leafKeyUsage = extension(Oid.keyUsage, bits([0b1000_0000], 7), 'critical');
const leafExtendedKeyUsage = extension(
  Oid.extendedKeyUsage,
  sequence(oid(Oid.serverAuth), oid(Oid.clientAuth)),
);
