/**
 * What both HTTP servers of the controller have in common: schemas, problems, OpenAPI, listening.
 */
import type { ServerOptions as TlsServerOptions } from 'node:https';

import swagger from '@fastify/swagger';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifySchema } from 'fastify';
import { z } from 'zod';

import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { problemOf, Refusal } from './problem.ts';

/** What a server is made of. */
export interface AppOptions {
  /** Of the OpenAPI document. */
  readonly title: string;
  /** Absent: plain HTTP. */
  readonly tls?: TlsServerOptions;
  readonly log: Log;
}

/**
 * A server without routes: zod schemas validate and document them, every failure leaves as a
 * problem.
 */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  // The cast only hides which of http and https serves: the routes never look at it.
  const app = Fastify({
    ...serverLimits,
    ...(options.tls ? { https: options.tls } : {}),
  }) as unknown as FastifyInstance;
  app.setValidatorCompiler<z.ZodType>(({ schema }) => (data) => {
    const parsed = schema.safeParse(data ?? {});
    return parsed.success ? { value: parsed.data } : { error: unreadable(parsed.error) };
  });
  app.setSerializerCompiler(() => (data) => toJson(data));
  app.setReplySerializer((data) => toJson(data));
  app.setErrorHandler((error, request, reply) => {
    const { status, problem } = problemOf(error);
    const fields = { err: error, method: request.method, route: request.routeOptions.url, status };
    if (status >= 500) options.log.error(fields, 'request failed');
    else options.log.debug(fields, 'request refused');
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    return sendProblem(reply, status, problem);
  });
  app.setNotFoundHandler((request, reply) => {
    const { status, problem } = problemOf(
      new Refusal(
        404,
        'notFound',
        `there is no \`${request.method} ${request.url.slice(0, 200)}\``,
      ),
    );
    return sendProblem(reply, status, problem);
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: options.title, version: apiVersion },
      components: { securitySchemes },
    },
    transform: ({ schema, url }) => ({ schema: documentSchema(schema), url }),
  });
  return app;
}

/**
 * Starts `app` and answers with the port (0 for a Unix socket).
 *
 * @throws DtaError `portInUse` when somebody else has the address.
 */
export async function listen(
  app: FastifyInstance,
  where: { host: string; port: number } | { path: string },
): Promise<number> {
  try {
    await app.listen(where);
  } catch (cause) {
    const name = 'path' in where ? where.path : `${where.host}:${where.port}`;
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
      throw new DtaError('portInUse', `\`${name}\` is in use`, {
        help: 'stop what listens there, or choose another address',
        cause,
      });
    }
    throw new DtaError('setup', `cannot listen on \`${name}\``, { cause });
  }
  const address = app.server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

/** JSON in which 64-bit numbers are decimal strings, because readers would round them. */
export function toJson(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

function sendProblem(reply: FastifyReply, status: number, problem: unknown): FastifyReply {
  return reply.code(status).type('application/problem+json').send(problem);
}

function unreadable(error: z.ZodError): Refusal {
  const issue = error.issues[0];
  const where = issue?.path.join('.') || 'the body';
  const what = (issue?.message ?? 'not what is expected').replace(/^./, (c) => c.toLowerCase());
  return new Refusal(
    400,
    'usage',
    `\`${where}\`: ${what}`,
    'see GET /v1/openapi.json for what is taken',
  );
}

function documentSchema(schema: FastifySchema | undefined): FastifySchema {
  if (!schema) return {};
  const documented: Record<string, unknown> = { ...schema };
  for (const part of ['body', 'querystring', 'params', 'headers'] as const) {
    if (schema[part] instanceof z.ZodType) documented[part] = jsonSchema(schema[part], 'input');
  }
  const responses = Object.entries((schema.response ?? {}) as Record<string, unknown>);
  documented.response = Object.fromEntries(
    responses.map(([status, of]) => [
      status,
      of instanceof z.ZodType ? jsonSchema(of, 'output') : of,
    ]),
  );
  return documented as FastifySchema;
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

const apiVersion = '1';

/** What a route's `security` may name. */
const securitySchemes = {
  operatorToken: { type: 'http', scheme: 'bearer' },
  // New in OpenAPI 3.1; the types are those of 3.0.
  clientCertificate: { type: 'mutualTLS' } as unknown as { type: 'http'; scheme: string },
} as const;

const serverLimits = {
  logger: false,
  bodyLimit: 64 * 1024,
  requestTimeout: 30_000,
  // Streams that are being followed end when the server does.
  forceCloseConnections: true,
} as const;
