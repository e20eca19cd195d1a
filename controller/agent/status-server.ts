/** What an agent says about itself, on a Unix socket for its own user: status, metrics, life. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';

import { z } from 'zod';

import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { AgentStatus } from './agent.ts';
import { removeStaleSocket } from './socket-directory.ts';

/** What the server needs. */
export interface StatusServerOptions {
  readonly socketPath: string;
  readonly statuses: () => readonly AgentStatus[];
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> };
  readonly log: Log;
}

/**
 * Serves `GET /v1/status`, `/metrics`, `/livez`, and `/readyz` (503 until every workload has a
 * certificate that is good). Gives the function that ends it.
 *
 * @throws DtaError `portInUse`, `setup`.
 */
export async function createStatusServer(
  options: StatusServerOptions,
): Promise<() => Promise<void>> {
  const { socketPath, log } = options;
  await removeStaleSocket(socketPath);
  const server = createServer((request, response) => {
    answer(request.method ?? '', request.url ?? '', options).then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: unknown) => {
        log.error({ err: error }, 'status cannot be shown');
        response.writeHead(500).end();
      },
    );
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (cause) =>
    reject(new DtaError('setup', `cannot serve status on \`${socketPath}\``, { cause })),
  );
  server.listen(socketPath, () => resolve());
  await promise;
  chmodSync(socketPath, 0o600);
  return async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    rmSync(socketPath, { force: true });
  };
}

/**
 * Asks the agent that serves `socketPath`.
 *
 * @throws DtaError `unreachable` when none does, `internal` when its answer is not understood.
 */
export async function readAgentStatus(socketPath: string): Promise<AgentStatusReply[]> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const request = httpRequest({ socketPath, path: '/v1/status', agent: false }, (response) =>
    text(response).then(resolve, reject),
  );
  request.once('error', reject);
  request.end();
  const body = await promise.catch((cause: unknown) => {
    throw new DtaError('unreachable', `no agent answers at \`${socketPath}\``, {
      help: 'name the `statusSocket` of its configuration',
      cause,
    });
  });
  try {
    return statusReply.parse(JSON.parse(body)).workloads;
  } catch (cause) {
    throw new DtaError('internal', 'the agent answered something that is not understood', {
      cause,
    });
  }
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function answer(method: string, url: string, options: StatusServerOptions): Promise<Answer> {
  const { statuses, metrics } = options;
  const json = (status: number, value: unknown) => ({
    ...{ status, type: 'application/json' },
    body: JSON.stringify(value),
  });
  if (method !== 'GET') return json(405, { message: 'only GET' });
  switch (url) {
    case '/livez':
      return json(200, { ready: true });
    case '/readyz': {
      const waitingFor = statuses().filter(({ state }) => state !== 'valid' && state !== 'late');
      const names = waitingFor.map(({ workload }) => workload);
      return json(names.length === 0 ? 200 : 503, { ready: names.length === 0, waitingFor: names });
    }
    case '/v1/status':
      return json(200, { workloads: statuses() });
    case '/metrics':
      return { status: 200, type: metrics.contentType, body: await metrics.metrics() };
    default:
      return json(404, { message: 'there is nothing here' });
  }
}

const workloadStatus = z.object({
  workload: z.string(),
  spiffeId: z.string().optional(),
  state: z.enum(['joining', 'valid', 'late', 'expired', 'ended']),
  notBeforeMs: z.number().optional(),
  notAfterMs: z.number().optional(),
  lastError: z.string().optional(),
  skewMs: z.number().optional(),
});
const statusReply = z.object({ workloads: z.array(workloadStatus) });

/** One workload, as it travels. */
export type AgentStatusReply = z.infer<typeof workloadStatus>;
