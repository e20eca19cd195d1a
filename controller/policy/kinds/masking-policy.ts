/** The kind MaskingPolicy: how values with a label are masked. */
import { z } from 'zod';

import { MaskOperator } from '../../layout.ts';
import type { LabelMask, MaskingPolicy, Origin } from '../policy-set.ts';
import { destinationSchema, documentSchema, isObject, someOf } from './document.ts';
import { nameLeaf } from './leaf.ts';

// Most characters that keep-last may leave: the bound of the filter's masker.
const KEEP_MAX = 16;

const ruleSchema = z
  .strictObject({
    labels: someOf(nameLeaf('data label')),
    // Unquoted, `null` is the null of YAML.
    operator: z
      .literal(['keep-last', 'redact', 'null', null])
      .meta({ description: 'what happens to a value' }),
    keep: z
      .int()
      .min(0)
      .max(KEEP_MAX)
      .meta({ description: 'characters left at the end, for keep-last' })
      .optional(),
    bodies: someOf(z.enum(['request', 'response']))
      .meta({ description: 'bodies that are masked; default both' })
      .optional(),
  })
  .refine((rule) => rule.operator !== 'keep-last' || rule.keep !== undefined, {
    error: '`keep` is missing',
    params: { help: 'write how many characters stay, for example `keep: 4`', offset: 0 },
    when: (payload) => isObject(payload.value),
  })
  .refine((rule) => rule.operator === 'keep-last' || rule.keep === undefined, {
    error: '`keep` is for `keep-last`',
    path: ['keep'],
    params: { help: 'remove it or write `operator: keep-last`', offset: 0 },
    when: (payload) => isObject(payload.value) && payload.value.operator !== undefined,
  });

/** The schema of a MaskingPolicy document. */
export const maskingPolicySchema = documentSchema(
  'MaskingPolicy',
  z.strictObject({
    destination: destinationSchema,
    unreadable: z
      .enum(['deny'])
      .meta({ description: 'what happens to bodies that cannot be read; default deny' })
      .optional(),
    rules: someOf(ruleSchema),
  }),
);

/** The policy of a checked document. */
export function buildMaskingPolicy(
  document: z.output<typeof maskingPolicySchema>,
  originOf: (path: readonly PropertyKey[]) => Origin,
): MaskingPolicy {
  const { metadata, spec } = document;
  return {
    kind: 'MaskingPolicy',
    name: metadata.name,
    origin: originOf([]),
    destination: spec.destination,
    rules: spec.rules.map(buildRule),
  };
}

function buildRule(rule: z.output<typeof ruleSchema>): LabelMask {
  const bodies = rule.bodies ?? ['request', 'response'];
  return {
    labels: rule.labels,
    operator: operators[rule.operator ?? 'null'],
    keep: rule.keep ?? 0,
    inRequests: bodies.includes('request'),
    inResponses: bodies.includes('response'),
  };
}

const operators = {
  'keep-last': MaskOperator.KeepLast,
  redact: MaskOperator.Redact,
  null: MaskOperator.Null,
} as const;
