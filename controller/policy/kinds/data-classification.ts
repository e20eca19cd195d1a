/** The kind DataClassification: what carries which label: fields and values of bodies, routes, headers, parameters. */
import { z } from 'zod';

import { RequestKind } from '../../layout.ts';
import { parseFieldPath } from '../field-path.ts';
import { parsePathTemplate } from '../path-template.ts';
import type { ClassifiedField, DataClassification, Origin } from '../policy-set.ts';
import { Problem } from '../problem.ts';
import { parseHeaderName, parseParameterName } from '../request-text.ts';
import { destinationSchema, documentSchema, isObject, someOf } from './document.ts';
import { leaf, nameLeaf } from './leaf.ts';

const contents = ['fields', 'values', 'routes', 'headers', 'parameters'] as const;
const labelLeaf = nameLeaf('data label, for example `PII`');

const fieldSchema = z
  .strictObject({
    path: leaf(parseFieldPath, {
      description: 'path of the field, for example `$.a.*.b`',
    }).optional(),
    name: leaf(parseFieldName, { description: 'name of the field, at any depth' }).optional(),
    ignoreCase: z
      .boolean()
      .meta({ description: 'compare `name` without ASCII case; default true' })
      .optional(),
    label: labelLeaf,
  })
  .refine((field) => (field.path === undefined) !== (field.name === undefined), {
    error: 'a field needs either `path` or `name`',
    params: {
      help: 'write `path` for one place, `name` for every field with that name',
      offset: 0,
    },
    when: (payload) => isObject(payload.value),
  })
  .refine((field) => field.ignoreCase === undefined || field.path === undefined, {
    error: '`ignoreCase` is for `name`',
    path: ['ignoreCase'],
    params: { help: 'remove it: paths are compared exactly', offset: 0 },
    when: (payload) => isObject(payload.value),
  });

const valueSchema = z.strictObject({
  detector: z
    .enum(['card'])
    .meta({ description: 'card: numbers of payment cards, by their check digit' }),
  label: labelLeaf,
});

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

const headerSchema = z
  .strictObject({
    name: leaf(parseHeaderName, { description: 'name of a header, in any case' }),
    label: labelLeaf,
  })
  .meta({ description: 'a header that gives its label to every request that has it' });

const parameterSchema = z
  .strictObject({
    name: leaf(parseParameterName, { description: 'name of a query parameter, after decoding' }),
    label: labelLeaf,
  })
  .meta({ description: 'a query parameter that gives its label to every request that has it' });

/** The schema of a DataClassification document. */
export const dataClassificationSchema = documentSchema(
  'DataClassification',
  z
    .strictObject({
      destination: destinationSchema,
      fields: someOf(fieldSchema)
        .meta({ description: 'fields of JSON bodies that carry a label' })
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
      parameters: someOf(parameterSchema)
        .meta({ description: 'labels of parameters, asked with `"PII" in request.labels`' })
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
  return {
    kind: 'DataClassification',
    name: metadata.name,
    origin: originOf([]),
    destination: spec.destination,
    fields: (spec.fields ?? []).map(buildField),
    cardLabels: (spec.values ?? []).map((value) => value.label),
    routes: (spec.routes ?? []).map(({ labels, paths }) => ({ labels, paths })),
    requestValues: [
      ...(spec.headers ?? []).map(({ name, label }) => ({
        label,
        ref: { kind: RequestKind.Header, name },
      })),
      ...(spec.parameters ?? []).map(({ name, label }) => ({
        label,
        ref: { kind: RequestKind.Parameter, name },
      })),
    ],
  };
}

function buildField(field: z.output<typeof fieldSchema>): ClassifiedField {
  if (field.path !== undefined) return { label: field.label, path: field.path };
  const { label, name = '', ignoreCase = true } = field;
  return { label, fieldName: ignoreCase ? foldName(name) : name, ignoreCase };
}

function parseFieldName(text: string): string | Problem {
  if (text.length > 0 && text.length <= 255 && text.isWellFormed()) return text;
  return new Problem('not a field name', 'write 1 to 255 characters');
}

// As the filter folds names: ASCII letters, and the two others whose simple folding is an ASCII letter.
function foldName(text: string): string {
  return text
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replaceAll('\u017f', 's')
    .replaceAll('\u212a', 'k');
}
