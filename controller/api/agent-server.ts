/** The controller's HTTPS server for agents: join, renew, trust, news of the trust, audit. */
import { createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';

import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { AttemptMethod } from '../identity/attestation/attestation-desk.ts';
import { rootServerName } from '../identity/root-server-name.ts';
import type { Log } from '../log.ts';
import { createApp, listen } from './app.ts';
import { addAttestationRoutes, readAttestationPeer } from './attestation-routes.ts';
import type { AgentIdentities, AgentTrust, AuditIntake } from './collaborators.ts';
import { identityReply, ingestReply, joinRequest, renewRequest, trustReply } from './messages.ts';
import { authenticatePeer, peerCertificate } from './peer.ts';
import { problemOf, problemSchema, Refusal } from './problem.ts';
import { RateLimit } from './rate-limit.ts';
import { addWatchRoute } from './watch-route.ts';

/** Key material of a TLS server. */
export interface ServerCertificate {
  /** Leaf first. */
  readonly chainPem: string;
  /** The same certificate under each root, by the hash of the root's key (`rootServerName`). */
  readonly chainsByRoot: ReadonlyMap<string, string>;
  readonly keyPem: string;
}

/** What the server needs. */
export interface AgentServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly certificate: ServerCertificate;
  readonly identities: AgentIdentities;
  readonly trust: AgentTrust;
  readonly audit: AuditIntake;
  readonly clock: Clock;
  readonly log: Log;
}

/** A running server. */
export interface AgentServer {
  readonly port: number;
  /** New connections see this certificate, and are checked against the roots of now; open ones keep theirs. */
  useCertificate(certificate: ServerCertificate): void;
  /** The OpenAPI document of what is served. */
  openApi(): unknown;
  close(): Promise<void>;
}

/**
 * Starts the server. A client certificate is asked for and checked against the root; whether one is
 * needed is the route's matter, because a workload that joins has none.
 *
 * @throws DtaError `portInUse`, or `setup` when the key material cannot be used.
 */
export async function createAgentServer(options: AgentServerOptions): Promise<AgentServer> {
  const shelf = new CertificateShelf(options);
  const tls = { ...shelf.use(options.certificate), SNICallback: shelf.choose };
  const app = await createApp({ title: 'SM-DTA controller, for agents', tls, log: options.log });
  const joins = new RateLimit(joinBurst, joinsPerSecond, options.clock);
  const limit = (request: FastifyRequest) => limitJoins(joins, request);
  reportRefusals(app, options.identities);
  addIdentityRoutes(app, options, limit);
  addTrustRoute(app, options);
  addAttestationRoutes(app, options.identities, options.clock, limit);
  addWatchRoute(app, options);
  addAuditRoute(app, options);
  const port = await listen(app, options);
  return {
    port,
    useCertificate: (certificate) => {
      const server = app.server as unknown as import('node:tls').Server;
      server.setSecureContext(shelf.use(certificate));
    },
    openApi: () => app.swagger(),
    close: () => app.close(),
  };
}

/**
 * What cannot be read, or comes with a bad certificate, never reaches the identity domain: it is told
 * of it. Who asks too often is not: a flood must not bury the log.
 */
function reportRefusals(app: FastifyInstance, identities: AgentIdentities): void {
  app.addHook('onError', async (request, _reply, error) => {
    const method = attempts.get(request.routeOptions.url ?? '');
    const isReported = error instanceof DtaError && !(error instanceof Refusal);
    const { status, problem } = problemOf(error);
    if (method === undefined || isReported || status === 429 || status >= 500) return;
    const refusal = error instanceof DtaError ? error : new DtaError('usage', problem.message);
    identities.reportRefused(refusal, method, request.ip);
  });
}

function addIdentityRoutes(
  app: FastifyInstance,
  { identities, clock }: AgentServerOptions,
  limit: (request: FastifyRequest) => void,
): void {
  const renewals = new RateLimit(renewalBurst, renewalsPerSecond, clock);
  app.post<{ Body: z.infer<typeof joinRequest> }>(
    '/v1/join',
    {
      bodyLimit: 16 * 1024,
      schema: schemaOf('trades a join token for an identity', identityReply, joinRequest),
      // Before the body is read: a flood costs no parsing.
      onRequest: async (request) => limit(request),
    },
    async (request) => {
      const { token, csr } = request.body;
      const peer = await readAttestationPeer(request, identities, clock());
      return await identities.join(token, csr, peer);
    },
  );
  app.post<{ Body: z.infer<typeof renewRequest> }>(
    '/v1/renew',
    {
      bodyLimit: 16 * 1024,
      schema: schemaOf(
        'renews the identity of the client certificate',
        identityReply,
        renewRequest,
      ),
      onRequest: async (request) => limitRenewals(renewals, request, clock()),
    },
    async (request) => {
      const { raw } = peerCertificate(socketOf(request), clock());
      return await identities.renew(raw, request.body.csr, request.ip).catch(laterIfTooMany);
    },
  );
}

/** An agent tries again after this answer, where `conflict` would say that something is wrong with its request. */
function laterIfTooMany(error: unknown): never {
  if (!(error instanceof DtaError) || error.code !== 'conflict') throw error;
  throw new Refusal(429, 'unreachable', error.message, error.help);
}

function addTrustRoute(app: FastifyInstance, { identities }: AgentServerOptions): void {
  app.get(
    '/v1/trust',
    { schema: schemaOf('root certificate and revocation list; both are public', trustReply) },
    async () => ({
      trustDomain: identities.trustDomain,
      rootPem: identities.rootPem,
      crlPem: await identities.crlPem(),
      generation: identities.trustGeneration,
    }),
  );
}

/** By the names in the certificate, which stay the same over renewals: certificates that live must stay few. */
function limitRenewals(renewals: RateLimit, request: FastifyRequest, nowMs: number): void {
  const names = peerCertificate(socketOf(request), nowMs).subjectAltName ?? '';
  if (renewals.allows(names)) return;
  throw new Refusal(429, 'unreachable', 'too many renewals of this instance', 'wait a minute');
}

function addAuditRoute(
  app: FastifyInstance,
  { identities, audit, clock }: AgentServerOptions,
): void {
  app.addContentTypeParser(
    'application/octet-stream',
    { parseAs: 'buffer' },
    (_request, body, done) => done(null, body),
  );
  app.post<{ Body: Buffer }>(
    '/v1/audit',
    {
      bodyLimit: largestBatchBytes,
      schema: {
        ...schemaOf('stores a batch of audit records (docs/formats.md, AuditHeader)', ingestReply),
        consumes: ['application/octet-stream'],
        security: [{ clientCertificate: [] }],
      },
      onRequest: async (request) => void peerCertificate(socketOf(request), clock()),
    },
    async (request) => {
      const peer = await authenticatePeer(socketOf(request), identities, clock());
      if (!Buffer.isBuffer(request.body)) {
        throw new Refusal(415, 'usage', 'an audit batch is application/octet-stream');
      }
      return await audit.ingest(peer.spiffeId, request.body);
    },
  );
}

function limitJoins(joins: RateLimit, request: FastifyRequest): void {
  if (joins.allows(request.ip)) return;
  const message = `too many attempts to join from \`${request.ip}\``;
  throw new Refusal(429, 'unreachable', message, 'wait some seconds and try again');
}

/** What the server shows: by default the certificate under the active root, to who asks by name one under another. */
class CertificateShelf {
  readonly #options: AgentServerOptions;
  #byName = new Map<string, SecureContext>();

  constructor(options: AgentServerOptions) {
    this.#options = options;
  }

  /** Puts a certificate up; gives the options of the default. Fails with `setup` when it cannot be used. */
  use({ chainPem, chainsByRoot, keyPem }: ServerCertificate) {
    const common = {
      key: keyPem,
      ca: this.#options.identities.rootPem,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
    } as const;
    try {
      const contexts = Array.from(chainsByRoot, ([root, cert]) => {
        return [rootServerName(root), createSecureContext({ ...common, cert })] as const;
      });
      createSecureContext({ ...common, cert: chainPem });
      this.#byName = new Map(contexts);
    } catch (cause) {
      throw new DtaError('setup', 'the certificate of the agent server cannot be used', { cause });
    }
    return { ...common, cert: chainPem };
  }

  readonly choose = (
    name: string,
    answer: (error: Error | null, context?: SecureContext) => void,
  ): void => answer(null, this.#byName.get(name));
}

function schemaOf(summary: string, reply: z.ZodType, body?: z.ZodType) {
  const response = { 200: reply, '4xx': problemSchema, '5xx': problemSchema };
  return body ? { summary, body, response } : { summary, response };
}

function socketOf(request: FastifyRequest): TLSSocket {
  return request.raw.socket as TLSSocket;
}

/** Routes on which identities are asked for. */
const attempts: ReadonlyMap<string, AttemptMethod> = new Map([
  ['/v1/join', 'join_token'],
  ['/v1/attest', 'unknown'],
  ['/v1/renew', 'renewal'],
]);
const renewalBurst = 20;
/** A certificate that lives for 20 seconds is renewed every six. */
const renewalsPerSecond = 0.5;
const joinBurst = 60;
const joinsPerSecond = 2;

/** Above the largest batch that a filter posts. */
const largestBatchBytes = 1024 * 1024;
