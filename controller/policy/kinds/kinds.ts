/** The kinds of documents by name: their schemas, how they are built, and those that are known but not yet read. */
import type { z } from 'zod';

import type { AnyPolicy, Origin } from '../policy-set.ts';
import { accessPolicySchema, buildAccessPolicy } from './access-policy.ts';
import { buildDataClassification, dataClassificationSchema } from './data-classification.ts';
import { buildMaskingPolicy, maskingPolicySchema } from './masking-policy.ts';

/** How documents of a kind are read. */
export interface Kind {
  readonly schema: z.ZodType;
  /** The policy of a raw document, or the issues of its shape. */
  readonly read: (raw: unknown, originOf: OriginOf) => AnyPolicy | z.core.$ZodIssue[];
}

/** Places a path of keys in the file. */
export type OriginOf = (path: readonly PropertyKey[]) => Origin;

/** Kinds that are read. */
export const kindsByName: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['AccessPolicy', kind(accessPolicySchema, buildAccessPolicy)],
  ['DataClassification', kind(dataClassificationSchema, buildDataClassification)],
  ['MaskingPolicy', kind(maskingPolicySchema, buildMaskingPolicy)],
]);

/** Kinds of the policy model that this build refuses with "not supported yet". */
export const laterKinds: readonly string[] = ['RiskMatrix', 'SovereigntyPolicy', 'ResponsePolicy'];

function kind<Schema extends z.ZodType>(
  schema: Schema,
  build: (document: z.output<Schema>, originOf: OriginOf) => AnyPolicy,
): Kind {
  return {
    schema,
    read: (raw, originOf) => {
      const result = schema.safeParse(raw, { reportInput: true });
      return result.success ? build(result.data, originOf) : result.error.issues;
    },
  };
}
