/** How workloads join with other evidence than a token. */
import type { TLSSocket } from 'node:tls';

import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify';
import type { z } from 'zod';

import type { Clock } from '../clock.ts';
import type { AttestationPeer } from '../identity/service.ts';
import type { AgentIdentities } from './collaborators.ts';
import { attestRequest, challengeReply, challengeRequest } from './identity-messages.ts';
import { identityReply } from './messages.ts';
import { authenticatePeer } from './peer.ts';
import { problemSchema } from './problem.ts';

/** Adds the routes; `limit` refuses who asks too often, before the body is read. */
export function addAttestationRoutes(
  app: FastifyInstance,
  identities: AgentIdentities,
  clock: Clock,
  limit: (request: FastifyRequest) => void,
): void {
  const onRequest = async (request: FastifyRequest) => limit(request);
  app.post<{ Body: z.infer<typeof challengeRequest> }>(
    '/v1/attest/challenge',
    {
      schema: {
        ...describe('a nonce to be signed, good once', challengeReply),
        body: challengeRequest,
      },
      onRequest,
    },
    async (request) => identities.challenge(request.body.method),
  );
  app.post<{ Body: z.infer<typeof attestRequest> }>(
    '/v1/attest',
    {
      schema: {
        ...describe('trades evidence for the identity of its registration', identityReply),
        body: attestRequest,
      },
      onRequest,
    },
    async (request) =>
      await identities.attest(
        request.body,
        await readAttestationPeer(request, identities, clock()),
      ),
  );
}

/**
 * What the connection says about who asks. A client certificate is not needed, but one that is shown
 * has to be good: it is an agent's, which vouches or brings a token.
 */
export async function readAttestationPeer(
  request: FastifyRequest,
  identities: AgentIdentities,
  nowMs: number,
): Promise<AttestationPeer> {
  const socket = request.raw.socket as TLSSocket;
  const address = request.ip;
  if (!socket.getPeerX509Certificate()) return { address };
  return { address, agent: await authenticatePeer(socket, identities, nowMs) };
}

function describe(summary: string, reply: z.ZodType): FastifySchema & object {
  return { summary, response: { 200: reply, '4xx': problemSchema, '5xx': problemSchema } };
}
