/** Masking keys and clear values over HTTP, for operators; clear values for those who are cleared as well. */
import type { FastifyInstance, FastifySchema } from 'fastify';
import type { z } from 'zod';

import type { Privacy } from './collaborators.ts';
import {
  clearanceHeader,
  maskingKeyReply,
  maskingKeysReply,
  revealQuery,
  revealReply,
  revealRequest,
  revealsReply,
  rotateRequest,
} from './privacy-messages.ts';
import { problemSchema } from './problem.ts';

/** Adds the routes; `actor` is recorded with every reveal and rotation. */
export function addPrivacyRoutes(app: FastifyInstance, privacy: Privacy, actor: string): void {
  addRevealRoutes(app, privacy.reveals, actor);
  addKeyRoutes(app, privacy.keys, actor);
}

function addRevealRoutes(app: FastifyInstance, reveals: Privacy['reveals'], actor: string): void {
  app.post<{ Body: z.infer<typeof revealRequest> }>(
    '/v1/masking/reveal',
    {
      bodyLimit: largestRevealBytes,
      schema: {
        ...describe(
          `clear values, with a clearance in the header \`${clearanceHeader}\``,
          revealReply,
        ),
        body: revealRequest,
      },
    },
    async ({ body, headers }, reply) => {
      // Nothing on the way may keep them.
      reply.header('cache-control', 'no-store');
      const given = headers[clearanceHeader];
      const clearance = typeof given === 'string' ? given : undefined;
      return { values: await reveals.reveal({ ...body, clearance, actor }) };
    },
  );
  app.get<{ Querystring: z.infer<typeof revealQuery> }>(
    '/v1/masking/reveals',
    {
      schema: {
        ...describe('who asked for clear values, in the order of arrival', revealsReply),
        querystring: revealQuery,
      },
    },
    async ({ query: { limit, after } }) => ({
      reveals: await reveals.log({ limit, afterId: after }),
    }),
  );
}

function addKeyRoutes(app: FastifyInstance, keys: Privacy['keys'], actor: string): void {
  const path = '/v1/masking/keys';
  app.get(
    path,
    { schema: describe('generations of masking keys', maskingKeysReply) },
    async () => ({
      keys: keys.list(),
    }),
  );
  app.post<{ Body: z.infer<typeof rotateRequest> }>(
    path,
    {
      schema: {
        ...describe(
          'makes a new generation, with which proxies mask from then on',
          maskingKeyReply,
        ),
        body: rotateRequest,
      },
    },
    async ({ body }) => await keys.rotate(body.reason, actor),
  );
}

function describe(summary: string, reply: z.ZodType): FastifySchema & object {
  const response = { 200: reply, '4xx': problemSchema, '5xx': problemSchema };
  return { summary, security: [{ operatorToken: [] }], response };
}

/** A hundred values of 1,500 characters, escaped. */
const largestRevealBytes = 1024 * 1024;
