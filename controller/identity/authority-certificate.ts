/** What the certificates of authorities say: roots, and the intermediates that sign leaves. */
import { isIP } from 'node:net';

import {
  algorithm,
  distinguishedName,
  extension,
  keyIdOf,
  Oid,
  type SignerNames,
  signBody,
  uri,
  version3,
} from './certificate.ts';
import {
  bits,
  booleanTrue,
  explicit,
  implicit,
  integer,
  type Node,
  octets,
  sequence,
  time,
} from './der-writer.ts';
import type { SigningKey } from './signing-key.ts';

/** What roots and intermediates have in common. Times are Unix milliseconds. */
export interface AuthorityTemplate {
  readonly trustDomain: string;
  readonly serial: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/**
 * A self-signed root: subject `O=<trust domain>, CN=SM-DTA root <key>`, URI SAN `spiffe://<trust
 * domain>` (a signing certificate's ID has no path). One intermediate may follow it.
 */
export async function buildRoot(key: SigningKey, template: AuthorityTemplate): Promise<Buffer> {
  const keyId = keyIdOf(key.publicKeySpki);
  const subject = authorityName('root', template.trustDomain, keyId);
  const body = authorityBody({ subject, keyId }, subject, key, key.publicKeySpki, template, [
    constraints(1),
  ]);
  return await signBody(key, body);
}

/**
 * An intermediate under `root`: no further authority may follow it, and names of other trust
 * domains are not its to give.
 */
export async function buildIntermediate(
  root: { readonly key: SigningKey; readonly names: SignerNames },
  publicKeySpki: Uint8Array,
  template: AuthorityTemplate,
): Promise<Buffer> {
  const { trustDomain } = template;
  const keyId = keyIdOf(publicKeySpki);
  const subject = authorityName('issuer', trustDomain, keyId);
  const body = authorityBody(root.names, subject, root.key, publicKeySpki, template, [
    constraints(0),
    extension(Oid.authorityKeyId, sequence(implicit(0, root.names.keyId))),
    ...(canConstrain(trustDomain) ? [onlyNamesOf(trustDomain)] : []),
  ]);
  return await signBody(root.key, body);
}

/** Names of their own, so that nobody who looks for an issuer or its list by name finds another. */
export function authorityName(
  kind: 'root' | 'issuer',
  trustDomain: string,
  keyId: Uint8Array,
): Node {
  const key = Buffer.from(keyId.subarray(0, 4)).toString('hex');
  return distinguishedName(
    [Oid.organization, trustDomain],
    [Oid.commonName, `SM-DTA ${kind} ${key}`],
  );
}

function authorityBody(
  signer: SignerNames,
  subject: Node,
  key: SigningKey,
  publicKeySpki: Uint8Array,
  template: AuthorityTemplate,
  extensions: readonly Node[],
): Buffer {
  return sequence(
    version3,
    integer(template.serial),
    algorithm(key.curve),
    signer.subject,
    sequence(time(template.notBeforeMs), time(template.notAfterMs)),
    subject,
    publicKeySpki,
    explicit(
      3,
      sequence(
        ...extensions,
        // keyCertSign and cRLSign: bits 5 and 6.
        extension(Oid.keyUsage, bits([0b0000_0110], 1), 'critical'),
        extension(Oid.subjectKeyId, octets(keyIdOf(publicKeySpki))),
        extension(Oid.subjectAltName, sequence(uri(`spiffe://${template.trustDomain}`))),
      ),
    ),
  );
}

function constraints(pathLen: number): Node {
  const value = sequence(booleanTrue(), integer([pathLen]));
  return extension(Oid.basicConstraints, value, 'critical');
}

/** permittedSubtrees of one URI host (RFC 5280 section 4.2.1.10). */
function onlyNamesOf(trustDomain: string): Node {
  const subtree = sequence(implicit(6, Buffer.from(trustDomain, 'latin1')));
  return extension(Oid.nameConstraints, sequence(explicit(0, subtree)), 'critical');
}

/**
 * Constraints on URIs know host names only: a trust domain that is an address, or has empty labels,
 * would make every verifier refuse the chain.
 */
function canConstrain(trustDomain: string): boolean {
  return isIP(trustDomain) === 0 && trustDomain.split('.').every((label) => label !== '');
}
