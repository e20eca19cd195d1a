/** Routes of the certificate authority, for operators. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import {
  authorityReply,
  issuerChangeRequest,
  issuerReply,
  prepareRequest,
  revokedIssuerReply,
} from './authority-messages.ts';
import type { OperatorAuthority } from './collaborators.ts';
import { problemSchema } from './problem.ts';

type Change = z.infer<typeof issuerChangeRequest>;

/** Adds `/v1/ca`; `actor` goes into the record. */
export function addAuthorityRoutes(
  app: FastifyInstance,
  authority: OperatorAuthority,
  actor: string,
): void {
  app.get(
    '/v1/ca',
    { schema: schemaOf('issuing keys, and who does not know them yet', authorityReply) },
    async () => await authority.show(),
  );
  app.post<{ Body: z.infer<typeof prepareRequest> }>(
    '/v1/ca/prepare',
    {
      bodyLimit: 256 * 1024,
      schema: schemaOf('makes the next issuing key', issuerReply, prepareRequest),
    },
    async ({ body: { reason, ...wish } }) =>
      await authority.prepare(wish, { reason, actor, force: false }),
  );
  app.post<{ Body: Change }>(
    '/v1/ca/activate',
    { schema: schemaOf('lets the prepared key sign', issuerReply, issuerChangeRequest) },
    async ({ body }) => await authority.activate({ ...body, actor }),
  );
  app.post<{ Params: { id: string }; Body: Change }>(
    '/v1/ca/:id/taint',
    { schema: changeOf('has everybody renew who lives on a retired key', issuerReply) },
    async ({ params, body }) => await authority.taint(params.id, { ...body, actor }),
  );
  app.post<{ Params: { id: string }; Body: Change }>(
    '/v1/ca/:id/revoke',
    { schema: changeOf('ends the trust in a key and all it signed', revokedIssuerReply) },
    async ({ params, body }) => await authority.revoke(params.id, { ...body, actor }),
  );
}

function changeOf(summary: string, reply: z.ZodType) {
  const params = z.object({ id: z.string().max(64) });
  return { ...schemaOf(summary, reply, issuerChangeRequest), params };
}

function schemaOf(summary: string, reply: z.ZodType, body?: z.ZodType) {
  const response = { 200: reply, '4xx': problemSchema, '5xx': problemSchema };
  const security = [{ operatorToken: [] }];
  return body ? { summary, security, body, response } : { summary, security, response };
}
