/** The bodies of the routes of the certificate authority. */
import { z } from 'zod';

/** Unix milliseconds. */
const timeMs = z.number().int();
const reason = z.string().max(500).default('');
const force = z.boolean().default(false);
const pem = z.string().max(65_536);

const issuerRecord = z.object({
  id: z.string(),
  keyHash: z.string(),
  rootKeyHash: z.string(),
  state: z.enum(['prepared', 'active', 'retired', 'tainted', 'revoked', 'gone']),
  generation: z.number().int(),
  madeAtMs: timeMs,
  changedAtMs: timeMs,
  notAfterMs: timeMs,
  reason: z.string(),
  actor: z.string(),
});
/** An issuing key, with what lives of it and who does not know it. */
export const issuerReply = issuerRecord.extend({
  live: z.number().int(),
  instances: z.number().int(),
  certificatePem: z.string(),
  rootPem: z.string(),
  lacking: z.array(
    z.object({
      who: z.string(),
      what: z.enum(['agent', 'proxy']),
      generation: z.number().int().optional(),
    }),
  ),
});
/** Answer to `POST /v1/ca/<id>/revoke`. */
export const revokedIssuerReply = issuerRecord;
/** Answer to `GET /v1/ca`. */
export const authorityReply = z.object({
  trustDomain: z.string(),
  generation: z.number().int(),
  issuers: z.array(issuerReply),
});
/** `POST /v1/ca/prepare`. */
export const prepareRequest = z.strictObject({
  reason,
  sameRoot: z.boolean().default(false),
  rootCurve: z.enum(['P-256', 'P-384']).optional(),
  upstream: z.strictObject({ certificatesPem: pem, keyPem: pem, rootPem: pem }).optional(),
});
/** `POST /v1/ca/activate`, `/v1/ca/<id>/taint`, `/v1/ca/<id>/revoke`. */
export const issuerChangeRequest = z.strictObject({ reason, force });

export type AuthorityReply = z.infer<typeof authorityReply>;
export type IssuerReply = z.infer<typeof issuerReply>;
export type RevokedIssuerReply = z.infer<typeof revokedIssuerReply>;
export type PrepareInput = z.input<typeof prepareRequest>;
export type IssuerChangeInput = z.input<typeof issuerChangeRequest>;
