/** An identity in the messages of the SPIFFE Workload API: DER, certificates one after the other. */
import { createPrivateKey, X509Certificate } from 'node:crypto';

import { create } from '@bufbuild/protobuf';

import { splitPem } from '../../identity/pem.ts';
import type { HeldIdentity } from '../identity.ts';
import {
  type X509BundlesResponse,
  X509BundlesResponseSchema,
  type X509SVIDResponse,
  X509SVIDResponseSchema,
} from './gen/workload_pb.js';

/** The one SVID of a workload, with what its own domain's peers are checked against. */
export function svidOf(identity: HeldIdentity): X509SVIDResponse {
  const key = createPrivateKey(identity.keyPem);
  return create(X509SVIDResponseSchema, {
    svids: [
      {
        spiffeId: identity.spiffeId,
        x509Svid: derOf(identity.chainPem),
        x509SvidKey: key.export({ type: 'pkcs8', format: 'der' }),
        bundle: derOf(identity.rootPem),
      },
    ],
  });
}

/** The bundle of the workload's own domain. */
export function bundlesOf(identity: HeldIdentity): X509BundlesResponse {
  const domain = /^spiffe:\/\/[^/]+/.exec(identity.spiffeId)?.[0] ?? '';
  return create(X509BundlesResponseSchema, { bundles: { [domain]: derOf(identity.rootPem) } });
}

function derOf(pem: string): Uint8Array {
  return Buffer.concat(splitPem(pem).map((each) => new X509Certificate(each).raw));
}
