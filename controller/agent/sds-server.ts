/**
 * Serves a workload's certificate and authority to its Envoy, over SDS on a Unix socket; nothing
 * else is there.
 */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';

import {
  Server,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
  type UntypedHandleCall,
} from '@grpc/grpc-js';

import type { Log } from '../log.ts';
import type {
  DiscoveryRequest,
  DiscoveryResponse,
} from '../xds/gen/envoy/service/discovery/v3/discovery_pb.js';
import { SecretDiscoveryService } from '../xds/gen/envoy/service/secret/v3/sds_pb.js';
import { grpcService } from '../xds/grpc-service.ts';
import { bootstrapNames } from '../xds/render-bootstrap.ts';
import { authoritySecret, certificateSecret, packSecret } from '../xds/resources.ts';
import { bindSocket } from './bind-socket.ts';
import type { HeldIdentity } from './identity.ts';
import { refusalOf, respond, SdsStream, type SecretSet } from './sds-stream.ts';
import { giveSocket } from './socket-directory.ts';

/** What the server needs. */
export interface SdsServerOptions {
  /** In a directory of `openSocketDirectory`. */
  readonly socketPath: string;
  /** The user that may connect. */
  readonly uid: number;
  /** Hears of each request that was refused. */
  readonly onRefusal?: () => void;
  readonly log: Log;
}

/** A running server. */
export interface SdsServer {
  /**
   * Serves `identity` from now on and pushes it to every open stream. Streams opened earlier than
   * the first wait for it.
   */
  publish(identity: HeldIdentity): void;
  close(): Promise<void>;
}

type SecretCall = ServerDuplexStream<DiscoveryRequest, DiscoveryResponse>;
type FetchCall = ServerUnaryCall<DiscoveryRequest, DiscoveryResponse>;
type FetchAnswer = sendUnaryData<DiscoveryResponse>;

/** What there is to serve, and who wants to hear of changes. */
interface Shelf {
  readonly streams: Set<SdsStream>;
  current: SecretSet | undefined;
  readonly onRefusal: () => void;
  readonly log: Log;
}

/**
 * Starts the server.
 *
 * @throws DtaError `portInUse` when another agent serves the socket, `setup` when it cannot be
 * made.
 */
export async function createSdsServer(options: SdsServerOptions): Promise<SdsServer> {
  const { socketPath, uid, log, onRefusal = () => undefined } = options;
  const shelf: Shelf = { streams: new Set(), current: undefined, onRefusal, log };
  const server = new Server();
  server.addService(grpcService(SecretDiscoveryService), {
    streamSecrets: ((call: SecretCall) => onStream(call, shelf)) as UntypedHandleCall,
    fetchSecrets: ((call: FetchCall, answer: FetchAnswer) =>
      onFetch(call.request, answer, shelf)) as UntypedHandleCall,
  });
  await bindSocket(server, socketPath);
  giveSocket(socketPath, uid);
  return {
    publish: (identity) => {
      const set = secretsOf(identity);
      shelf.current = set;
      for (const stream of shelf.streams) stream.onChange(set);
    },
    close: async () => {
      server.forceShutdown();
      rmSync(socketPath, { force: true });
    },
  };
}

function onStream(call: SecretCall, shelf: Shelf): void {
  const stream = new SdsStream((response) => call.write(response), shelf.log);
  shelf.streams.add(stream);
  const leave = () => void shelf.streams.delete(stream);
  call.on('data', (request: DiscoveryRequest) => {
    const reason = refusalOf(request, secretNames);
    if (reason === undefined) return stream.onRequest(request, shelf.current);
    leave();
    call.emit('error', refuse(reason, shelf));
  });
  call.on('end', () => call.end());
  for (const event of ['cancelled', 'close', 'error']) call.on(event, leave);
}

function onFetch(request: DiscoveryRequest, answer: FetchAnswer, shelf: Shelf): void {
  const reason = refusalOf(request, secretNames);
  if (reason !== undefined) answer(refuse(reason, shelf));
  else if (!shelf.current) answer({ code: status.UNAVAILABLE, details: 'not joined yet' });
  else answer(null, respond(shelf.current, request.resourceNames, ''));
}

function refuse(reason: string, { log, onRefusal }: Shelf): { code: status; details: string } {
  onRefusal();
  log.warn({ reason }, 'refused a request for secrets');
  return { code: status.PERMISSION_DENIED, details: reason };
}

function secretsOf(identity: HeldIdentity): SecretSet {
  const { certificate, meshAuthority } = bootstrapNames;
  const svid = certificateSecret(certificate, identity.chainPem, identity.keyPem);
  const authority = authoritySecret(meshAuthority, identity.rootPem);
  return {
    version: createHash('sha256')
      .update(identity.chainPem)
      .update(identity.rootPem)
      .digest('hex')
      .slice(0, 16),
    secrets: new Map([
      [certificate, packSecret(svid)],
      [meshAuthority, packSecret(authority)],
    ]),
  };
}

const secretNames = [bootstrapNames.certificate, bootstrapNames.meshAuthority] as const;
