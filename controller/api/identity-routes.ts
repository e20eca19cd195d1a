/** Identities over HTTP, for operators: tokens, registrations, rotation, revocation, and what happens to them. */
import { Readable } from 'node:stream';

import type { FastifyInstance, FastifySchema } from 'fastify';
import { z } from 'zod';

import type { IdentityEvent } from '../identity/events.ts';
import { toJson } from './app.ts';
import type { OperatorIdentities, RegistrationIntake } from './collaborators.ts';
import { followEvents } from './follow-events.ts';
import {
  eventsQuery,
  eventsReply,
  groupReply,
  groupRequest,
  groupsReply,
  liftQuery,
  liftReply,
  namedTokenRequest,
  registrationsReply,
  registrationsRequest,
  rotateReply,
  rotateRequest,
  rotationsReply,
  unregisterReply,
} from './identity-messages.ts';
import {
  identitiesReply,
  identityRequest,
  revocationReply,
  revokeRequest,
  tokenReply,
} from './messages.ts';
import { problemSchema } from './problem.ts';

/** What the routes need. */
export interface IdentityRouteParts {
  readonly identities: OperatorIdentities;
  readonly registrations: RegistrationIntake;
  /** Recorded with everything that changes something. */
  readonly actor: string;
}

/** Adds the routes. */
export function addIdentityRoutes(app: FastifyInstance, parts: IdentityRouteParts): void {
  addInstanceRoutes(app, parts);
  addRegistrationRoutes(app, parts);
  addRotationRoutes(app, parts);
  addGroupRoutes(app, parts);
  addEventRoute(app, parts);
}

function addInstanceRoutes(app: FastifyInstance, { identities, actor }: IdentityRouteParts): void {
  app.post<{ Body: z.infer<typeof identityRequest> }>(
    '/v1/identities',
    {
      schema: {
        ...describe('registers a workload and makes a join token', tokenReply),
        body: identityRequest,
      },
    },
    async ({ body: { host, agent, ...request } }) =>
      await identities.issueToken(request, { host, agent }),
  );
  app.get(
    '/v1/identities',
    { schema: describe('every instance with its newest certificate', identitiesReply) },
    async () => ({ identities: await identities.list() }),
  );
  app.post<{ Params: { id: string }; Body: z.infer<typeof revokeRequest> }>(
    '/v1/identities/:id/revoke',
    {
      schema: {
        ...describe('revokes an instance (UUID) or a certificate', revocationReply),
        body: revokeRequest,
        params: z.object({ id: z.string().max(128) }),
      },
    },
    async ({ params, body }) => await identities.revoke(params.id, body.reason, actor),
  );
}

function addRegistrationRoutes(app: FastifyInstance, parts: IdentityRouteParts): void {
  const { identities, registrations, actor } = parts;
  const params = z.object({ name: z.string().max(128) });
  app.post<{ Body: z.infer<typeof registrationsRequest> }>(
    '/v1/registrations',
    {
      bodyLimit: largestFilesBytes,
      schema: {
        ...describe('stores registrations, all or none', registrationsReply),
        body: registrationsRequest,
      },
    },
    async ({ body }) => ({ registrations: await registrations.register(body.files, actor) }),
  );
  app.get(
    '/v1/registrations',
    { schema: describe('registrations by name', registrationsReply) },
    async () => ({ registrations: await identities.registrar.registrations() }),
  );
  app.delete<{ Params: { name: string } }>(
    '/v1/registrations/:name',
    { schema: { ...describe('lets nobody join under it any more', unregisterReply), params } },
    async ({ params: { name } }) => {
      await identities.registrar.unregister(name, actor);
      return { name };
    },
  );
  app.post<{ Params: { name: string }; Body: z.infer<typeof namedTokenRequest> }>(
    '/v1/registrations/:name/tokens',
    {
      schema: {
        ...describe('makes a join token for a registration', tokenReply),
        ...{ body: namedTokenRequest, params },
      },
    },
    async ({ params: { name }, body }) => await identities.registrar.issueTokenFor(name, body),
  );
}

function addRotationRoutes(app: FastifyInstance, { identities, actor }: IdentityRouteParts): void {
  const path = '/v1/rotations';
  app.post<{ Body: z.infer<typeof rotateRequest> }>(
    path,
    {
      schema: {
        ...describe('orders certificates to be renewed now', rotateReply),
        body: rotateRequest,
      },
    },
    async ({ body: { spreadMs, reason, ...target } }) => {
      const { order, concerned } = await identities.rotations.order(
        ...([target, spreadMs, reason, actor] as const),
      );
      return { ...order, concerned };
    },
  );
  app.get(
    path,
    { schema: describe('who was ordered to renew and has not', rotationsReply) },
    async () => ({ open: await identities.rotations.open() }),
  );
}

function addGroupRoutes(app: FastifyInstance, { identities, actor }: IdentityRouteParts): void {
  const path = '/v1/revocations';
  app.post<{ Body: z.infer<typeof groupRequest> }>(
    path,
    {
      schema: {
        ...describe('revokes a service, a team, the domain or a key', groupReply),
        body: groupRequest,
      },
    },
    async ({ body: { reason, ...target } }) =>
      await identities.groups.revokeGroup(target, reason, actor),
  );
  app.get(
    path,
    { schema: describe('revoked groups that are in force', groupsReply) },
    async () => ({ revocations: await identities.groups.revokedGroups() }),
  );
  app.delete<{ Params: { id: string }; Querystring: z.infer<typeof liftQuery> }>(
    `${path}/:id`,
    {
      schema: {
        ...describe('lets new instances of a group join again', liftReply),
        params: z.object({ id: z.string().max(128) }),
        querystring: liftQuery,
      },
    },
    async ({ params, query }) => await identities.groups.liftGroup(params.id, query.reason, actor),
  );
}

function addEventRoute(app: FastifyInstance, { identities }: IdentityRouteParts): void {
  const { events } = identities;
  app.get<{ Querystring: z.infer<typeof eventsQuery> }>(
    '/v1/identities/events',
    {
      schema: {
        ...describe('joins, renewals, refusals, revocations since the start', eventsReply),
        querystring: eventsQuery,
      },
    },
    async ({ query: { after, limit, follow }, raw }, reply) => {
      if (!follow) return { events: events.tail({ afterId: after, limit }) };
      const gone = new AbortController();
      raw.socket.once('close', () => gone.abort());
      const lines = Readable.from(linesOf(followEvents(events, after, limit, gone.signal)));
      return reply.type('application/x-ndjson').send(lines);
    },
  );
}

async function* linesOf(lists: AsyncIterable<IdentityEvent[]>): AsyncGenerator<string> {
  for await (const list of lists) {
    // An empty line says that the stream is open.
    if (list.length === 0) yield '\n';
    for (const event of list) yield `${toJson(event)}\n`;
  }
}

function describe(summary: string, reply: z.ZodType): FastifySchema & object {
  const response = { 200: reply, '4xx': problemSchema, '5xx': problemSchema };
  return { summary, security: [{ operatorToken: [] }], response };
}

const largestFilesBytes = 8 * 1024 * 1024;
