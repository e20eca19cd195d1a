/** Routes of federated trust domains and of our own bundle, for operators. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';

import type { FederatedView } from '../federation/federation-desk.ts';
import type { OperatorFederation } from './collaborators.ts';
import {
  type FederatedReply,
  federatedListReply,
  federatedReply,
  federationRemovalReply,
  federationRequest,
  trustBundleReply,
} from './federation-messages.ts';
import { problemSchema } from './problem.ts';

type OfDomain = { Params: { trustDomain: string } };

/** Adds `/v1/federation` and `/v1/trust-bundle`; `actor` goes into the record. */
export function addFederationRoutes(
  app: FastifyInstance,
  federation: OperatorFederation,
  actor: string,
): void {
  const params = z.object({ trustDomain: z.string().max(255) });
  const path = '/v1/federation/:trustDomain';
  app.get(
    '/v1/federation',
    { schema: schemaOf('federated trust domains', federatedListReply) },
    async () => ({ domains: federation.list().map(view) }),
  );
  app.get<OfDomain>(
    path,
    { schema: { ...schemaOf('one of them', federatedReply), params } },
    async (request) => view(federation.show(request.params.trustDomain)),
  );
  app.put<OfDomain & { Body: z.infer<typeof federationRequest> }>(
    path,
    {
      bodyLimit: 512 * 1024,
      schema: {
        ...schemaOf('federates a trust domain, with a good bundle only', federatedReply),
        params,
        body: federationRequest,
      },
    },
    async ({ params: { trustDomain }, body }) =>
      view(await federation.add(trustDomain, body.source, actor)),
  );
  app.post<OfDomain>(
    `${path}/refresh`,
    { schema: { ...schemaOf('looks for a newer bundle now', federatedReply), params } },
    async (request) => view(await federation.refresh(request.params.trustDomain)),
  );
  app.delete<OfDomain>(
    path,
    { schema: { ...schemaOf('ends the trust in a domain', federationRemovalReply), params } },
    async ({ params: { trustDomain } }) => {
      await federation.remove(trustDomain, actor);
      return { trustDomain, removed: true };
    },
  );
  app.get(
    '/v1/trust-bundle',
    { schema: schemaOf('our own SPIFFE bundle', trustBundleReply) },
    async () => federation.ownBundle(),
  );
}

/** Leaves out what is not there: JSON has no undefined. */
function view({ bundle, fault, failingSinceMs, source, ...rest }: FederatedView): FederatedReply {
  const { roots, sequence, refreshHintSeconds } = bundle;
  return {
    ...rest,
    source:
      source.kind === 'file' || source.caPem !== undefined
        ? (source as FederatedReply['source'])
        : { kind: source.kind, url: source.url },
    roots: roots.map((root) => ({ ...root })),
    ...(sequence !== undefined && { sequence }),
    ...(refreshHintSeconds !== undefined && { refreshHintSeconds }),
    ...(fault !== undefined && { fault }),
    ...(failingSinceMs !== undefined && { failingSinceMs }),
  };
}

function schemaOf(summary: string, reply: z.ZodType) {
  const response = { 200: reply, '4xx': problemSchema, '5xx': problemSchema };
  return { summary, security: [{ operatorToken: [] }], response };
}
