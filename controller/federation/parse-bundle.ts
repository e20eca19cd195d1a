/**
 * Reads SPIFFE trust bundles ("SPIFFE Trust Domain and Bundle", section 4): a JWK set with one certificate of an authority
 * in each key for X509-SVIDs.
 */
import { X509Certificate } from 'node:crypto';

import { DtaError } from '../errors.ts';
import type { BundleRoot, TrustBundle } from './model.ts';

/** Longest document that is read, in bytes. */
export const BUNDLE_DOCUMENT_MAX = 256 * 1024;
/** Most roots of one domain: every proxy holds all of them. */
export const BUNDLE_ROOTS_MAX = 32;

/**
 * What a document says. Keys of other uses are passed over, as the specification asks; everything else that is not as it
 * should be fails with `usage`, naming the place.
 */
export function parseBundle(text: string): TrustBundle {
  if (Buffer.byteLength(text) > BUNDLE_DOCUMENT_MAX) {
    throw refusal('', `is longer than ${BUNDLE_DOCUMENT_MAX} bytes`, 'a bundle holds a few roots');
  }
  const document = parseObject(text);
  const { keys } = document;
  if (!Array.isArray(keys)) {
    throw refusal('keys', 'is not an array', 'expected a JWK set (RFC 7517, section 5)');
  }
  const roots = keys.flatMap((key: unknown, i) => readKey(key, `keys[${i}]`));
  if (roots.length > BUNDLE_ROOTS_MAX) {
    throw refusal('keys', `has ${roots.length} roots`, `at most ${BUNDLE_ROOTS_MAX} are taken`);
  }
  refuseDuplicates(roots);
  return {
    roots: roots.map(({ root }) => root),
    sequence: readNumber(document, 'spiffe_sequence', 0),
    refreshHintSeconds: readNumber(document, 'spiffe_refresh_hint', 0),
  };
}

interface PlacedRoot {
  readonly place: string;
  readonly root: BundleRoot;
}

type JsonObject = Readonly<Record<string, unknown>>;

function parseObject(text: string): JsonObject {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : '';
    throw refusal(
      '',
      `is no JSON: ${printable(why)}`,
      'expected a SPIFFE bundle: `{"keys": [...]}`',
    );
  }
  if (isObject(document)) return document;
  throw refusal('', 'is no JSON object', 'expected a SPIFFE bundle: `{"keys": [...]}`');
}

function readKey(key: unknown, place: string): PlacedRoot[] {
  if (!isObject(key)) throw refusal(place, 'is no object', 'expected a JWK (RFC 7517, section 4)');
  // Without a use, or of one that this version does not know: "MUST be ignored".
  if (key.use !== 'x509-svid') return [];
  const kinds: readonly unknown[] = ['EC', 'RSA', 'OKP'];
  if (!kinds.includes(key.kty)) {
    throw refusal(`${place}.kty`, `is ${shown(key.kty)}`, 'expected `EC` or `RSA`');
  }
  const { x5c } = key;
  if (!Array.isArray(x5c) || x5c.length !== 1) {
    const help = 'expected one certificate: the root itself, without a chain';
    throw refusal(
      `${place}.x5c`,
      Array.isArray(x5c) ? `has ${x5c.length} entries` : 'is no array',
      help,
    );
  }
  const certificate = readCertificate(x5c[0], `${place}.x5c[0]`);
  checkParameters(key, certificate, place);
  const { subject, validToDate } = certificate;
  const root = {
    pem: certificate.toString(),
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    subject: printable(subject.replaceAll('\n', ', ')),
    notAfterMs: validToDate.getTime(),
  };
  return [{ place, root }];
}

function readCertificate(text: unknown, place: string): X509Certificate {
  const isBase64 = typeof text === 'string' && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  if (!isBase64) {
    throw refusal(
      place,
      'is no base64',
      'expected DER in base64, without line breaks (RFC 7517, section 4.7)',
    );
  }
  const der = Buffer.from(text, 'base64');
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(der);
  } catch (cause) {
    throw refusal(place, 'is no certificate', 'expected a certificate (RFC 5280) in DER', cause);
  }
  if (!certificate.raw.equals(der)) {
    throw refusal(place, 'has bytes behind the certificate', 'expected one certificate in DER');
  }
  if (certificate.ca) return certificate;
  throw refusal(
    place,
    'is the certificate of no authority',
    'a bundle holds roots (basicConstraints with cA), never certificates of workloads',
  );
}

// RFC 7517, section 4.7: the key in the certificate has to be the one that the other members show.
function checkParameters(key: JsonObject, { publicKey }: X509Certificate, place: string): void {
  const own = publicKey.export({ format: 'jwk' }) as JsonObject;
  for (const member of ['kty', 'crv', 'x', 'y', 'n', 'e']) {
    if (key[member] === undefined || key[member] === own[member]) continue;
    const help = 'the key and the certificate have to be of one pair';
    throw refusal(`${place}.${member}`, 'is not that of the certificate in x5c', help);
  }
}

function refuseDuplicates(roots: readonly PlacedRoot[]): void {
  const seen = new Map<string, string>();
  for (const { place, root } of roots) {
    const before = seen.get(root.sha256);
    if (before !== undefined) {
      throw refusal(place, `is the certificate of ${before} again`, 'expected every root once');
    }
    seen.set(root.sha256, place);
  }
}

function readNumber(document: JsonObject, name: string, least: number): number | undefined {
  const value = document[name];
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value) && Number(value) >= least) return Number(value);
  throw refusal(name, `is ${shown(value)}`, `expected a whole number, ${least} or more`);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refusal(place: string, what: string, help: string, cause?: unknown): DtaError {
  const where = place === '' ? 'the bundle' : `\`${place}\` of the bundle`;
  return new DtaError('usage', `${where} ${what}`, { help, cause });
}

function shown(value: unknown): string {
  return value === undefined ? 'missing' : `\`${printable(JSON.stringify(value) ?? '')}\``;
}

// What others wrote is shown in one line.
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x5f\x61-\x7e]/g, '?').slice(0, 120);
}
