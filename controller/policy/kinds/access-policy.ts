/** The kind AccessPolicy: who may call what, when, at which risk, with which clearance. */
import { z } from 'zod';

import { Audit, Band, Effect } from '../../layout.ts';
import { parseCondition } from '../cel/parse-condition.ts';
import type { AccessPolicy, AccessRule, Origin } from '../policy-set.ts';
import { callerSchema } from './caller.ts';
import { destinationSchema, documentSchema, isObject, someOf } from './document.ts';
import { leaf, nameLeaf } from './leaf.ts';
import { buildRequestMatch, requestEntrySchema } from './request-entry.ts';

const ruleSchema = z
  .strictObject({
    name: nameLeaf('name, unique within the policy'),
    effect: z.enum(['allow', 'deny']).meta({ description: 'a deny beats every allow' }),
    from: someOf(callerSchema)
      .meta({ description: 'callers, of which one has to match; any when absent' })
      .optional(),
    to: someOf(requestEntrySchema)
      .meta({ description: 'requests, of which one has to match; any when absent' })
      .optional(),
    when: leaf(parseCondition, {
      description: 'condition in CEL on time, caller, request, labels, signals and facts',
      examples: ['within(request.time, "Mon-Fri 09:00-18:00", "Europe/Paris")'],
    }).optional(),
    maxRisk: z
      .enum(['low', 'guarded', 'high', 'critical'])
      .meta({ description: 'worst risk band at which the rule permits; default critical' })
      .optional(),
    clearance: someOf(nameLeaf('data label that the caller may read'))
      .meta({ description: 'data labels that a permitted caller may read' })
      .optional(),
    audit: z
      .enum(['sampled', 'always', 'synchronous'])
      .meta({ description: 'how decisions are recorded; default sampled' })
      .optional(),
  })
  .refine((rule) => rule.effect !== 'deny' || rule.maxRisk === undefined, onlyForAllow('maxRisk'))
  .refine(
    (rule) => rule.effect !== 'deny' || rule.clearance === undefined,
    onlyForAllow('clearance'),
  );

/** The schema of an AccessPolicy document. */
export const accessPolicySchema = documentSchema(
  'AccessPolicy',
  z.strictObject({
    destination: destinationSchema,
    mode: z
      .enum(['enforce', 'shadow'])
      .meta({ description: 'shadow rules are evaluated and counted, never enforced' })
      .optional(),
    rules: someOf(ruleSchema).meta({ description: 'rules; their order does not count' }),
  }),
);

/** The policy of a checked document. `originOf` places a path of keys in the file. */
export function buildAccessPolicy(
  document: z.output<typeof accessPolicySchema>,
  originOf: (path: readonly PropertyKey[]) => Origin,
): AccessPolicy {
  const { metadata, spec } = document;
  return {
    kind: 'AccessPolicy',
    name: metadata.name,
    origin: originOf([]),
    destination: spec.destination,
    isShadow: spec.mode === 'shadow',
    rules: spec.rules.map((rule, i) => buildRule(rule, originOf(['spec', 'rules', i]))),
  };
}

function buildRule(rule: z.output<typeof ruleSchema>, origin: Origin): AccessRule {
  return {
    name: rule.name,
    origin,
    effect: rule.effect === 'allow' ? Effect.Allow : Effect.Deny,
    from: (rule.from ?? []).flat(),
    to: (rule.to ?? []).map(buildRequestMatch),
    when: rule.when,
    maxRisk: bands[rule.maxRisk ?? 'critical'],
    clearance: rule.clearance ?? [],
    audit: audits[rule.audit ?? 'sampled'],
  };
}

function onlyForAllow(field: string) {
  return {
    error: `a deny rule takes no \`${field}\``,
    path: [field],
    params: {
      help: `remove \`${field}\`: a deny holds at every risk and grants nothing`,
      offset: 0,
    },
    when: (payload: { value: unknown }) => isObject(payload.value),
  };
}

const bands = {
  low: Band.Low,
  guarded: Band.Guarded,
  high: Band.High,
  critical: Band.Critical,
} as const;
const audits = {
  sampled: Audit.Sampled,
  always: Audit.Always,
  synchronous: Audit.Synchronous,
} as const;
