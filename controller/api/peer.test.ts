/** Certificates on connections that are kept. */
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

import { expect, it } from 'vitest';

import { Authority } from '../identity/authority.ts';
import { peerCertificate } from './peer.ts';

const nowMs = Date.now();

/** A connection that was opened when the certificate was good. */
async function socketOf(issuedMs: number): Promise<TLSSocket> {
  const authority = await Authority.make('mesh.test', issuedMs);
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { der } = authority.issueNow({
    publicKeySpki: publicKey.export({ type: 'spki', format: 'der' }),
    identity: {
      ...{ trustDomain: 'mesh.test', environment: 'prod', team: 'shop', service: 'orders' },
      instance: '00000000-0000-4000-8000-000000000001',
    },
    labels: {},
    ttlMs: 3_600_000,
    nowMs: issuedMs,
  });
  const shown: Pick<TLSSocket, 'authorized' | 'getPeerX509Certificate'> = {
    authorized: true,
    getPeerX509Certificate: () => new X509Certificate(der),
  };
  return shown as TLSSocket;
}

it('one that is good is taken', async () => {
  expect(peerCertificate(await socketOf(nowMs), nowMs).subject).toContain('svc=orders');
});

it('one that has ended since the handshake is refused', async () => {
  const socket = await socketOf(nowMs - 2 * 3_600_000);
  expect(() => peerCertificate(socket, nowMs)).toThrow('not valid here');
});
