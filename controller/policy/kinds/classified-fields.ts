/** Fields of bodies in a DataClassification: by path, or by name. */
import { z } from 'zod';

import { NameMode } from '../../layout.ts';
import { parseFieldPath } from '../field-path.ts';
import { joinWords, nameForMode } from '../fold-name.ts';
import type { ClassifiedField } from '../policy-set.ts';
import { Problem } from '../problem.ts';
import { isObject } from './document.ts';
import { labelLeaf, leaf } from './leaf.ts';

/** How names are compared, by its name in policies. */
export const nameModes = {
  exact: NameMode.Exact,
  'ignore-case': NameMode.AnyCase,
  words: NameMode.Words,
} as const;

/** The field `match`. */
export const matchSchema = z.enum(['exact', 'ignore-case', 'words']);

/** Whether a name is left when words are joined; checked where `match: words` stands beside a name. */
export function hasWords(entry: Record<string, unknown>): boolean {
  return entry.match !== 'words' || typeof entry.name !== 'string' || joinWords(entry.name) !== '';
}

/** What is told where `hasWords` does not hold. */
export const noWords = {
  error: 'name has no letter to compare',
  path: ['name'],
  params: { help: 'write `match: exact` for a name of nothing but `_ - .` and spaces', offset: 0 },
};

/** An entry of `fields`. */
export const fieldSchema = z
  .strictObject({
    path: leaf(parseFieldPath, {
      description: 'path of the field, for example `$.a.*.b` or `$.lines[0].card`',
    }).optional(),
    name: leaf(parseFieldName, {
      description: 'name of the field, at any depth; also of a form field, column or element',
    }).optional(),
    match: matchSchema
      .meta({
        description:
          'how `name` is compared: `words` is without case and without `_ - .` and spaces; default ignore-case',
      })
      .optional(),
    ignoreCase: z
      .boolean()
      .meta({ description: 'an older way to write `match: ignore-case` and, for false, `exact`' })
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
  })
  .refine((field) => field.match === undefined || field.path === undefined, {
    error: '`match` is for `name`',
    path: ['match'],
    params: { help: 'remove it: paths are compared exactly', offset: 0 },
    when: (payload) => isObject(payload.value),
  })
  .refine((field) => field.match === undefined || field.ignoreCase === undefined, {
    error: '`match` and `ignoreCase` say the same thing',
    path: ['ignoreCase'],
    params: { help: 'remove it', offset: 0 },
    when: (payload) => isObject(payload.value),
  })
  .refine(hasWords, { ...noWords, when: (payload) => isObject(payload.value) });

/** The field of a checked entry. */
export function buildField(field: z.output<typeof fieldSchema>): ClassifiedField {
  if (field.path !== undefined) return { label: field.label, path: field.path };
  const { label, name = '', ignoreCase = true } = field;
  const match = nameModes[field.match ?? (ignoreCase ? 'ignore-case' : 'exact')];
  return { label, fieldName: nameForMode(name, match), match };
}

function parseFieldName(text: string): string | Problem {
  if (text.length > 0 && text.length <= 255 && text.isWellFormed()) return text;
  return new Problem('not a field name', 'write 1 to 255 characters');
}
