/** Values in a DataClassification that carry a label wherever they stand. */
import { z } from 'zod';

import { NameMode } from '../../layout.ts';
import type { ClassifiedDetector, ClassifiedField } from '../policy-set.ts';
import { type Country, dateOfBirthNames, detectorKinds, nationalIds } from './detectors.ts';
import { isObject, someOf } from './document.ts';
import { labelLeaf } from './leaf.ts';

const detectorNames = [
  ...(Object.keys(detectorKinds) as (keyof typeof detectorKinds)[]),
  'national-id',
  'date-of-birth',
] as const;
const countryNames = Object.keys(nationalIds) as Country[];

/** An entry of `values`. */
export const valueSchema = z
  .strictObject({
    detector: z.enum(detectorNames).meta({
      description:
        'what the value looks like; `date-of-birth` goes by the names of fields, all others by the value',
    }),
    countries: someOf(z.enum(countryNames))
      .meta({ description: 'countries of `national-id`; default all' })
      .optional(),
    label: labelLeaf,
  })
  .refine((value) => value.countries === undefined || value.detector === 'national-id', {
    error: '`countries` is for `national-id`',
    path: ['countries'],
    params: { help: 'remove it or write `detector: national-id`', offset: 0 },
    when: (payload) => isObject(payload.value) && payload.value.detector !== undefined,
  });

type Value = z.output<typeof valueSchema>;

/** The detectors of a checked entry; none for `date-of-birth`. */
export function detectorsOf({ detector, countries, label }: Value): ClassifiedDetector[] {
  if (detector === 'date-of-birth') return [];
  if (detector !== 'national-id') return [{ label, kind: detectorKinds[detector] }];
  return (countries ?? countryNames).map((country) => ({ label, kind: nationalIds[country] }));
}

/** The fields that a checked entry names. */
export function fieldsOf({ detector, label }: Value): ClassifiedField[] {
  if (detector !== 'date-of-birth') return [];
  return dateOfBirthNames.map((fieldName) => ({ label, fieldName, match: NameMode.Words }));
}
