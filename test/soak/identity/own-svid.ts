/** An application that takes its SVID from the Workload API of its agent, and follows it as it changes. */
import { createPrivateKey, X509Certificate } from 'node:crypto';

import { create, type Message } from '@bufbuild/protobuf';
import { Client, credentials, Metadata, type MethodDefinition } from '@grpc/grpc-js';

import {
  SpiffeWorkloadAPI,
  X509SVIDRequestSchema,
  type X509SVIDResponse,
} from '../../../controller/agent/workload-api/gen/workload_pb.js';
import { grpcService } from '../../../controller/xds/grpc-service.ts';

/** PEM of one moment. */
export interface OwnSvid {
  readonly spiffeId: string;
  readonly chainPem: string;
  readonly keyPem: string;
  readonly rootPem: string;
}

/** Calls `onSvid` with each SVID until the function that it gives is called. Throws what the stream ends with. */
export function followSvid(socketPath: string, onSvid: (svid: OwnSvid) => void): () => void {
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = fetchSvid;
  const metadata = new Metadata();
  metadata.set('workload.spiffe.io', 'true');
  const stream = client.makeServerStreamRequest(
    ...([path, requestSerialize, responseDeserialize] as const),
    ...([create(X509SVIDRequestSchema), metadata] as const),
  );
  let isOver = false;
  stream.on('data', (message: Message) => onSvid(toPem(message as X509SVIDResponse)));
  stream.on('error', (error) => {
    if (!isOver) throw error;
  });
  return () => {
    isOver = true;
    stream.cancel();
    client.close();
  };
}

function toPem({ svids: [svid] }: X509SVIDResponse): OwnSvid {
  if (!svid) throw new Error('the workload has no SVID');
  const key = createPrivateKey({
    key: Buffer.from(svid.x509SvidKey),
    format: 'der',
    type: 'pkcs8',
  });
  return {
    spiffeId: svid.spiffeId,
    chainPem: certificatesOf(svid.x509Svid),
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    rootPem: certificatesOf(svid.bundle),
  };
}

/** DER certificates one after the other, as PEM. */
function certificatesOf(bytes: Uint8Array): string {
  let pem = '';
  for (let rest = Buffer.from(bytes); rest.length > 0; ) {
    // A SEQUENCE with a length of two bytes: no certificate is shorter than 256 or longer than 65,535.
    const certificate = rest.subarray(0, 4 + rest.readUInt16BE(2));
    pem += new X509Certificate(certificate).toString();
    rest = rest.subarray(certificate.length);
  }
  return pem;
}

const fetchSvid = (
  grpcService(SpiffeWorkloadAPI) as Record<string, MethodDefinition<Message, Message>>
).fetchX509SVID as MethodDefinition<Message, Message>;

/** The SVID of this moment. */
export function takeSvid(socketPath: string): Promise<OwnSvid> {
  return new Promise((resolve) => {
    const stop = followSvid(socketPath, (svid) => {
      resolve(svid);
      setImmediate(() => stop());
    });
  });
}
