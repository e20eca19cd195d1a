/** Explains one certificate. */
import { createHash, X509Certificate } from 'node:crypto';

import { metadataOid } from '../certificate.ts';
import { readCertificateParts } from '../certificate-reader.ts';
import { readElement } from '../der-reader.ts';
import { parseMeshIdentity } from '../spiffe-id.ts';
import { nameText, readName } from './distinguished-name.ts';
import type { Explanation, Fact, Surroundings } from './explanation.ts';
import { namesOf, reasonsAgainst } from './fitness.ts';

/** Throws `DerError`, or OpenSSL's error, when it is none. */
export function explainCertificate(der: Buffer, around: Surroundings): Explanation {
  const certificate = new X509Certificate(der);
  const parts = readCertificateParts(der);
  const subject = readName(parts.subject);
  const names = namesOf(parts);
  const notBeforeMs = certificate.validFromDate.getTime();
  const notAfterMs = certificate.validToDate.getTime();
  const signer = signerOf(certificate, around);
  const facts: Fact[] = [
    ['subject', oneLine(nameText(subject))],
    ['issuer', oneLine(nameText(readName(parts.issuer)))],
    ['signed by', signer.text],
    ['serial', Buffer.from(parts.serial).toString('hex')],
    [
      'valid',
      `${iso(notBeforeMs)} to ${iso(notAfterMs)}: ${validity(around.nowMs, notBeforeMs, notAfterMs)}`,
    ],
    ['key', keyText(certificate)],
    ...names.map(({ kind, value }): Fact => [`name (${kind})`, oneLine(value)]),
    ['digest', createHash('sha256').update(der).digest('hex')],
    ...identityFacts(names.find(({ kind }) => kind === 'uri')?.value ?? ''),
    ...labelFacts(subject.flat()),
    ...metadataFacts(parts.extensions.get(metadataOid)?.value),
  ];
  const against = reasonsAgainst({
    ...{ parts, subject, notBeforeMs, notAfterMs },
    isAuthority: certificate.ca,
    nowMs: around.nowMs,
    trustDomain: around.trustDomain,
    isTrusted: around.rootPem === undefined ? undefined : signer.isTrusted,
  });
  return { kind: 'certificate', facts, against };
}

interface Signer {
  readonly text: string;
  readonly isTrusted: boolean;
}

/** Follows the signatures upwards, through the certificates of the text, to a root of the mesh. */
function signerOf(certificate: X509Certificate, around: Surroundings): Signer {
  const isRoot = (each: X509Certificate) => around.roots.some((root) => root.raw.equals(each.raw));
  const issued = (by: X509Certificate, each: X509Certificate) =>
    by.ca && each.checkIssued(by) && each.verify(by.publicKey);
  const above = [...around.roots, ...around.certificates].find((by) => issued(by, certificate));
  if (!above)
    return { text: 'a key that is neither here nor a root of the mesh', isTrusted: false };
  const self = above.raw.equals(certificate.raw);
  const who = self ? 'itself' : oneLine(above.subject.replaceAll('\n', ', '));
  const steps = around.certificates.length + 1;
  let top = above;
  for (let i = 0; i < steps && !isRoot(top); i++) {
    const next = [...around.roots, ...around.certificates].find((by) => issued(by, top));
    if (!next || next.raw.equals(top.raw)) break;
    top = next;
  }
  return { text: isRoot(top) ? `${who}, under a root of the mesh` : who, isTrusted: isRoot(top) };
}

function identityFacts(uri: string): Fact[] {
  const identity = parseMeshIdentity(uri);
  if (!identity) return [];
  const { trustDomain, environment, team, service, instance } = identity;
  return [
    ['trust domain', trustDomain],
    ['environment', environment],
    ['team', team],
    ['service', service],
    ['instance', instance],
  ];
}

function labelFacts(subject: readonly { type: string; value: string }[]): Fact[] {
  return subject
    .filter(({ type, value }) => type === 'OU' && value.startsWith('label.'))
    .map(({ value }): Fact => ['label', oneLine(value.slice('label.'.length))]);
}

function metadataFacts(value: Uint8Array | undefined): Fact[] {
  if (!value) return [];
  return [['metadata', oneLine(Buffer.from(readElement(value, 0x0c).body).toString('utf8'))]];
}

function keyText(certificate: X509Certificate): string {
  const { asymmetricKeyType = 'unknown', asymmetricKeyDetails = {} } = certificate.publicKey;
  const { namedCurve, modulusLength } = asymmetricKeyDetails;
  return [asymmetricKeyType, namedCurve ?? (modulusLength && `${modulusLength} bits`)]
    .filter((part) => part !== undefined)
    .join(' ');
}

function validity(nowMs: number, notBeforeMs: number, notAfterMs: number): string {
  if (nowMs < notBeforeMs) return 'not yet';
  if (nowMs >= notAfterMs) return 'expired';
  return `for another ${Math.floor((notAfterMs - nowMs) / 60_000)} min`;
}

function iso(ms: number): string {
  return Number.isNaN(ms) ? '?' : new Date(ms).toISOString().replace('.000Z', 'Z');
}

/** Printable, on one line; longer than `show` because these are what is asked for. */
function oneLine(text: string): string {
  const printable = text.replaceAll(/[^\x20-\x7e]/g, '?');
  return printable.length <= 2_048 ? printable : `${printable.slice(0, 2_045)}...`;
}
