/** Where agents wait for the order to renew at once. */
import type { TLSSocket } from 'node:tls';

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';

import type { Clock } from '../clock.ts';
import type { AgentIdentities } from './collaborators.ts';
import { rotationQuery, rotationReply } from './identity-messages.ts';
import { peerCertificate } from './peer.ts';
import { problemSchema, Refusal } from './problem.ts';
import { RateLimit } from './rate-limit.ts';

/** Adds `GET /v1/rotation`: answers when the client certificate is due, revoked (403), or `waitMs` is over. */
export function addRotationRoute(
  app: FastifyInstance,
  identities: AgentIdentities,
  clock: Clock,
): void {
  const polls = new RateLimit(pollBurst, pollsPerSecond, clock);
  app.get<{ Querystring: z.infer<typeof rotationQuery> }>(
    '/v1/rotation',
    {
      schema: {
        summary: 'whether the client certificate is to be renewed now; waits for it',
        security: [{ clientCertificate: [] }],
        querystring: rotationQuery,
        response: { 200: rotationReply, '4xx': problemSchema, '5xx': problemSchema },
      },
      onRequest: async (request) => {
        const names = peerCertificate(socketOf(request)).subjectAltName ?? '';
        if (polls.allows(names)) return;
        throw new Refusal(429, 'unreachable', 'asked too often', 'wait a minute');
      },
    },
    async (request) => {
      const socket = socketOf(request);
      const ended = new AbortController();
      const end = () => ended.abort();
      const timer = setTimeout(end, request.query.waitMs);
      socket.once('close', end);
      try {
        const order = await identities.awaitRotation(peerCertificate(socket).raw, ended.signal);
        return {
          due: order !== undefined,
          spreadMs: order?.spreadMs ?? 0,
          reason: order?.reason ?? '',
        };
      } finally {
        clearTimeout(timer);
        socket.off('close', end);
      }
    },
  );
}

function socketOf(request: FastifyRequest): TLSSocket {
  return request.raw.socket as TLSSocket;
}

const pollBurst = 20;
const pollsPerSecond = 0.5;
