/** The bodies of the routes for masking keys and clear values. */
import { z } from 'zod';

import { maskedKinds, revealResults } from '../privacy/model.ts';

/** Unix milliseconds. */
const timeMs = z.number().int();
const keyId = z.number().int().min(1).max(0xffff);

/** The header that carries the secret of a clearance. */
export const clearanceHeader = 'dta-clearance';

/** `POST /v1/masking/reveal`. */
export const revealRequest = z.strictObject({
  values: z
    .array(
      z.strictObject({
        kind: z.enum(maskedKinds).default('token'),
        text: z.string().max(1_500),
        /** Of every kind but `token`. */
        keyId: keyId.optional(),
        /** Of `date`: the greatest shift that the policy names. */
        maxShiftDays: z.number().int().min(1).max(3_660_000).optional(),
      }),
    )
    .min(1)
    .max(100),
  /** An empty one is refused, and recorded. */
  reason: z.string().max(2_000).default(''),
});
/** Its answer: one result for each value, in their order. */
export const revealReply = z.object({
  values: z.array(
    z.object({
      result: z.enum(revealResults),
      clear: z.string().optional(),
      /** Instead of `clear`, when the bytes are no UTF-8. */
      clearBase64: z.string().optional(),
    }),
  ),
});

/** Query of `GET /v1/masking/reveals`. */
export const revealQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  /** `id` of a reveal: only later ones. */
  after: z.coerce.number().int().min(0).optional(),
});
/** Its answer. */
export const revealsReply = z.object({
  reveals: z.array(
    z.object({
      id: z.number().int(),
      atMs: timeMs,
      actor: z.string(),
      cleared: z.string().optional(),
      kind: z.enum(maskedKinds),
      /** As the value named it. */
      keyId: z.number().int().optional(),
      valueSha256: z.string(),
      reason: z.string(),
      result: z.enum(revealResults),
    }),
  ),
});

/** `POST /v1/masking/keys`: a new generation. */
export const rotateRequest = z.strictObject({
  reason: z
    .string()
    .max(500)
    .regex(/^\P{Cc}*$/u, 'has control characters')
    .default(''),
});
/** Its answer. */
export const maskingKeyReply = z.object({
  keyId,
  madeAtMs: timeMs,
  actor: z.string(),
  reason: z.string(),
  isActive: z.boolean(),
});
/** Answer to `GET /v1/masking/keys`. */
export const maskingKeysReply = z.object({ keys: z.array(maskingKeyReply) });

export type RevealInput = z.input<typeof revealRequest>;
export type RevealReply = z.infer<typeof revealReply>['values'][number];
export type RevealQueryInput = z.input<typeof revealQuery>;
export type StoredRevealReply = z.infer<typeof revealsReply>['reveals'][number];
export type MaskingKeyReply = z.infer<typeof maskingKeyReply>;
