/** Explains what PEM texts say: certificates, chains, signing requests, revocation lists. */
import { createHash, verify, X509Certificate } from 'node:crypto';

import { DtaError } from '../../errors.ts';
import { parseCsr } from '../csr.ts';
import { DerError, expectTag, readElement, readElements, Tag } from '../der-reader.ts';
import { readPemBlocks, splitPem } from '../pem.ts';
import { nameText, readName } from './distinguished-name.ts';
import { explainCertificate } from './explain-certificate.ts';
import type { Explanation, Fact, InspectOptions, Surroundings } from './explanation.ts';

/**
 * Explains every block of a text of at most 1 MiB. Fails with `usage` when there is none, when one
 * cannot be read, and when a private key is in it: nothing of that text is shown then.
 */
export function explainPem(text: string, options: InspectOptions): Explanation[] {
  if (text.length > longestText) throw unreadable('the text is longer than 1 MiB');
  if (/-{5}BEGIN [A-Z0-9 ]*PRIVATE KEY-{5}/.test(text)) {
    throw new DtaError('usage', 'there is a private key in it: nothing of it was read', {
      help: 'a key belongs nowhere but to its workload: take it out, and consider it known by now',
    });
  }
  const blocks = readPemBlocks(text);
  if (blocks.length === 0) throw unreadable('there is no PEM block in it');
  const around = surroundings(text, options);
  return blocks.map(({ label, der }, i) => {
    try {
      return explain(label, der, around);
    } catch (error) {
      if (error instanceof DtaError) throw error;
      const why = error instanceof DerError ? `: ${error.message}` : '';
      throw unreadable(`block ${i + 1} is no ${label}${why}`, error);
    }
  });
}

function explain(label: string, der: Buffer, around: Surroundings): Explanation {
  switch (label) {
    case 'CERTIFICATE':
      return explainCertificate(der, around);
    case 'CERTIFICATE REQUEST':
      return explainRequest(der);
    case 'X509 CRL':
      return explainList(der, around);
    default:
      throw unreadable(`\`${label}\` is not known here`);
  }
}

function explainRequest(der: Buffer): Explanation {
  const kind = 'signing request';
  const digest: Fact = ['digest', createHash('sha256').update(der).digest('hex')];
  try {
    const request = parseCsr(der);
    const key = createHash('sha256').update(request.publicKeySpki).digest('hex');
    const facts: Fact[] = [digest, ['key', 'ec prime256v1'], ['key hash', key]];
    facts.push(['proof', 'the signature proves the key']);
    request.refuseNames(undefined);
    return { kind, facts, against: [] };
  } catch (error) {
    if (!(error instanceof DtaError)) throw error;
    const reason = error.message.replace('certificate request refused: ', '');
    return { kind, facts: [digest], against: [reason] };
  }
}

function explainList(der: Buffer, around: Surroundings): Explanation {
  const [body, , signature] = readElements(readElement(der, Tag.Sequence).body);
  const parts = readElements(expectTag(body, Tag.Sequence).body);
  // Of version 1 there is no version.
  const [, issuer, from, until, ...rest] = parts[0]?.tag === Tag.Integer ? parts.slice(1) : parts;
  const listed = rest[0]?.tag === Tag.Sequence ? readElements(rest[0].body) : [];
  const serials = listed.map((entry) => {
    const [serial] = readElements(expectTag(entry, Tag.Sequence).body);
    return Buffer.from(expectTag(serial, Tag.Integer).body).toString('hex');
  });
  const signed = expectTag(signature, Tag.BitString).body.subarray(1);
  const signer = [...around.roots, ...around.certificates].find(({ publicKey }) => {
    const hash = publicKey.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256';
    return verify(hash, expectTag(body, Tag.Sequence).whole, publicKey, signed);
  });
  const shown = serials.slice(0, mostSerials).map((serial): Fact => ['revoked', serial]);
  const facts: Fact[] = [
    ['issuer', nameText(readName(expectTag(issuer, Tag.Sequence).whole))],
    ['signed by', signer ? 'its issuer, which is here' : 'a key that is not here'],
    ['from', timeText(from?.body)],
    ['until', timeText(until?.body)],
    ['entries', String(serials.length)],
    ...shown,
  ];
  return { kind: 'revocation list', facts, against: undefined };
}

function timeText(body: Uint8Array | undefined): string {
  const text = Buffer.from(body ?? []).toString('latin1');
  const whole = text.length === 13 ? `20${text}` : text;
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(whole) ?? [];
  if (y === undefined) throw new DerError('time of a list is not in its form');
  return `${y}-${mo}-${d}T${h}:${mi}:${s}Z`;
}

function surroundings(text: string, options: InspectOptions): Surroundings {
  const roots = splitPem(options.rootPem ?? '').map((pem) => new X509Certificate(pem));
  const certificates = splitPem(text).flatMap((pem) => {
    try {
      return [new X509Certificate(pem)];
    } catch {
      // Said where its block is explained.
      return [];
    }
  });
  return { ...options, roots, certificates };
}

function unreadable(what: string, cause?: unknown): DtaError {
  return new DtaError('usage', `cannot explain it: ${what}`, {
    help: 'give PEM: certificates, a signing request or a revocation list',
    cause,
  });
}

const longestText = 1024 * 1024;
const mostSerials = 20;
