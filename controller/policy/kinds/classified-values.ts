/** Values in a DataClassification that carry a label wherever they stand. */
import { z } from 'zod';

import { NameMode } from '../../layout.ts';
import { compilePattern } from '../pattern/compile-pattern.ts';
import type { ClassifiedDetector, ClassifiedField, ClassifiedPattern } from '../policy-set.ts';
import { Problem } from '../problem.ts';
import { type Country, dateOfBirthNames, detectorKinds, nationalIds } from './detectors.ts';
import { isObject, someOf } from './document.ts';
import { issuesOf, labelLeaf } from './leaf.ts';

const detectorNames = [
  ...(Object.keys(detectorKinds) as (keyof typeof detectorKinds)[]),
  'national-id',
  'date-of-birth',
] as const;
const countryNames = Object.keys(nationalIds) as Country[];

/** An entry of `values`. */
export const valueSchema = z
  .strictObject({
    detector: z
      .enum(detectorNames)
      .meta({
        description:
          'what the value looks like; `date-of-birth` goes by the names of fields, all others by the value',
      })
      .optional(),
    countries: someOf(z.enum(countryNames))
      .meta({ description: 'countries of `national-id`; default all' })
      .optional(),
    pattern: z
      .string()
      .meta({
        description: 'regular expression of the value, without anchors, look-around and references',
        examples: ['ORD-\\d{8}'],
      })
      .optional(),
    partOfWord: z
      .boolean()
      .meta({ description: 'a match of `pattern` may begin and end inside a word; default false' })
      .optional(),
    label: labelLeaf,
  })
  .refine((value) => (value.detector === undefined) !== (value.pattern === undefined), {
    error: 'a value needs either `detector` or `pattern`',
    params: { help: 'write `detector: card` or the like, or a `pattern` of your own', offset: 0 },
    when: (payload) => isObject(payload.value),
  })
  .refine((value) => value.countries === undefined || value.detector === 'national-id', {
    error: '`countries` is for `national-id`',
    path: ['countries'],
    params: { help: 'remove it or write `detector: national-id`', offset: 0 },
    when: (payload) => isObject(payload.value),
  })
  .refine((value) => value.partOfWord === undefined || value.pattern !== undefined, {
    error: '`partOfWord` is for `pattern`',
    path: ['partOfWord'],
    params: { help: 'remove it', offset: 0 },
    when: (payload) => isObject(payload.value) && payload.value.detector !== undefined,
  })
  .transform(({ pattern: text, partOfWord = false, ...value }, context) => {
    if (text === undefined) return { ...value, pattern: undefined };
    const pattern = compilePattern(text, partOfWord);
    if (!(pattern instanceof Problem)) return { ...value, pattern };
    for (const issue of issuesOf(pattern, text, ['pattern'])) context.addIssue(issue);
    return z.NEVER;
  });

type Value = z.output<typeof valueSchema>;

/** The patterns of a checked entry. */
export function patternsOf({ pattern, label }: Value): ClassifiedPattern[] {
  return pattern === undefined ? [] : [{ label, pattern }];
}

/** The detectors of a checked entry; none for `date-of-birth` and patterns. */
export function detectorsOf({ detector, countries, label }: Value): ClassifiedDetector[] {
  if (detector === undefined || detector === 'date-of-birth') return [];
  if (detector !== 'national-id') return [{ label, kind: detectorKinds[detector] }];
  return (countries ?? countryNames).map((country) => ({ label, kind: nationalIds[country] }));
}

/** The fields that a checked entry names. */
export function fieldsOf({ detector, label }: Value): ClassifiedField[] {
  if (detector !== 'date-of-birth') return [];
  return dateOfBirthNames.map((fieldName) => ({ label, fieldName, match: NameMode.Words }));
}
