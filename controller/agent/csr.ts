/**
 * Keys and certificate requests (PKCS#10, RFC 2986), made where the workload runs: the key never
 * leaves the host.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

import { bits, implicit, integer, oid, sequence, toPem } from '../identity/der-writer.ts';

/** A key with the request to certify it. */
export interface KeyAndRequest {
  /** PKCS#8 PEM of a P-256 key. */
  readonly keyPem: string;
  /**
   * PEM. The subject is empty: who the workload is follows from the token or the certificate, never
   * from what it says.
   */
  readonly csrPem: string;
}

/** Makes a new P-256 key and a request signed with it. */
export function makeKeyAndRequest(): KeyAndRequest {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    csrPem: toPem('CERTIFICATE REQUEST', encodeRequest(publicKey, privateKey)),
  };
}

function encodeRequest(publicKey: KeyObject, privateKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const noAttributes = implicit(0x20, Buffer.alloc(0));
  const info = sequence(integer([0]), sequence(), spki, noAttributes);
  const signature = sign('sha256', info, privateKey);
  return sequence(info, sequence(oid(ecdsaWithSha256)), bits(signature));
}

/** RFC 5758, 3.2. */
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
