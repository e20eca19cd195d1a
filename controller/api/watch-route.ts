/** Where agents wait for news of the trust and for orders to renew. */
import type { TLSSocket } from 'node:tls';

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';

import type { Clock } from '../clock.ts';
import type { AgentIdentities, AgentTrust } from './collaborators.ts';
import { watchReply, watchRequest } from './messages.ts';
import { authenticatePeer, peerCertificate } from './peer.ts';
import { problemSchema, Refusal } from './problem.ts';
import { RateLimit } from './rate-limit.ts';

/** What the route needs. */
export interface WatchRouteParts {
  readonly identities: AgentIdentities;
  readonly trust: AgentTrust;
  readonly clock: Clock;
}

/** Adds `POST /v1/watch`: answers when there is news, the client certificate is revoked (403), or a quarter of a minute is over. */
export function addWatchRoute(
  app: FastifyInstance,
  { identities, trust, clock }: WatchRouteParts,
): void {
  const polls = new RateLimit(pollBurst, pollsPerSecond, clock);
  app.post<{ Body: z.infer<typeof watchRequest> }>(
    '/v1/watch',
    {
      bodyLimit: 1024,
      schema: {
        summary: 'waits for news of the trust and for orders to renew',
        body: watchRequest,
        response: { 200: watchReply, '4xx': problemSchema, '5xx': problemSchema },
        security: [{ clientCertificate: [] }],
      },
      onRequest: async (request) => {
        const names = peerCertificate(socketOf(request), clock()).subjectAltName ?? '';
        if (polls.allows(names)) return;
        throw new Refusal(429, 'unreachable', 'asked too often', 'wait a minute');
      },
    },
    async (request) => {
      const socket = socketOf(request);
      const { spiffeId } = await authenticatePeer(socket, identities, clock());
      const { raw } = peerCertificate(socket, clock());
      const left = new AbortController();
      const leave = () => left.abort();
      socket.once('close', leave);
      try {
        return await trust.wait(spiffeId, raw, request.body, left.signal);
      } finally {
        socket.off('close', leave);
      }
    },
  );
}

function socketOf(request: FastifyRequest): TLSSocket {
  return request.raw.socket as TLSSocket;
}

const pollBurst = 20;
const pollsPerSecond = 0.5;
