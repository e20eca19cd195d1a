/** Who is at the other end of a TLS connection, by its certificate alone. */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

import { parseMeshIdentity } from '../identity/spiffe-id.ts';
import type { AgentIdentities } from './collaborators.ts';
import { Refusal } from './problem.ts';

/** A workload that showed a certificate of the mesh. */
export interface Peer {
  readonly spiffeId: string;
  /** UUID of the instance. */
  readonly instance: string;
  readonly environment: string;
  readonly service: string;
}

/**
 * The certificate that the client proved to own.
 *
 * @throws Refusal 401 when there is none, or none of this mesh's authority that is valid at `nowMs`.
 */
export function peerCertificate(socket: TLSSocket, nowMs: number): X509Certificate {
  const certificate = socket.getPeerX509Certificate();
  // TLS looks at the dates in the handshake alone: a connection, or a session that is resumed, may outlive them.
  const isOver = certificate !== undefined && certificate.validToDate.getTime() <= nowMs;
  if (certificate && socket.authorized && !isOver) return certificate;
  const what = certificate ? 'the client certificate is not valid here' : 'no client certificate';
  throw new Refusal(401, 'denied', what, 'present the current certificate of the instance');
}

/**
 * The workload behind the connection, if it may still speak.
 *
 * @throws Refusal 401 as `peerCertificate`; 403 when it is revoked, was not given out here, or names
 * no workload of the mesh.
 */
export async function authenticatePeer(
  socket: TLSSocket,
  identities: Pick<AgentIdentities, 'standingOf' | 'trustDomain' | 'issuerOf'>,
  nowMs: number,
): Promise<Peer> {
  const certificate = peerCertificate(socket, nowMs);
  const names = uriOnly.exec(certificate.subjectAltName ?? '');
  const identity = names?.[1] === undefined ? undefined : parseMeshIdentity(names[1]);
  if (!identity || identity.trustDomain !== identities.trustDomain) {
    throw new Refusal(403, 'denied', 'the client certificate names no workload of this mesh');
  }
  // TLS takes whatever leads to a root; a key may be trusted no more though its root is.
  if (identities.issuerOf(certificate.raw) === undefined) {
    throw new Refusal(403, 'denied', 'the key that signed the client certificate is not trusted');
  }
  const standing = await identities.standingOf(certificate.raw);
  if (standing !== 'inForce') throw new Refusal(403, 'denied', `the identity is ${standing}`);
  const { instance, environment, service } = identity;
  return { spiffeId: names?.[1] ?? '', instance, environment, service };
}

/** Exactly one name, a SPIFFE ID; Node quotes what holds a comma. */
const uriOnly = /^URI:(spiffe:\/\/[^",\s]+)$/;
