/** Reads from a peer's certificate what the server decides by. */
import { X509Certificate } from 'node:crypto';

/** What a certificate says of its holder. */
export interface PeerCertificate {
  /** The one URI SAN. */
  readonly uri: string;
  /** Unix milliseconds. */
  readonly notAfterMs: number;
}

/**
 * Reads a certificate that TLS has verified already. Undefined unless it has exactly one URI SAN in plain characters:
 * Node quotes every alternative name that could be mistaken for two, so a quote is refused before the list is split.
 */
export function readPeerCertificate(der: Uint8Array): PeerCertificate | undefined {
  const certificate = new X509Certificate(der);
  const names = certificate.subjectAltName;
  if (names === undefined || names.includes('"')) return undefined;
  const uris = names.split(', ').filter((name) => name.startsWith('URI:'));
  const [uri] = uris;
  if (uri === undefined || uris.length !== 1) return undefined;
  return {
    uri: uri.slice('URI:'.length),
    notAfterMs: Date.parse(certificate.validTo),
  };
}
