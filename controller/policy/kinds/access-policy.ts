/** The kind AccessPolicy: who may call what, when, at which risk, with which clearance. */
import { z } from 'zod';

import { Audit, Band, Effect, IdentityAttribute, TestOp } from '../../layout.ts';
import { parseCondition } from '../cel/parse-condition.ts';
import { parseHostPattern } from '../host-pattern.ts';
import { parseMethod } from '../method.ts';
import { parsePathTemplate } from '../path-template.ts';
import type {
  AccessPolicy,
  AccessRule,
  IdentityTest,
  Origin,
  RequestMatch,
} from '../policy-set.ts';
import { Problem } from '../problem.ts';
import { destinationSchema, documentSchema, isObject, someOf } from './document.ts';
import { leaf, nameLeaf, prefixLeaf } from './leaf.ts';

const fromSchema = z
  .strictObject({
    service: prefixLeaf('service of the caller, or its start followed by `*`').optional(),
    team: prefixLeaf('team of the caller, or its start followed by `*`').optional(),
    environment: nameLeaf(
      'environment of the caller; `same` is that of the destination',
    ).optional(),
    domain: leaf(parseDomain, {
      description: 'trust domain',
      pattern: '^[a-z0-9._-]{1,255}$',
    }).optional(),
    instance: leaf(parseUuid, { description: 'UUID of one instance' }).optional(),
    labels: z
      .record(nameLeaf('name of a label'), nameLeaf('its value'))
      .meta({ description: 'labels of the caller, all of them have to be equal' })
      .optional(),
  })
  .refine((from) => !isEmpty(from), {
    error: 'this entry of `from` names nothing',
    params: { help: 'leave `from` out for any caller', offset: 0 },
    when: (payload) => isObject(payload.value),
  })
  .meta({ description: 'a caller; everything that is named has to hold' });

const toSchema = z
  .strictObject({
    methods: someOf(leaf(parseMethod, { description: 'HTTP method' })).optional(),
    paths: someOf(
      leaf(parsePathTemplate, {
        description: 'path, with `{name}` for a segment and `**` at its end',
      }),
    ).optional(),
    hosts: someOf(
      leaf(parseHostPattern, { description: 'host, or `*.` and the end of hosts' }),
    ).optional(),
  })
  .refine((to) => !isEmpty(to), {
    error: 'this entry of `to` names nothing',
    params: { help: 'leave `to` out for any request', offset: 0 },
    when: (payload) => isObject(payload.value),
  })
  .meta({ description: 'a request; one entry of each list has to match' });

const ruleSchema = z
  .strictObject({
    name: nameLeaf('name, unique within the policy'),
    effect: z.enum(['allow', 'deny']).meta({ description: 'a deny beats every allow' }),
    from: someOf(fromSchema).optional(),
    to: someOf(toSchema).optional(),
    when: leaf(parseCondition, {
      description: 'condition in CEL on time, signals and facts',
    }).optional(),
    maxRisk: z
      .enum(['low', 'guarded', 'high', 'critical'])
      .meta({ description: 'worst risk band at which the rule permits; default critical' })
      .optional(),
    clearance: someOf(nameLeaf('data label that the caller may read')).optional(),
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
    rules: someOf(ruleSchema),
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
    from: (rule.from ?? []).map(buildSelector),
    to: (rule.to ?? []).map(buildMatch),
    when: rule.when,
    maxRisk: bands[rule.maxRisk ?? 'critical'],
    clearance: rule.clearance ?? [],
    audit: audits[rule.audit ?? 'sampled'],
  };
}

function buildSelector(from: z.output<typeof fromSchema>): IdentityTest[] {
  const tests: IdentityTest[] = [];
  const add = (attribute: IdentityAttribute, op: TestOp, value: string, label = ''): void => {
    tests.push({ attribute, op, label, value });
  };
  const addPrefix = (
    attribute: IdentityAttribute,
    match?: { value: string; isPrefix: boolean },
  ) => {
    if (match !== undefined)
      add(attribute, match.isPrefix ? TestOp.Prefix : TestOp.Equal, match.value);
  };
  addPrefix(IdentityAttribute.Service, from.service);
  addPrefix(IdentityAttribute.Team, from.team);
  if (from.environment === 'same') {
    add(IdentityAttribute.Environment, TestOp.SameAsDestination, '');
  } else if (from.environment !== undefined) {
    add(IdentityAttribute.Environment, TestOp.Equal, from.environment);
  }
  if (from.domain !== undefined) add(IdentityAttribute.Domain, TestOp.Equal, from.domain);
  if (from.instance !== undefined) add(IdentityAttribute.Instance, TestOp.Equal, from.instance);
  for (const label of Object.keys(from.labels ?? {}).sort()) {
    add(IdentityAttribute.Label, TestOp.Equal, from.labels?.[label] ?? '', label);
  }
  return tests;
}

function buildMatch(to: z.output<typeof toSchema>): RequestMatch {
  return { methods: to.methods ?? [], paths: to.paths ?? [], hosts: to.hosts ?? [] };
}

function parseDomain(text: string): string | Problem {
  if (/^[a-z0-9._-]{1,255}$/.test(text)) return text;
  return new Problem(
    `\`${text}\` is not a trust domain`,
    'use 1 to 255 lower-case letters, digits, dots, underscores and hyphens',
  );
}

function parseUuid(text: string): string | Problem {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return text;
  return new Problem(`\`${text}\` is not a lower-case UUID`, 'copy it from `dta identity list`');
}

function isEmpty(value: object): boolean {
  const isNothing = (field: unknown) =>
    field === undefined || (isObject(field) && Object.keys(field).length === 0);
  return Object.values(value).every(isNothing);
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
