/** Binds a gRPC server to a Unix socket. */
import { type Server, ServerCredentials } from '@grpc/grpc-js';

import { DtaError } from '../errors.ts';
import { removeStaleSocket } from './socket-directory.ts';

/**
 * Starts listening at `socketPath`, without encryption: the directory is what keeps others out.
 *
 * @throws DtaError `portInUse` when another agent serves the socket, `setup` when it cannot be
 * made.
 */
export async function bindSocket(server: Server, socketPath: string): Promise<void> {
  await removeStaleSocket(socketPath);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  );
  try {
    await promise;
  } catch (cause) {
    throw new DtaError('setup', `cannot serve on \`${socketPath}\``, { cause });
  }
}
