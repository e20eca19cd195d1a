/** The kind MaskingPolicy: how values with a label are masked, and what happens to bodies that cannot be read. */
import { z } from 'zod';

import { Band, UnreadableAction } from '../../layout.ts';
import { DESCRIPTOR_SUFFIX } from '../descriptors/descriptor-set.ts';
import type { LabelMask, MaskingPolicy, Origin } from '../policy-set.ts';
import { Problem, quoted } from '../problem.ts';
import { framingHeaders, parseParameterPath } from './classified-places.ts';
import { destinationSchema, documentSchema, someOf } from './document.ts';
import { labelLeaf, leaf } from './leaf.ts';
import { buildTransformation, checkOperator, operatorFields } from './mask-operators.ts';

const ruleSchema = checkOperator(
  z.strictObject({
    labels: someOf(labelLeaf).meta({
      description: 'labels whose values are masked, and those of every label above them',
    }),
    ...operatorFields,
    band: z
      .enum(['low', 'guarded', 'high', 'critical'])
      .meta({ description: 'risk band from which on the rule is in force; default low' })
      .optional(),
    clearance: z
      .enum(['respect', 'ignore'])
      .meta({
        description:
          '`ignore` masks also for callers that are cleared for the label; default respect',
      })
      .optional(),
    bodies: someOf(z.enum(['request', 'response']))
      .meta({
        description: 'directions that are masked, bodies and what stands beside them; default both',
      })
      .optional(),
  }),
);

const unreadableSchema = z.enum(['deny', 'redact-body', 'pass-unmasked']);

const routeSchema = z
  .strictObject({
    paths: someOf(
      leaf(parseParameterPath, {
        description: 'path of whole segments, with `/**` at the end for everything below',
        pattern: '^[/*]',
        examples: ['/export/**'],
      }),
    ).meta({ description: 'paths of the route, of which one has to match' }),
    unreadable: unreadableSchema.meta({ description: 'what happens there' }),
  })
  .meta({ description: 'routes with another action for bodies that cannot be read' });

/** The schema of a MaskingPolicy document. */
export const maskingPolicySchema = documentSchema(
  'MaskingPolicy',
  z.strictObject({
    destination: destinationSchema,
    unreadable: unreadableSchema
      .meta({ description: 'what happens to bodies that cannot be read; default deny' })
      .optional(),
    routes: someOf(routeSchema)
      .meta({ description: 'routes with another action for bodies that cannot be read' })
      .optional(),
    upgrades: z
      .enum(['deny', 'allow'])
      .meta({ description: 'WebSocket and CONNECT, which are never masked; default deny' })
      .optional(),
    labelHeader: leaf(parseLabelHeader, {
      description:
        'request header that gets the labels found, `none` for no header; default x-dta-labels',
    }).optional(),
    descriptors: leaf(parseDescriptorPath, {
      description:
        'file with the descriptor set of gRPC services, by its path from the folder of this file',
      examples: ['orders.binpb'],
    }).optional(),
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
    unreadable: actions[spec.unreadable ?? 'deny'],
    routes: (spec.routes ?? []).map(({ paths, unreadable }) => ({
      paths,
      unreadable: actions[unreadable],
    })),
    allowsUpgrades: spec.upgrades === 'allow',
    labelHeader: spec.labelHeader,
    descriptors:
      spec.descriptors === undefined
        ? undefined
        : { path: spec.descriptors, origin: originOf(['spec', 'descriptors']) },
    rules: spec.rules.map((rule, i) => buildRule(rule, originOf(['spec', 'rules', i]))),
  };
}

function buildRule(rule: z.output<typeof ruleSchema>, origin: Origin): LabelMask {
  const bodies = rule.bodies ?? ['request', 'response'];
  return {
    ...buildTransformation(rule),
    origin,
    labels: rule.labels,
    minBand: bands[rule.band ?? 'low'],
    ignoresClearance: rule.clearance === 'ignore',
    inRequests: bodies.includes('request'),
    inResponses: bodies.includes('response'),
  };
}

function parseDescriptorPath(path: string): string | Problem {
  if (/^[\w./ -]{1,255}$/.test(path) && path.endsWith(DESCRIPTOR_SUFFIX) && !path.startsWith('/')) {
    return path;
  }
  return new Problem(
    `${quoted(path)} is not the path of a descriptor set`,
    `write a path such as \`orders${DESCRIPTOR_SUFFIX}\`, from the folder of this file`,
  );
}

function parseLabelHeader(written: string): string | Problem {
  if (written === 'none') return '';
  const name = written.toLowerCase();
  if (!/^[a-z0-9!#$%&'+.^_`|~-]{1,255}$/.test(name)) {
    const help = "use 1 to 255 letters, digits and -_.!#$%&'+^`|~, or `none`";
    return new Problem(`${quoted(written)} is not the name of a header`, help);
  }
  if (!framingHeaders.has(name) && !taken.has(name)) return name;
  return new Problem(
    `header ${quoted(name)} means something else`,
    'write for example `x-dta-labels`',
  );
}

const taken: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'host',
  'x-forwarded-client-cert',
]);
const actions = {
  deny: UnreadableAction.Deny,
  'redact-body': UnreadableAction.RedactBody,
  'pass-unmasked': UnreadableAction.PassUnmasked,
} as const;
const bands = {
  low: Band.Low,
  guarded: Band.Guarded,
  high: Band.High,
  critical: Band.Critical,
} as const;
