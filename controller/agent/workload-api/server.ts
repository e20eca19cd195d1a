/**
 * The SPIFFE Workload API for applications that want their SVID themselves, on a Unix socket that
 * only the workload's user may reach: X.509 profile; the JWT profile is answered UNIMPLEMENTED.
 */
import { rmSync } from 'node:fs';

import type { Message } from '@bufbuild/protobuf';
import {
  type Metadata,
  Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
  type UntypedHandleCall,
} from '@grpc/grpc-js';

import type { Log } from '../../log.ts';
import { grpcService } from '../../xds/grpc-service.ts';
import { bindSocket } from '../bind-socket.ts';
import type { HeldIdentity } from '../identity.ts';
import { giveSocket } from '../socket-directory.ts';
import { SpiffeWorkloadAPI } from './gen/workload_pb.js';
import { bundlesOf, svidOf } from './responses.ts';

/** What the server needs. */
export interface WorkloadApiOptions {
  /** In a directory of `openSocketDirectory`. */
  readonly socketPath: string;
  /** The user that may connect. */
  readonly uid: number;
  /** Hears of each request that was refused. */
  readonly onRefusal?: () => void;
  readonly log: Log;
}

/** A running server. */
export interface WorkloadApi {
  /** Gives `identity` to every open stream and to those that come. Streams opened before the first wait. */
  publish(identity: HeldIdentity): void;
  close(): Promise<void>;
}

type Stream = ServerWritableStream<Message, Message>;
type Unary = ServerUnaryCall<Message, Message>;

/** Who wants to hear of changes, and in which form. */
interface Shelf {
  readonly streams: Map<Stream, (identity: HeldIdentity) => Message>;
  current: HeldIdentity | undefined;
}

/**
 * Starts the server.
 *
 * @throws DtaError `portInUse` when another agent serves the socket, `setup` when it cannot be
 * made.
 */
export async function createWorkloadApi(options: WorkloadApiOptions): Promise<WorkloadApi> {
  const { socketPath, uid } = options;
  const shelf: Shelf = { streams: new Map(), current: undefined };
  const server = new Server();
  const streamOf = (render: (identity: HeldIdentity) => Message) =>
    ((call: Stream) => onStream(call, render, shelf, options)) as UntypedHandleCall;
  const unary = ((call: Unary, answer: sendUnaryData<Message>) =>
    answer(refusalOf(call.metadata, options) ?? noJwt)) as UntypedHandleCall;
  server.addService(grpcService(SpiffeWorkloadAPI), {
    fetchX509SVID: streamOf(svidOf),
    fetchX509Bundles: streamOf(bundlesOf),
    fetchJWTSVID: unary,
    validateJWTSVID: unary,
    fetchJWTBundles: ((call: Stream) => {
      call.emit('error', refusalOf(call.metadata, options) ?? noJwt);
    }) as UntypedHandleCall,
  });
  await bindSocket(server, socketPath);
  giveSocket(socketPath, uid);
  return {
    publish: (identity) => {
      shelf.current = identity;
      for (const [call, render] of shelf.streams) call.write(render(identity));
    },
    close: async () => {
      server.forceShutdown();
      rmSync(socketPath, { force: true });
    },
  };
}

function onStream(
  call: Stream,
  render: (identity: HeldIdentity) => Message,
  shelf: Shelf,
  options: WorkloadApiOptions,
): void {
  const refusal = refusalOf(call.metadata, options);
  if (refusal) {
    call.emit('error', refusal);
    return;
  }
  if (shelf.streams.size >= mostStreams) {
    call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'too many streams' });
    return;
  }
  shelf.streams.set(call, render);
  for (const event of ['cancelled', 'close', 'error']) {
    call.on(event, () => void shelf.streams.delete(call));
  }
  if (shelf.current) call.write(render(shelf.current));
}

/** Workload API, 4.1: the header shows that no request was forged through a client that follows others' URLs. */
function refusalOf(
  metadata: Metadata,
  { log, onRefusal }: WorkloadApiOptions,
): { code: status; details: string } | undefined {
  const values = metadata.get('workload.spiffe.io');
  if (values.length === 1 && values[0] === 'true') return undefined;
  const details = 'security header missing: workload.spiffe.io: true';
  onRefusal?.();
  log.warn({ reason: details }, 'refused a request for an SVID');
  return { code: status.INVALID_ARGUMENT, details };
}

const noJwt = { code: status.UNIMPLEMENTED, details: 'there are no JWT-SVIDs here' };
/** Of one workload; each holds a connection of its own at worst. */
const mostStreams = 1_000;
