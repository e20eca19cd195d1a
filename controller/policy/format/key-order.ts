/** The order of keys in a policy: that of its kind's schema. */
import { z } from 'zod';

import { kindsByName } from '../kinds/kinds.ts';

/** What of a JSON Schema tells the order of keys. */
export interface OrderSchema {
  readonly properties?: Readonly<Record<string, OrderSchema>>;
  readonly items?: OrderSchema;
  readonly additionalProperties?: OrderSchema | boolean;
  readonly anyOf?: readonly OrderSchema[];
  readonly oneOf?: readonly OrderSchema[];
}

/** The schema of a kind, or undefined when there is no such kind. */
export function orderOfKind(kind: string): OrderSchema | undefined {
  const known = schemas.get(kind);
  if (known !== undefined) return known;
  const schema = kindsByName.get(kind)?.schema;
  if (schema === undefined) return undefined;
  const rendered = z.toJSONSchema(schema, { io: 'input' }) as OrderSchema;
  schemas.set(kind, rendered);
  return rendered;
}

/** Sorts the members of a map: first the keys that the schema names, in its order, then the others as they are. */
export function sortMembers<T>(
  members: readonly T[],
  keyOf: (member: T) => string,
  schema: OrderSchema | undefined,
): T[] {
  const names = Object.keys(mapOf(schema)?.properties ?? {});
  const rank = new Map(names.map((name, i) => [name, i]));
  const rankOf = (member: T): number => rank.get(keyOf(member)) ?? names.length;
  return [...members].sort((a, b) => rankOf(a) - rankOf(b));
}

/** The schema of the value of a key. */
export function orderOfMember(
  schema: OrderSchema | undefined,
  key: string,
): OrderSchema | undefined {
  const map = mapOf(schema);
  if (map?.properties !== undefined && Object.hasOwn(map.properties, key)) {
    return map.properties[key];
  }
  return typeof map?.additionalProperties === 'object' ? map.additionalProperties : undefined;
}

/** The schema of the items of a list. */
export function orderOfItem(schema: OrderSchema | undefined): OrderSchema | undefined {
  return formsOf(schema).find((form) => form.items !== undefined)?.items;
}

function mapOf(schema: OrderSchema | undefined): OrderSchema | undefined {
  return formsOf(schema).find(
    (form) => form.properties !== undefined || typeof form.additionalProperties === 'object',
  );
}

// A text or a list of texts, for example, are two forms of one value.
function formsOf(schema: OrderSchema | undefined): readonly OrderSchema[] {
  if (schema === undefined) return [];
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return [schema, ...inner.flatMap(formsOf)];
}

const schemas = new Map<string, OrderSchema>();
