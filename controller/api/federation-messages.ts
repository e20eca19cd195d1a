/** The bodies of the routes of federation. */
import { z } from 'zod';

/** Unix milliseconds. */
const timeMs = z.number().int();

const httpsWeb = z.strictObject({
  kind: z.literal('https_web'),
  url: z.string().max(2048),
  caPem: z.string().max(262_144).optional(),
});
const file = z.strictObject({ kind: z.literal('file'), path: z.string().min(1).max(4096) });
const source = z.discriminatedUnion('kind', [httpsWeb, file]);

/** `PUT /v1/federation/<trust domain>`. */
export const federationRequest = z.strictObject({ source });
/** A federated trust domain. */
export const federatedReply = z.object({
  trustDomain: z.string(),
  source,
  roots: z.array(
    z.object({ sha256: z.string(), subject: z.string(), notAfterMs: timeMs, pem: z.string() }),
  ),
  sequence: z.number().int().optional(),
  refreshHintSeconds: z.number().int().optional(),
  addedAtMs: timeMs,
  actor: z.string(),
  refreshedAtMs: timeMs,
  changedAtMs: timeMs,
  nextRefreshMs: timeMs,
  fault: z.string().optional(),
  failingSinceMs: timeMs.optional(),
  isStale: z.boolean(),
});
/** Answer to `GET /v1/federation`. */
export const federatedListReply = z.object({ domains: z.array(federatedReply) });
/** Answer to `DELETE /v1/federation/<trust domain>`. */
export const federationRemovalReply = z.object({ trustDomain: z.string(), removed: z.boolean() });
/** Answer to `GET /v1/trust-bundle`: our own SPIFFE bundle as others are to read it. */
export const trustBundleReply = z.object({ trustDomain: z.string(), document: z.string() });

export type FederationInput = z.input<typeof federationRequest>;
export type FederatedReply = z.infer<typeof federatedReply>;
export type TrustBundleReply = z.infer<typeof trustBundleReply>;
