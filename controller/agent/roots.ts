/** The root certificates that an agent trusts, and what is checked against them. */
import { createHash, X509Certificate } from 'node:crypto';

import { DtaError } from '../errors.ts';
import { splitPem } from '../identity/pem.ts';

/**
 * Reads roots, PEM. Only the owner of a key can have made a self-signed certificate: its name and
 * validity are to be believed as well as the key.
 *
 * @throws DtaError `denied` when there is none, or one is no self-signed authority.
 */
export function readRoots(pem: string): X509Certificate[] {
  try {
    const roots = splitPem(pem).map((each) => new X509Certificate(each));
    if (roots.length > 0 && roots.every(isSelfSigned)) return roots;
  } catch (cause) {
    throw new DtaError('denied', 'the controller showed no certificate of an authority', { cause });
  }
  throw new DtaError('denied', 'the controller showed no certificate of an authority');
}

/** SHA-256 of the DER SubjectPublicKeyInfo, hexadecimal. */
export function keyHashOfRoot(root: X509Certificate): string {
  const spki = root.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex');
}

/** Whether the chain, leaf first, leads to one of the roots by its signatures; says nothing about dates. */
export function leadsToRoot(chainPem: string, rootPem: string): boolean {
  const chain = splitPem(chainPem).map((each) => new X509Certificate(each));
  const roots = splitPem(rootPem).map((each) => new X509Certificate(each));
  const last = chain.at(-1);
  if (!last) return false;
  const linked = chain.every((each, i) => {
    const above = chain[i + 1];
    return !above || (above.ca && each.verify(above.publicKey));
  });
  return linked && roots.some((root) => last.verify(root.publicKey));
}

function isSelfSigned(root: X509Certificate): boolean {
  return root.ca && root.verify(root.publicKey);
}
