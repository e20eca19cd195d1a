/** The bodies of the routes for signals, facts, bands and restrictions. */
import { z } from 'zod';

/** Unix milliseconds. */
const timeMs = z.number().int();
const subject = z.string().min(1).max(127);
const reason = z.string().max(500).default('');
const band = z.enum(['low', 'guarded', 'high', 'critical']);
const changed = { atMs: timeMs, actor: z.string(), reason: z.string() };

/** What may be taken from a service, by the names of the command line. */
export const restrictingVerdicts = ['degrade', 'throttle', 'break', 'isolate'] as const;
/** Whose calls a restriction is about. */
export const restrictionSides = ['source', 'destination'] as const;
/** Bands, rising. */
export const bandNames = band.options;

const effect = {
  readOnly: z.boolean(),
  noClearance: z.boolean(),
  /** Requests a second of one caller to one destination in one Envoy; 0: no limit. */
  ratePerSecond: z.number().min(0).max(1e9),
  burst: z.number().int().min(0).max(1e9),
  retryAfterSeconds: z.number().int().min(0).max(86_400),
};

/** `PUT /v1/restrictions`. Burst and wait have defaults where the verdict needs them. */
export const restrictionRequest = z.strictObject({
  subject,
  as: z.enum(restrictionSides),
  verdict: z.enum(restrictingVerdicts),
  readOnly: effect.readOnly.default(false),
  noClearance: effect.noClearance.default(false),
  ratePerSecond: effect.ratePerSecond.default(0),
  burst: effect.burst.default(0),
  retryAfterSeconds: effect.retryAfterSeconds.default(0),
  /** Absent: until it is released. */
  forMs: timeMs
    .min(1)
    .max(366 * 86_400_000)
    .optional(),
  reason,
});
/** Its answer, and the answer to a release. */
export const restrictionReply = z.object({
  id: z.string(),
  subject: z.string(),
  as: z.enum(restrictionSides),
  verdict: z.enum(restrictingVerdicts),
  ...effect,
  untilMs: timeMs.optional(),
  ...changed,
});
/** Answer to `GET /v1/restrictions`. */
export const restrictionsReply = z.object({ restrictions: z.array(restrictionReply) });

/** `PUT /v1/bands/:environment/:service`. */
export const bandRequest = z.strictObject({ band, reason });
/** Its answer. */
export const bandReply = z.object({ subject: z.string(), band, ...changed });
/** Answer to `GET /v1/bands`. */
export const bandsReply = z.object({ bands: z.array(bandReply) });

/** `PUT /v1/facts/:name`. */
export const factRequest = z.strictObject({ value: z.number(), reason });
/** Its answer. */
export const factReply = z.object({ name: z.string(), value: z.number(), ...changed });
/** Answer to `GET /v1/facts`. */
export const factsReply = z.object({ facts: z.array(factReply) });

/** `PUT /v1/signals`. */
export const signalRequest = z.strictObject({
  subject,
  name: z.string().max(63),
  value: z.number(),
  /** Absent: now. */
  observedAtMs: timeMs.min(0).optional(),
  maxAgeMs: timeMs
    .min(1_000)
    .max(86_400_000)
    .default(5 * 60_000),
});
/** Its answer. */
export const signalReply = z.object({
  subject: z.string(),
  name: z.string(),
  value: z.number(),
  observedAtMs: timeMs,
  maxAgeMs: timeMs,
  actor: z.string(),
});
/** Answer to `GET /v1/signals`. */
export const signalsReply = z.object({ signals: z.array(signalReply) });
/** Query of `DELETE /v1/signals`. */
export const signalQuery = z.strictObject({ subject, name: z.string().max(63) });

/** Query of every other removal. */
export const removalQuery = z.strictObject({ reason });
/** Answer to a removal that leaves nothing to show. */
export const removalReply = z.object({ removed: z.literal(true) });

export type RestrictionInput = z.input<typeof restrictionRequest>;
export type RestrictionReply = z.infer<typeof restrictionReply>;
export type BandName = z.infer<typeof band>;
export type BandReply = z.infer<typeof bandReply>;
export type FactReply = z.infer<typeof factReply>;
export type SignalInput = z.input<typeof signalRequest>;
export type SignalReply = z.infer<typeof signalReply>;
