/**
 * Keys and certificate requests (PKCS#10, RFC 2986), made where the workload runs: the key never
 * leaves the host.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

import forge from 'node-forge';

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
  const info = sequence([
    node(asn1.Type.INTEGER, '\0'),
    sequence([]),
    asn1.fromDer(spki.toString('latin1')),
    asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0, true, []),
  ]);
  const signature = sign('sha256', derOf(info), privateKey);
  const algorithm = sequence([node(asn1.Type.OID, asn1.oidToDer(ecdsaWithSha256).getBytes())]);
  const unusedBits = '\0';
  const bits = node(asn1.Type.BITSTRING, unusedBits + signature.toString('latin1'));
  return derOf(sequence([info, algorithm, bits]));
}

const { asn1 } = forge;

function node(type: forge.asn1.Type, value: string): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, type, false, value);
}

function sequence(values: forge.asn1.Asn1[]): forge.asn1.Asn1 {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, values);
}

function derOf(value: forge.asn1.Asn1): Buffer {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1');
}

function toPem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** RFC 5758, 3.2. */
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
