/** The bodies of attestation, registrations, forced rotation, revocation of groups, and of what happens to identities. */
import { z } from 'zod';

const timeMs = z.number().int();
const csr = z.string().min(1).max(8_192).describe('PKCS#10, PEM');
const method = z.string().min(1).max(32);
const reason = z.string().max(500).default('');

/** `POST /v1/attest/challenge`. */
export const challengeRequest = z.strictObject({ method });
/** Its answer: good once, for a minute. */
export const challengeReply = z.object({ nonce: z.string(), expiresAtMs: timeMs });
/** `POST /v1/attest`: what `evidence` holds depends on `method` (docs/identity.md, "Attestation"). */
export const attestRequest = z.strictObject({
  method,
  evidence: z.record(z.string().max(32), z.string().max(32_768)),
  csr,
});

/** `POST /v1/registrations`: files of ServiceRegistration documents. */
export const registrationsRequest = z.strictObject({
  files: z
    .array(z.strictObject({ name: z.string().min(1).max(512), text: z.string() }))
    .max(10_000),
});
const serviceRegistration = z.object({
  name: z.string(),
  registrationId: z.string(),
  environment: z.string(),
  team: z.string(),
  service: z.string(),
  labels: z.record(z.string(), z.string()),
  region: z.string().optional(),
  attest: z.array(z.string()),
  setAtMs: timeMs,
  actor: z.string(),
});
/** Answer to `POST` and `GET /v1/registrations`. */
export const registrationsReply = z.object({ registrations: z.array(serviceRegistration) });
/** `POST /v1/registrations/:name/tokens`. */
export const namedTokenRequest = z.strictObject({
  host: z.string().max(253).optional(),
  agent: z.string().max(128).optional(),
});
/** Answer to `DELETE /v1/registrations/:name`. */
export const unregisterReply = z.object({ name: z.string() });

/** `POST /v1/rotations`. */
export const rotateRequest = z.strictObject({
  kind: z.enum(['instance', 'service', 'key', 'all']),
  name: z.string().max(256).default(''),
  spreadMs: z.number().int().min(0).max(3_600_000).default(0),
  reason,
});
/** Its answer. */
export const rotateReply = z.object({
  number: z.number().int(),
  kind: z.string(),
  name: z.string(),
  spreadMs: z.number().int(),
  atMs: timeMs,
  concerned: z.number().int(),
});
/** Answer to `GET /v1/rotations`: UUIDs of instances that were ordered to renew and have not. */
export const rotationsReply = z.object({ open: z.array(z.string()) });

/** `POST /v1/revocations`. */
export const groupRequest = z.strictObject({
  kind: z.enum(['service', 'team', 'domain', 'key']),
  name: z.string().min(1).max(256),
  reason,
});
const group = z.object({
  id: z.string(),
  kind: z.string(),
  name: z.string(),
  atMs: timeMs,
  reason: z.string(),
  actor: z.string(),
  liftedAtMs: timeMs.optional(),
  liftedBy: z.string().optional(),
  liftReason: z.string().optional(),
});
/** Its answer. */
export const groupReply = group.extend({
  instances: z.array(z.string()),
  certificates: z.number().int(),
  repeated: z.boolean(),
});
/** Answer to `GET /v1/revocations`. */
export const groupsReply = z.object({ revocations: z.array(group) });
/** Query of `DELETE /v1/revocations/:id`. */
export const liftQuery = z.strictObject({ reason });
/** Its answer. */
export const liftReply = group;

/** Query of `GET /v1/identities/events`. */
export const eventsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(20),
  follow: z.stringbool().default(false),
});
/** One event, a line of `application/x-ndjson` when followed. */
export const identityEvent = z.object({
  id: z.number().int(),
  atMs: timeMs,
  kind: z.string(),
  instance: z.string().optional(),
  instances: z.array(z.string()).optional(),
  spiffeId: z.string().optional(),
  method: z.string().optional(),
  target: z.string().optional(),
  reason: z.string().optional(),
  actor: z.string().optional(),
  notAfterMs: timeMs.optional(),
  address: z.string().optional(),
});
/** Answer to `GET /v1/identities/events`. */
export const eventsReply = z.object({ events: z.array(identityEvent) });

export type RegistrationReply = z.infer<typeof serviceRegistration>;
export type RotateInput = z.input<typeof rotateRequest>;
export type RotateReply = z.infer<typeof rotateReply>;
export type GroupInput = z.input<typeof groupRequest>;
export type GroupReply = z.infer<typeof groupReply>;
export type StoredGroupReply = z.infer<typeof group>;
export type EventsQueryInput = z.input<typeof eventsQuery>;
export type IdentityEventReply = z.infer<typeof identityEvent>;
