/** TLS credentials of a gRPC server that asks for client certificates and can change its own while it runs. */
import { createSecureContext } from 'node:tls';

import { ServerCredentials } from '@grpc/grpc-js';

/** Key material in PEM. */
export interface TlsMaterial {
  /** Certificate of the server with its chain. */
  readonly certificatePem: string;
  readonly keyPem: string;
  /** Only certificates under these roots are let in. */
  readonly clientCaPem: string;
}

/**
 * Mutual TLS, version 1.3 only. New connections use what `update` was given last; open ones go on. Both throw OpenSSL's
 * error on material that cannot be used, and the old stays.
 */
export class MutualTlsCredentials extends ServerCredentials {
  constructor(material: TlsMaterial) {
    super({ requestCert: true, rejectUnauthorized: true }, contextOptions(material));
  }

  /** Changes the certificate, the key and the trusted authority of new connections. */
  update(material: TlsMaterial): void {
    this.updateSecureContextOptions(contextOptions(material));
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

function contextOptions(material: TlsMaterial) {
  const options = {
    cert: material.certificatePem,
    key: material.keyPem,
    ca: material.clientCaPem,
    minVersion: 'TLSv1.3' as const,
  };
  createSecureContext(options);
  return options;
}
