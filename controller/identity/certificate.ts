/**
 * What our certificates and revocation lists say: X.509 v3 (RFC 5280) as the X509-SVID standard
 * profiles it.
 */
import { createHash, type KeyObject, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

import {
  bits,
  booleanTrue,
  encodeDer,
  explicit,
  fromDer,
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
import { formatMeshIdentity, type MeshIdentity } from './spiffe-id.ts';

/** Who signs: the root's key and the two things of it that everything signed repeats. */
export interface Signer {
  readonly key: KeyObject;
  readonly trustDomain: string;
  /** The root's subject key identifier. */
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

/**
 * The self-signed root: subject `O=<trust domain>, CN=SM-DTA root`, URI SAN `spiffe://<trust
 * domain>` (a signing certificate's ID has no path).
 */
export function buildRoot(
  signer: Signer,
  template: {
    serial: Uint8Array;
    publicKeySpki: Uint8Array;
    notBeforeMs: number;
    notAfterMs: number;
  },
): Buffer {
  const subject = rootName(signer.trustDomain);
  return signed(signer.key, [
    explicit(0, integer([2])),
    integer(template.serial),
    ecdsaWithSha256(),
    subject,
    sequence(time(template.notBeforeMs), time(template.notAfterMs)),
    subject,
    fromDer(template.publicKeySpki),
    explicit(
      3,
      sequence(
        extension(Oid.basicConstraints, sequence(booleanTrue(), integer([0])), 'critical'),
        // keyCertSign and cRLSign: bits 5 and 6.
        extension(Oid.keyUsage, bits([0b0000_0110], 1), 'critical'),
        extension(Oid.subjectKeyId, octets(signer.keyId)),
        extension(Oid.subjectAltName, sequence(uri(`spiffe://${signer.trustDomain}`))),
      ),
    ),
  ]);
}

/** A leaf with exactly one URI SAN. */
export function buildLeaf(signer: Signer, template: LeafTemplate): Buffer {
  const { identity, labels, publicKeySpki } = template;
  const names = [
    uri(formatMeshIdentity(identity)),
    ...template.dnsNames.map((name) => implicit(2, Buffer.from(name, 'latin1'))),
    ...template.ips.map((ip) => implicit(7, ipBytes(ip))),
  ];
  return signed(signer.key, [
    explicit(0, integer([2])),
    integer(template.serial),
    ecdsaWithSha256(),
    rootName(signer.trustDomain),
    sequence(time(template.notBeforeMs), time(template.notAfterMs)),
    leafName(identity, labels),
    fromDer(publicKeySpki),
    explicit(
      3,
      sequence(
        extension(Oid.basicConstraints, sequence(), 'critical'),
        // digitalSignature: bit 0.
        extension(Oid.keyUsage, bits([0b1000_0000], 7), 'critical'),
        extension(Oid.extendedKeyUsage, sequence(oid(Oid.serverAuth), oid(Oid.clientAuth))),
        extension(Oid.subjectKeyId, octets(keyIdOf(publicKeySpki))),
        extension(Oid.authorityKeyId, sequence(implicit(0, signer.keyId))),
        extension(Oid.subjectAltName, sequence(...names)),
        extension(metadataOid, utf8(metadataJson(identity, labels))),
      ),
    ),
  ]);
}

/** A version 2 revocation list. */
export function buildCrl(
  signer: Signer,
  template: {
    number: bigint;
    thisUpdateMs: number;
    nextUpdateMs: number;
    revoked: readonly RevokedCertificate[];
  },
): Buffer {
  const entries = template.revoked.map((certificate) =>
    sequence(integer(Buffer.from(certificate.serial, 'hex')), time(certificate.revokedAtMs)),
  );
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(template.number);
  return signed(signer.key, [
    integer([1]),
    ecdsaWithSha256(),
    rootName(signer.trustDomain),
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
  ]);
}

/**
 * The key identifier of a key: the first 20 bytes of the SHA-256 of its public point (RFC 7093,
 * method 1).
 */
export function keyIdOf(publicKeySpki: Uint8Array): Uint8Array {
  const point = publicKeySpki.subarray(publicKeySpki.length - 65);
  return createHash('sha256').update(point).digest().subarray(0, 20);
}

function signed(key: KeyObject, body: Node[]): Buffer {
  const content = sequence(...body);
  const signature = sign('sha256', encodeDer(content), { key, dsaEncoding: 'der' });
  return encodeDer(sequence(content, ecdsaWithSha256(), bits(signature)));
}

function leafName(identity: MeshIdentity, labels: Labels): Node {
  return name(
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

function rootName(trustDomain: string): Node {
  return name([Oid.organization, trustDomain], [Oid.commonName, 'SM-DTA root']);
}

type Attribute = [type: string, value: string];

function name(...attributes: Attribute[]): Node {
  return sequence(...attributes.map(([type, value]) => setOf(sequence(oid(type), utf8(value)))));
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

function extension(id: string, value: Node, critical?: 'critical'): Node {
  return sequence(oid(id), ...(critical ? [booleanTrue()] : []), octets(encodeDer(value)));
}

function uri(text: string): Node {
  return implicit(6, Buffer.from(text, 'latin1'));
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

function ecdsaWithSha256(): Node {
  return sequence(oid('1.2.840.10045.4.3.2'));
}

/**
 * Our own extension, not critical: a UTF8String of JSON `{v, trustDomain, environment, team,
 * service, instance, labels}`. The arc 2.25 needs no registration (X.667). The number is the first
 * 31 bits of SHA-256 of `sm-dta identity metadata` and not a whole UUID, because Go's parser
 * refuses every certificate that has an arc beyond 31 bits.
 */
export const metadataOid = '2.25.248196134';

const Oid = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;
