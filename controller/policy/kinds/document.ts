/** What all kinds share: envelope, metadata, destination. */
import { z } from 'zod';

import { nameLeaf } from './leaf.ts';

/** Version of the language that policies are written in. */
export const API_VERSION = 'sm-dta/v1';

/** The service that a policy is about; every environment of it unless one is named. */
export const destinationSchema = z
  .strictObject({
    service: nameLeaf('service that the policy is about'),
    environment: nameLeaf('its environment; every environment when absent').optional(),
  })
  .meta({ description: 'the service that the policy is about' });

/** The schema of a whole document of one kind. */
export function documentSchema<Kind extends string, Spec extends z.ZodType>(
  kind: Kind,
  spec: Spec,
) {
  return z
    .strictObject({
      apiVersion: z.literal(API_VERSION).meta({ description: 'version of the policy language' }),
      kind: z.literal(kind),
      metadata: z.strictObject({ name: nameLeaf('name, unique within the kind') }),
      spec,
    })
    .meta({ title: kind });
}

/** A list with at least one entry. */
export function someOf<Item extends z.ZodType>(item: Item) {
  return z.array(item).min(1);
}

/** True when a value is an object, whether or not its fields are in order; for checks across fields. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** True when an entry names nothing. */
export function isEmptyEntry(entry: object): boolean {
  return Object.values(entry).every((field) => field === undefined);
}
