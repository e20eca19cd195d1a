/**
 * The bodies that travel over the API: validated on the way in, documented in OpenAPI, checked by
 * the client.
 */
import { z } from 'zod';

/** Unix milliseconds. */
const timeMs = z.number().int();
/** An unsigned 64-bit number, decimal, because JSON numbers lose digits. */
const decimal = z.string().regex(/^\d{1,20}$/);
const segment = z.string().regex(/^[A-Za-z0-9._-]{1,63}$/);
const labels = z.record(segment, segment);
const csr = z.string().min(1).max(8_192).describe('PKCS#10, PEM');

/** `POST /v1/join`. */
export const joinRequest = z.strictObject({ token: z.string().min(1).max(512), csr });
/** `POST /v1/renew`. */
export const renewRequest = z.strictObject({ csr });
/** Answer to both. */
export const identityReply = z.object({
  instance: z.string(),
  spiffeId: z.string(),
  certificatePem: z.string(),
  chainPem: z.string(),
  rootPem: z.string().describe('one or several roots, the active one first'),
  trustGeneration: z.number().int(),
  notBeforeMs: timeMs,
  notAfterMs: timeMs,
});
/** Answer to `GET /v1/trust`. */
export const trustReply = z.object({
  trustDomain: z.string(),
  rootPem: z.string().describe('one or several roots, the active one first'),
  crlPem: z.string().describe('a list of each issuing key'),
  generation: z.number().int(),
});
/** `POST /v1/watch`: what the agent has, the last order that it heard of, and its clock. */
export const watchRequest = z.strictObject({
  generation: z.number().int().min(0),
  order: z.number().int().min(0).default(0),
  clockMs: timeMs,
});
/** Its answer, when there is news or after a quarter of a minute. */
export const watchReply = z.object({
  rootPem: z.string(),
  generation: z.number().int(),
  renewal: z
    .object({ number: z.number().int(), spreadMs: z.number().int(), reason: z.string() })
    .optional()
    .describe('the client certificate is to be renewed, within this time'),
});
/** Answer to `POST /v1/audit`. */
export const ingestReply = z.object({
  stored: z.number(),
  duplicates: z.number(),
  missing: decimal,
});

/** `POST /v1/identities`. */
export const identityRequest = z.strictObject({
  trustDomain: z.string().max(255).optional(),
  environment: segment,
  team: segment,
  service: segment,
  labels: labels.optional(),
  host: z.string().max(253).optional().describe('address or name that the token has to come from'),
  agent: z.string().max(128).optional().describe('agent that has to bring it'),
});
const registration = z.object({
  id: z.string(),
  trustDomain: z.string(),
  environment: z.string(),
  team: z.string(),
  service: z.string(),
  labels,
  createdAtMs: timeMs,
});
/** Its answer: the token is shown this once. */
export const tokenReply = z.object({ token: z.string(), registration, expiresAtMs: timeMs });

const certificate = z.object({
  serial: z.string(),
  instance: z.string(),
  sha256: z.string(),
  notBeforeMs: timeMs,
  notAfterMs: timeMs,
  issuer: z.string().optional(),
  revokedAtMs: timeMs.optional(),
});
const instanceView = z.object({
  uuid: z.string(),
  registrationId: z.string(),
  spiffeId: z.string(),
  joinedAtMs: timeMs,
  method: z.string().optional(),
  evidence: z.string().optional(),
  revokedAtMs: timeMs.optional(),
  revokedReason: z.string().optional(),
  revokedBy: z.string().optional(),
  environment: z.string(),
  team: z.string(),
  service: z.string(),
  labels,
  certificate: certificate.optional(),
});
/** Answer to `GET /v1/identities`. */
export const identitiesReply = z.object({ identities: z.array(instanceView) });

/** `POST /v1/identities/:id/revoke`. */
export const revokeRequest = z.strictObject({ reason: z.string().max(500).default('') });
/** Its answer. */
export const revocationReply = z.object({
  kind: z.enum(['instance', 'certificate']),
  instance: z.string(),
  instances: z.array(z.string()).describe('all that this took, also others of the same evidence'),
  digests: z.array(z.string()),
  repeated: z.boolean(),
  atMs: timeMs,
  reason: z.string(),
  actor: z.string(),
});

const policyFile = z.strictObject({
  name: z.string().min(1).max(512),
  text: z.string(),
});
/** `POST /v1/policies`: the whole set, never a part of it. */
export const policiesRequest = z.strictObject({
  files: z.array(policyFile).max(10_000),
  dryRun: z.boolean().default(false),
});
const bundleView = z.object({
  direction: z.enum(['inbound', 'outbound']),
  environment: z.string(),
  service: z.string(),
  /** Of a bundle that was only checked: absent. */
  version: decimal.optional(),
  sizeBytes: z.number().int(),
});
/** Answer to a dry run. */
export const policyCheckReply = z.object({ bundles: z.array(bundleView) });
/** Answer to a push. */
export const policySetReply = z.object({
  revision: z.number().int(),
  pushedAtMs: timeMs,
  pushedBy: z.string(),
  files: z.array(policyFile),
  bundles: z.array(bundleView),
  /** Rules about trust domains that are neither ours nor federated. */
  warnings: z.array(
    z.object({
      file: z.string(),
      line: z.number().int(),
      column: z.number().int(),
      message: z.string(),
      help: z.string(),
    }),
  ),
});
/** Answer to `GET /v1/policies`; null before the first push. */
export const policiesReply = z.object({ policies: policySetReply.nullable() });

const resourceStatus = z.object({
  name: z.string(),
  sentVersion: z.string().optional(),
  ackedVersion: z.string().optional(),
  nack: z.object({ version: z.string(), message: z.string() }).optional(),
  ackLatencyMs: z.number().optional(),
});
const proxyStatus = z.object({
  spiffeId: z.string(),
  nodeId: z.string(),
  connectedAtMs: timeMs,
  resources: z.array(resourceStatus),
});
/** Answer to `GET /v1/status`. */
export const statusReply = z.object({
  version: z.string(),
  trustDomain: z.string(),
  startedAtMs: timeMs,
  stateEpoch: decimal,
  policy: z
    .object({ revision: z.number().int(), pushedAtMs: timeMs, pushedBy: z.string() })
    .nullable(),
  proxies: z.array(proxyStatus),
  audit: z.object({ stored: decimal, missing: decimal, dropped: decimal, vms: z.number().int() }),
  /** What does not work as it should, with how to mend it. */
  degraded: z.array(z.object({ what: z.string(), sinceMs: timeMs, help: z.string() })),
});

/** Query of `GET /v1/audit`. */
export const auditQuery = z.strictObject({
  after: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  follow: z.stringbool().default(false),
  verdict: z.enum(['Deny', 'Allow', 'Degrade', 'Throttle', 'Break', 'Isolate']).optional(),
  source: z.string().max(2_048).optional(),
  reporter: z.string().max(2_048).optional(),
});
/** One record, a line of `application/x-ndjson` when followed. */
export const auditRecord = z.object({
  id: z.number().int(),
  decisionId: z.string(),
  reporter: z.string(),
  vmId: z.string(),
  receivedAtMs: timeMs,
  seq: decimal,
  decision: decimal,
  timeMs,
  direction: z.string(),
  verdict: z.string(),
  reason: z.string(),
  band: z.string(),
  bundleVersion: decimal,
  stateEpoch: decimal,
  clearance: decimal,
  // Files of records that an older program wrote lack this, and what is about unreadable bodies.
  labels: decimal.default('0'),
  maskedRequest: z.number(),
  maskedResponse: z.number(),
  source: z.string(),
  rule: z.string(),
  method: z.string(),
  path: z.string(),
  bodyReason: z.string().optional(),
  cutByRevocation: z.boolean(),
  shadowDiffers: z.boolean(),
  bodyPassed: z.boolean().default(false),
  bodyRedacted: z.boolean().default(false),
});
/** Answer to `GET /v1/audit`. */
export const auditReply = z.object({ records: z.array(auditRecord) });
/** Answer to `/livez` and `/readyz`. */
export const healthReply = z.object({ ready: z.boolean(), waitingFor: z.array(z.string()) });

export type PolicyFile = z.infer<typeof policyFile>;
export type PolicyCheck = z.infer<typeof policyCheckReply>;
export type PolicySetView = z.infer<typeof policySetReply>;
export type ControllerStatus = z.infer<typeof statusReply>;
export type IdentityRequest = z.infer<typeof identityRequest>;
export type IdentityReply = z.infer<typeof identityReply>;
export type TokenReply = z.infer<typeof tokenReply>;
export type InstanceReply = z.infer<typeof instanceView>;
export type RevocationReply = z.infer<typeof revocationReply>;
export type AuditQueryInput = z.input<typeof auditQuery>;
export type AuditRecordReply = z.infer<typeof auditRecord>;
