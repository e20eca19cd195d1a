/** The kind DataClassification: which fields and values of bodies carry which label. */
import { z } from 'zod';

import { parseFieldPath } from '../field-path.ts';
import type { ClassifiedField, DataClassification, Origin } from '../policy-set.ts';
import { Problem } from '../problem.ts';
import { destinationSchema, documentSchema, isObject, someOf } from './document.ts';
import { leaf, nameLeaf } from './leaf.ts';

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

/** The schema of a DataClassification document. */
export const dataClassificationSchema = documentSchema(
  'DataClassification',
  z
    .strictObject({
      destination: destinationSchema,
      fields: someOf(fieldSchema).optional(),
      values: someOf(valueSchema).optional(),
    })
    .refine((spec) => spec.fields !== undefined || spec.values !== undefined, {
      error: 'nothing is classified',
      params: { help: 'write `fields`, `values` or both', offset: 0 },
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
