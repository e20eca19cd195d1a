/** What the reference reads of a JSON Schema. */

/** A JSON Schema as the kinds render it. */
export interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** An object of a kind; `path` names it from the document, such as `spec.rules[].from[]`, empty for the document. */
export interface ObjectShape {
  readonly path: string;
  readonly schema: JsonSchema;
}

/** All objects with fields of their own, each before those inside it. */
export function objectsOf(schema: JsonSchema, path = ''): ObjectShape[] {
  if (schema.properties !== undefined) {
    const inner = Object.entries(schema.properties).flatMap(([name, field]) =>
      objectsOf(field, path === '' ? name : `${path}.${name}`),
    );
    return [{ path, schema }, ...inner];
  }
  if (schema.items !== undefined) return objectsOf(schema.items, `${path}[]`);
  return (schema.anyOf ?? []).flatMap((form) => objectsOf(form, path));
}
