/**
 * Takes audit batches from the filter on a Unix socket; a batch is answered 200 when it is on the
 * disk.
 */
import { rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { readBatchHeader } from './audit-batch.ts';
import { giveSocket, removeStaleSocket } from './socket-directory.ts';
import type { Spool } from './spool.ts';

/** What the relay needs. */
export interface AuditRelayOptions {
  /** In a directory of `openSocketDirectory`. */
  readonly socketPath: string;
  /** The user that may connect. */
  readonly uid: number;
  readonly spool: Spool;
  /** Called after each batch that was spooled. */
  readonly onSpooled: () => void;
  readonly log: Log;
}

/** A running relay. */
export interface AuditRelay {
  /** Lets running requests end, then stops. */
  close(): Promise<void>;
}

/**
 * Starts the relay. 200: taken; 503: the spool is full or the disk failed, and the filter keeps the
 * batch; 400, 404, 411 and 413: this is no batch of a filter.
 *
 * @throws DtaError `portInUse` when another agent serves the socket, `setup` when it cannot be
 * made.
 */
export async function createAuditRelay(options: AuditRelayOptions): Promise<AuditRelay> {
  const { socketPath, uid, log } = options;
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      log.error({ err: error }, 'an audit batch could not be spooled');
      if (!response.headersSent) reply(response, 503);
    });
  });
  await removeStaleSocket(socketPath);
  await listen(server, socketPath);
  giveSocket(socketPath, uid);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          rmSync(socketPath, { force: true });
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { spool, onSpooled, log }: AuditRelayOptions,
): Promise<void> {
  const refusal = refusalOf(request);
  if (refusal !== undefined) return reply(response, refusal);
  const batch = await readBody(request);
  const header = batch && readBatchHeader(batch);
  if (!batch || !header) {
    log.warn({ lenBytes: batch?.length }, 'refused a post that is no audit batch');
    return reply(response, 400);
  }
  const outcome = await spool.append(batch);
  if (outcome === 'full') {
    log.error({ ...header, spoolBytes: spool.sizeBytes }, 'the audit spool is full');
    return reply(response, 503);
  }
  reply(response, 200);
  onSpooled();
}

function refusalOf(request: IncomingMessage): number | undefined {
  if (request.method !== 'POST' || request.url !== '/v1/audit') return 404;
  const lenBytes = Number(request.headers['content-length'] ?? Number.NaN);
  if (Number.isNaN(lenBytes)) return 411;
  return lenBytes > largestBatchBytes ? 413 : undefined;
}

/** The length was declared and is enforced by the parser. Undefined: the sender went away. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}

function reply(response: ServerResponse, status: number): void {
  // What was refused unread must not be taken for the next request.
  const close = status === 200 || status === 503 ? {} : { connection: 'close' };
  response.writeHead(status, { 'content-length': 0, ...close }).end();
}

async function listen(server: Server, socketPath: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(socketPath, resolve);
  try {
    await promise;
  } catch (cause) {
    throw new DtaError('setup', `cannot take audit batches on \`${socketPath}\``, { cause });
  }
}

/** Above the largest batch that a filter posts; what the controller takes is as large. */
const largestBatchBytes = 1024 * 1024;
