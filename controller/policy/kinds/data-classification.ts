/** The kind DataClassification: what carries which label: fields and values of bodies, routes, headers, parameters. */
import { z } from 'zod';

import { RequestKind, ValuePlace } from '../../layout.ts';
import { parsePathTemplate } from '../path-template.ts';
import type { ClassifiedValue, DataClassification, Origin } from '../policy-set.ts';
import { buildField, fieldSchema } from './classified-fields.ts';
import {
  buildHeader,
  buildNamed,
  cookieSchema,
  headerSchema,
  parameterSchema,
  pathParameterSchema,
} from './classified-places.ts';
import { detectorsOf, fieldsOf, patternsOf, valueSchema } from './classified-values.ts';
import { destinationSchema, documentSchema, isObject, someOf } from './document.ts';
import { labelLeaf, leaf } from './leaf.ts';

const contents = [
  'labels',
  'fields',
  'values',
  'routes',
  'headers',
  'cookies',
  'parameters',
  'pathParameters',
] as const;

const rankSchema = z
  .strictObject({
    name: labelLeaf,
    above: someOf(labelLeaf).meta({
      description: 'labels that it includes: what is masked for them is masked for it',
    }),
  })
  .meta({ description: 'where a label stands among the others, in the whole set' });

const routeSchema = z
  .strictObject({
    paths: someOf(
      leaf(parsePathTemplate, {
        description: 'path, as in `to` of an AccessPolicy',
        pattern: '^[/*]',
        examples: ['/customers/**'],
      }),
    ).meta({ description: 'paths of the route, of which one has to match' }),
    labels: someOf(labelLeaf).meta({ description: 'what `route.labels` holds on these paths' }),
  })
  .meta({ description: 'routes whose data carries labels' });

/** The schema of a DataClassification document. */
export const dataClassificationSchema = documentSchema(
  'DataClassification',
  z
    .strictObject({
      destination: destinationSchema,
      labels: someOf(rankSchema)
        .meta({
          description: 'labels beside `PII`, `PCI` > `Confidential` > `Internal` > `Public`',
        })
        .optional(),
      fields: someOf(fieldSchema)
        .meta({ description: 'fields of bodies that carry a label' })
        .optional(),
      values: someOf(valueSchema)
        .meta({ description: 'values of bodies that carry a label wherever they stand' })
        .optional(),
      routes: someOf(routeSchema)
        .meta({ description: 'labels of routes, asked with `"PII" in route.labels`' })
        .optional(),
      headers: someOf(headerSchema)
        .meta({ description: 'labels of headers, asked with `"PII" in request.labels`' })
        .optional(),
      cookies: someOf(cookieSchema).meta({ description: 'labels of cookies' }).optional(),
      parameters: someOf(parameterSchema)
        .meta({ description: 'labels of parameters, asked with `"PII" in request.labels`' })
        .optional(),
      pathParameters: someOf(pathParameterSchema)
        .meta({ description: 'labels of segments of paths' })
        .optional(),
    })
    .refine((spec) => contents.some((field) => spec[field] !== undefined), {
      error: 'nothing is classified',
      params: { help: 'write `fields`, `values`, `routes`, `headers` or `parameters`', offset: 0 },
      when: (payload) => isObject(payload.value),
    }),
);

/** The classification of a checked document. */
export function buildDataClassification(
  document: z.output<typeof dataClassificationSchema>,
  originOf: (path: readonly PropertyKey[]) => Origin,
): DataClassification {
  const { metadata, spec } = document;
  const { labels = [], values = [], headers = [], cookies = [], parameters = [] } = spec;
  return {
    kind: 'DataClassification',
    name: metadata.name,
    origin: originOf([]),
    destination: spec.destination,
    labels: labels.map((rank, i) => ({ ...rank, origin: originOf(['spec', 'labels', i]) })),
    fields: [...(spec.fields ?? []).map(buildField), ...values.flatMap(fieldsOf)],
    detectors: values.flatMap(detectorsOf),
    patterns: values.flatMap(patternsOf),
    routes: (spec.routes ?? []).map((route) => ({ labels: route.labels, paths: route.paths })),
    requestValues: [
      ...headers.map((header) => requestValueOf(RequestKind.Header, header)),
      ...parameters.map((parameter) => requestValueOf(RequestKind.Parameter, parameter)),
    ],
    places: [
      ...headers.map(buildHeader),
      ...cookies.map((cookie) => buildNamed(ValuePlace.Cookie, cookie)),
      ...parameters.map((parameter) => buildNamed(ValuePlace.Query, parameter)),
    ],
    segments: spec.pathParameters ?? [],
  };
}

function requestValueOf(
  kind: typeof RequestKind.Header | typeof RequestKind.Parameter,
  { name, label }: { readonly name: string; readonly label: string },
): ClassifiedValue {
  return { label, ref: { kind, name } };
}
