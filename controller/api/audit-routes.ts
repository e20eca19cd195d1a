/** Reading the audit log over HTTP, once or as a stream. */
import { Readable } from 'node:stream';

import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';

import { type AuditQuery, decisionId, type StoredAuditRecord } from '../audit/model.ts';
import { toJson } from './app.ts';
import type { AuditFeed } from './collaborators.ts';
import { followAudit } from './follow.ts';
import { auditQuery, auditReply } from './messages.ts';
import { problemSchema } from './problem.ts';

/**
 * Adds `GET /v1/audit`: JSON, or with `follow=true` one record a line for as long as the client
 * stays.
 */
export function addAuditRoutes(app: FastifyInstance, feed: AuditFeed): void {
  const response = { 200: auditReply, '4xx': problemSchema };
  const schema = {
    summary: 'audit records, oldest first; `follow=true` streams application/x-ndjson',
    security: [{ operatorToken: [] }],
    querystring: auditQuery,
    response,
  };
  app.get<{ Querystring: z.infer<typeof auditQuery> }>(
    '/v1/audit',
    { schema },
    async (request, reply) => {
      const query = storeQuery(request.query);
      if (!request.query.follow) return { records: (await feed.tail(query)).map(withDecisionId) };
      const gone = new AbortController();
      request.raw.socket.once('close', () => gone.abort());
      const lines = Readable.from(linesOf(followAudit(feed, query, gone.signal)));
      return reply.type('application/x-ndjson').send(lines);
    },
  );
}

async function* linesOf(lists: AsyncIterable<StoredAuditRecord[]>): AsyncGenerator<string> {
  for await (const records of lists) {
    // An empty line says that the stream is open.
    if (records.length === 0) yield '\n';
    for (const record of records) yield `${toJson(withDecisionId(record))}\n`;
  }
}

function withDecisionId(record: StoredAuditRecord) {
  return { ...record, decisionId: decisionId(record) };
}

function storeQuery(query: z.infer<typeof auditQuery>): AuditQuery {
  const { after, limit, verdict, source, reporter } = query;
  return {
    limit,
    ...(after === undefined ? {} : { afterId: after }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(source === undefined ? {} : { source }),
    ...(reporter === undefined ? {} : { reporter }),
  };
}
