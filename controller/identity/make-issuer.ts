/** Makes issuing keys with their certificates: under a new root, under one that is there, or as others signed them. */
import { randomBytes, X509Certificate } from 'node:crypto';

import { DtaError } from '../errors.ts';
import { buildIntermediate, buildRoot } from './authority-certificate.ts';
import { type IssuerFiles, type KeptKey, openKey } from './authority-files.ts';
import { toPem } from './der-writer.ts';
import { backdateMs, Issuer, type IssuerCertificates, newSerial, signerNames } from './issuer.ts';
import { createCommandKey } from './key-command.ts';
import { splitPem } from './pem.ts';
import { type Curve, generateSigningKey, readSigningKey, type SigningKey } from './signing-key.ts';

/** How a new issuing key is to be made. */
export interface IssuerWish {
  /** Of a new root; default P-256. Issuing keys are on P-256. */
  readonly rootCurve?: Curve | undefined;
  /** Program that makes and keeps the keys (`key-command.ts`); absent: files. */
  readonly keyCommand?: readonly string[] | undefined;
  /** A key that another authority has signed: nothing is made then. */
  readonly upstream?: UpstreamIssuer | undefined;
}

/** An intermediate of another authority, PEM. */
export interface UpstreamIssuer {
  /** Its own certificate, then those that lead to the root. */
  readonly certificatesPem: string;
  readonly keyPem: string;
  /** One self-signed root: peers trust everything under it that names our trust domain. */
  readonly rootPem: string;
}

/** A new issuing key, and what is to be written of it. */
export interface MadeIssuer {
  readonly issuer: Issuer;
  readonly files: IssuerFiles;
}

/**
 * Makes an issuing key: under `root` if it is given, else under a new root, or as the upstream
 * authority signed it. Writes nothing.
 */
export async function makeIssuer(
  trustDomain: string,
  wish: IssuerWish,
  nowMs: number,
  root?: { readonly key: KeptKey; readonly pem: string },
): Promise<MadeIssuer> {
  if (wish.upstream) return adopt(trustDomain, wish.upstream, nowMs);
  const rootKey = root?.key ?? (await makeKey('root', wish.rootCurve ?? 'P-256', wish)).kept;
  const key = await openKey(rootKey);
  const pem = root?.pem ?? (await makeRoot(trustDomain, key, nowMs));
  const issuing = await makeKey('issuer', 'P-256', wish);
  const certificates = await makeIntermediate(trustDomain, { key, pem }, issuing.key, nowMs);
  const issuer = new Issuer(trustDomain, issuing.key, certificates);
  return { issuer, files: { key: issuing.kept, certificates, rootKey } };
}

function adopt(trustDomain: string, upstream: UpstreamIssuer, nowMs: number): MadeIssuer {
  const certificates = upstreamCertificates(upstream.certificatesPem, upstream.rootPem);
  for (const pem of splitPem(upstream.certificatesPem + upstream.rootPem)) {
    const { validFromDate, validToDate } = readCertificate(pem);
    const hasBegun = validFromDate.getTime() <= nowMs + backdateMs;
    if (hasBegun && nowMs < validToDate.getTime()) continue;
    throw new DtaError('setup', 'a certificate of the upstream authority is not valid now', {
      help: `it is valid from ${validFromDate.toISOString()} to ${validToDate.toISOString()}`,
    });
  }
  const issuer = new Issuer(trustDomain, readSigningKey(upstream.keyPem), certificates);
  return { issuer, files: { key: { pem: upstream.keyPem }, certificates, rootKey: undefined } };
}

async function makeKey(
  kind: 'root' | 'issuer',
  curve: Curve,
  { keyCommand }: IssuerWish,
): Promise<{ key: SigningKey; kept: KeptKey }> {
  if (!keyCommand) {
    const { key, pem } = generateSigningKey(curve);
    return { key, kept: { pem } };
  }
  const name = `dta-${kind}-${randomBytes(8).toString('hex')}`;
  const reference = { command: [...keyCommand], name };
  return { key: await createCommandKey(reference, curve), kept: { reference } };
}

/** A new root, valid for ten years. Keeps nothing. */
export async function makeRoot(
  trustDomain: string,
  key: SigningKey,
  nowMs: number,
): Promise<string> {
  const der = await buildRoot(key, {
    trustDomain,
    serial: newSerial(),
    notBeforeMs: nowMs - backdateMs,
    notAfterMs: nowMs + rootTtlMs,
  });
  return toPem('CERTIFICATE', der);
}

/**
 * An intermediate for `issuing`, signed by `root`; valid for two years, never longer than the root.
 * Fails with `setup` when the root may have no intermediates, as that of the first version, or has
 * expired.
 */
export async function makeIntermediate(
  trustDomain: string,
  root: { readonly key: SigningKey; readonly pem: string },
  issuing: SigningKey,
  nowMs: number,
): Promise<IssuerCertificates> {
  const certificate = new X509Certificate(root.pem);
  const rootEndMs = certificate.validToDate.getTime();
  if (rootEndMs <= nowMs) {
    throw new DtaError('setup', 'the root certificate has expired', {
      help: 'make a new one: `dta ca prepare` without --same-root',
    });
  }
  const names = signerNames(certificate);
  const der = await buildIntermediate({ key: root.key, names }, issuing.publicKeySpki, {
    trustDomain,
    serial: newSerial(),
    notBeforeMs: Math.max(nowMs - backdateMs, certificate.validFromDate.getTime()),
    notAfterMs: Math.min(nowMs + intermediateTtlMs, rootEndMs),
  });
  return { certificatePem: toPem('CERTIFICATE', der), betweenPem: '', rootPem: root.pem };
}

/** Fails with `setup` unless there are certificates and exactly one root. */
function upstreamCertificates(certificates: string, roots: string): IssuerCertificates {
  const [certificatePem, ...between] = splitPem(certificates);
  const [rootPem, ...others] = splitPem(roots);
  if (certificatePem === undefined || rootPem === undefined || others.length > 0) {
    throw new DtaError('setup', 'an upstream authority needs certificates and exactly one root', {
      help: 'give the chain from the issuing certificate upwards, and the root by itself',
    });
  }
  const betweenPem = between.filter((pem) => !isSame(pem, rootPem)).join('');
  return { certificatePem, betweenPem, rootPem };
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new DtaError('setup', 'a certificate of the upstream authority is damaged', { cause });
  }
}

function isSame(a: string, b: string): boolean {
  return a.replaceAll(/\s/g, '') === b.replaceAll(/\s/g, '');
}

/**
 * Ten years: the hash of its key stands in every agent's trust, and it signs nothing but
 * intermediates.
 */
const rootTtlMs = 3650 * 86_400_000;
/** Two years: `dta status` asks for the next one 60 days before the end. */
const intermediateTtlMs = 730 * 86_400_000;
