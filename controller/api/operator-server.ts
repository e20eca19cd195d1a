/**
 * The controller's HTTP server for operators on the same machine: identities, authority, policies, live values,
 * masking keys, status, audit, health.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { createApp, listen } from './app.ts';
import { addAuditRoutes } from './audit-routes.ts';
import { addAuthorityRoutes } from './authority-routes.ts';
import type {
  AuditFeed,
  LiveValues,
  MetricsSource,
  OperatorAuthority,
  OperatorFederation,
  OperatorIdentities,
  PolicyPublisher,
  Privacy,
  RegistrationIntake,
  StatusSource,
} from './collaborators.ts';
import { addFederationRoutes } from './federation-routes.ts';
import { addIdentityRoutes } from './identity-routes.ts';
import { addLiveValueRoutes } from './live-value-routes.ts';
import {
  healthReply,
  policiesReply,
  policiesRequest,
  policyCheckReply,
  policySetReply,
  statusReply,
} from './messages.ts';
import { bearerMatches } from './operator-access.ts';
import { addPrivacyRoutes } from './privacy-routes.ts';
import { problemSchema, Refusal } from './problem.ts';

/** Where to listen: loopback only, or a Unix socket. */
export type OperatorAddress =
  | { readonly host: '127.0.0.1' | '::1'; readonly port: number }
  | { readonly path: string };

/** What the server needs. */
export interface OperatorServerOptions {
  readonly listen: OperatorAddress;
  /** Of `openOperatorToken`. */
  readonly token: string;
  readonly identities: OperatorIdentities;
  readonly authority: OperatorAuthority;
  readonly federation: OperatorFederation;
  readonly registrations: RegistrationIntake;
  readonly policies: PolicyPublisher;
  readonly live: LiveValues;
  readonly privacy: Privacy;
  readonly status: StatusSource;
  readonly audit: AuditFeed;
  readonly metrics: MetricsSource;
  readonly log: Log;
}

/** A running server. */
export interface OperatorServer {
  /** For clients: `http://127.0.0.1:<port>` or `unix:<path>`. */
  readonly address: string;
  openApi(): unknown;
  close(): Promise<void>;
}

/**
 * Starts the server.
 *
 * @throws DtaError `portInUse`, `usage` when the address is not loopback: the traffic is not
 * encrypted.
 */
export async function createOperatorServer(
  options: OperatorServerOptions,
): Promise<OperatorServer> {
  const where = options.listen;
  if ('host' in where && !loopback.includes(where.host)) {
    throw new DtaError('usage', `the operator API does not listen on \`${where.host}\``, {
      help: 'use 127.0.0.1 or a Unix socket: its traffic is not encrypted',
    });
  }
  const app = await createApp({ title: 'SM-DTA controller, for operators', log: options.log });
  app.addHook('onRequest', async (request) => {
    if (openRoutes.has(request.routeOptions.url ?? '')) return;
    if (bearerMatches(options.token, request.headers.authorization)) return;
    throw new Refusal(401, 'denied', 'no valid operator token', tokenHelp);
  });
  const { identities, registrations } = options;
  addIdentityRoutes(app, { identities, registrations, actor: operator });
  addAuthorityRoutes(app, options.authority, operator);
  addFederationRoutes(app, options.federation, operator);
  addPolicyRoutes(app, options.policies);
  addLiveValueRoutes(app, options.live, operator);
  addPrivacyRoutes(app, options.privacy, operator);
  addAuditRoutes(app, options.audit);
  addHealthRoutes(app, options);
  const port = await listen(app, { ...where });
  return {
    address: addressOf(where, port),
    openApi: () => app.swagger(),
    close: () => app.close(),
  };
}

function addPolicyRoutes(app: FastifyInstance, policies: PolicyPublisher): void {
  app.post<{ Body: z.infer<typeof policiesRequest> }>(
    '/v1/policies',
    {
      bodyLimit: largestPolicySetBytes,
      schema: schemaOf(
        'checks a whole policy set and, unless `dryRun`, publishes it',
        z.union([policySetReply, policyCheckReply]),
        policiesRequest,
      ),
    },
    async ({ body }) =>
      body.dryRun ? await policies.check(body.files) : await policies.push(body.files, operator),
  );
  app.get(
    '/v1/policies',
    { schema: schemaOf('the policy set that is in force', policiesReply) },
    async () => ({ policies: (await policies.current()) ?? null }),
  );
}

function addHealthRoutes(app: FastifyInstance, options: OperatorServerOptions): void {
  const { status, metrics } = options;
  app.get(
    '/v1/status',
    { schema: schemaOf('proxies, versions and what is degraded', statusReply) },
    async () => await status.status(),
  );
  app.get('/v1/openapi.json', { schema: { summary: 'this document' } }, async () => app.swagger());
  app.get(
    '/livez',
    { schema: schemaOf('answers while the process lives', healthReply) },
    async () => ({ ready: true, waitingFor: [] }),
  );
  app.get(
    '/readyz',
    { schema: { ...schemaOf('503 until everything is up', healthReply) } },
    async (_request, reply) => {
      const waitingFor = await status.unready();
      const ready = waitingFor.length === 0;
      return reply.code(ready ? 200 : 503).send({ ready, waitingFor });
    },
  );
  app.get('/metrics', { schema: { summary: 'Prometheus text format' } }, async (_request, reply) =>
    reply
      .type(metrics.contentType)
      .serializer((text: unknown) => String(text))
      .send(await metrics.metrics()),
  );
}

function schemaOf(summary: string, reply: z.ZodType, body?: z.ZodType) {
  const response = { 200: reply, '4xx': problemSchema, '5xx': problemSchema };
  const security = [{ operatorToken: [] }];
  return body ? { summary, security, body, response } : { summary, security, response };
}

function addressOf(where: OperatorAddress, port: number): string {
  if ('path' in where) return `unix:${where.path}`;
  return where.host === '::1' ? `http://[::1]:${port}` : `http://${where.host}:${port}`;
}

/** What may be asked without a token: it holds no identities and no policy. */
const openRoutes = new Set(['/livez', '/readyz', '/metrics']);
const loopback: readonly string[] = ['127.0.0.1', '::1'];
const operator = 'operator';
const tokenHelp = 'the token is in `operator.token` in the data directory of the controller';
const largestPolicySetBytes = 32 * 1024 * 1024;
