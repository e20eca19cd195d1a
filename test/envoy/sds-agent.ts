/** What an agent serves to its Envoy, as far as xDS tests need it: certificate and authority on a Unix socket. */
import { create } from '@bufbuild/protobuf';
import {
  type handleBidiStreamingCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from '@grpc/grpc-js';

import {
  type DiscoveryRequest,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from '../../controller/xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { SecretDiscoveryService } from '../../controller/xds/gen/envoy/service/secret/v3/sds_pb.js';
import { grpcService } from '../../controller/xds/grpc-service.ts';
import { bootstrapNames } from '../../controller/xds/render-bootstrap.ts';
import { authoritySecret, certificateSecret, packSecret } from '../../controller/xds/resources.ts';
import type { Leaf } from '../xds/mesh.ts';

/** Serves the secrets of `leaf`; call the result to stop. */
export async function startSdsAgent(
  socket: string,
  leaf: Leaf,
  rootPem: string,
): Promise<() => void> {
  const secrets = [
    certificateSecret(bootstrapNames.certificate, leaf.certificatePem, leaf.keyPem),
    authoritySecret(bootstrapNames.meshAuthority, rootPem),
  ];
  const onCall = (call: ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>) => {
    call.on('data', (request: DiscoveryRequest) => {
      if (request.responseNonce !== '') return;
      const wanted = secrets.filter(({ name }) => request.resourceNames.includes(name));
      const { typeUrl } = request;
      const resources = wanted.map(packSecret);
      call.write(
        create(DiscoveryResponseSchema, { typeUrl, resources, nonce: '1', versionInfo: '1' }),
      );
    });
    call.on('end', () => call.end());
    call.on('error', () => {});
  };
  const server = new Server();
  server.addService(grpcService(SecretDiscoveryService), {
    streamSecrets: onCall as handleBidiStreamingCall<never, never>,
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return () => server.forceShutdown();
}
