/** Whether policy could use a certificate: everything that TLS and the filter ask of it, as reasons why not. */
import { type CertificateParts, hasKeyUsage } from '../certificate-reader.ts';
import { readElement, readElements, Tag } from '../der-reader.ts';
import { show } from '../names.ts';
import { parseMeshIdentity, parseSpiffeId } from '../spiffe-id.ts';
import { type AlternativeName, readAlternativeNames } from './alternative-names.ts';
import { type NameAttribute, nameText } from './distinguished-name.ts';

/** What is known beside the certificate. */
export interface FitnessQuestion {
  readonly parts: CertificateParts;
  readonly subject: readonly (readonly NameAttribute[])[];
  readonly isAuthority: boolean;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly nowMs: number;
  /** Undefined: not known, any will do. */
  readonly trustDomain: string | undefined;
  /** Whether a root of the mesh leads to it; undefined: not known. */
  readonly isTrusted: boolean | undefined;
}

/** Reasons why policy could not use it; none: it could. Throws `DerError`. */
export function reasonsAgainst(question: FitnessQuestion): string[] {
  const { parts, isAuthority, nowMs, notBeforeMs, notAfterMs, isTrusted } = question;
  const reasons: string[] = [];
  if (isAuthority) reasons.push('it is the certificate of an authority, not of a workload');
  reasons.push(...reasonsInNames(question));
  if (!hasKeyUsage(parts, 0)) reasons.push('its key usage lacks digitalSignature: TLS refuses it');
  const usages = extendedKeyUsages(parts);
  if (usages && !usages.includes(clientAuth)) {
    reasons.push('its extended key usage lacks clientAuth: servers refuse it');
  }
  if (usages && !usages.includes(serverAuth)) {
    reasons.push('its extended key usage lacks serverAuth: clients refuse it');
  }
  if (nowMs < notBeforeMs) reasons.push('it is not valid yet');
  if (nowMs >= notAfterMs) reasons.push('it has expired');
  if (isTrusted === false) reasons.push('no root of the mesh leads to it');
  reasons.push(...reasonsInSubject(question.subject));
  return reasons;
}

/** Names of the subjectAltName extension; none when there is none. Throws `DerError`. */
export function namesOf(parts: CertificateParts): AlternativeName[] {
  const value = parts.extensions.get('2.5.29.17')?.value;
  return value ? readAlternativeNames(value) : [];
}

function reasonsInNames({ parts, isAuthority, trustDomain }: FitnessQuestion): string[] {
  const uris = namesOf(parts).filter(({ kind }) => kind === 'uri');
  const [uri] = uris;
  if (!uri || uris.length > 1) return [`it has ${uris.length} URI names, not exactly one`];
  const id = parseSpiffeId(uri.value);
  if (!id.ok) return [`its URI is no SPIFFE ID: ${id.reason}`];
  const reasons: string[] = [];
  if (!isAuthority && !parseMeshIdentity(uri.value)) {
    reasons.push(`its SPIFFE ID has not the form \`${form}\` (DTA1006)`);
  }
  if (uri.value.length > longestId) {
    reasons.push(`its SPIFFE ID is longer than ${longestId} bytes (DTA1006)`);
  }
  if (trustDomain !== undefined && id.trustDomain !== trustDomain) {
    reasons.push(
      `its trust domain is \`${show(id.trustDomain)}\`, not \`${trustDomain}\` (DTA1007)`,
    );
  }
  return reasons;
}

function reasonsInSubject(parts: FitnessQuestion['subject']): string[] {
  const text = nameText(parts);
  if (/[\\"+]/.test(text)) return ['its subject needs escapes: the filter reads no labels from it'];
  const subject = parts.flat();
  if (Buffer.byteLength(text) > longestSubject) {
    return [`its subject is longer than ${longestSubject} bytes`];
  }
  const labels = subject.filter(({ type, value }) => type === 'OU' && value.startsWith('label.'));
  const bad = labels.find(({ value }) => !labelForm.test(value));
  if (bad) return [`\`${show(bad.value)}\` in its subject is no label`];
  if (labels.length > mostLabels) return [`it has more than ${mostLabels} labels`];
  const names = labels.map(({ value }) => value.split('=', 1)[0]);
  if (new Set(names).size < names.length) return ['a label stands in its subject twice'];
  return [];
}

function extendedKeyUsages(parts: CertificateParts): string[] | undefined {
  const value = parts.extensions.get('2.5.29.37')?.value;
  if (!value) return undefined;
  return readElements(readElement(value, Tag.Sequence).body).map(({ body }) =>
    Buffer.from(body).toString('hex'),
  );
}

const form = 'spiffe://<domain>/env/<environment>/team/<team>/svc/<service>/i/<uuid>';
/** What the filter reads at most (assembly/context/spiffe-id.ts, subject.ts). */
const longestId = 512;
const longestSubject = 4_096;
const mostLabels = 16;
const labelForm = /^label\.[A-Za-z0-9._-]+=[A-Za-z0-9._-]+$/;
/** Contents of 1.3.6.1.5.5.7.3.1 and .2. */
const serverAuth = '2b06010505070301';
const clientAuth = '2b06010505070302';
