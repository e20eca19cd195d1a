/** Turns the issues of a schema into policy errors with places and help. */
import { z } from 'zod';

import type { PendingError } from './error-list.ts';
import type { LeafParams } from './kinds/leaf.ts';
import { nearestName, suggestName } from './nearest-name.ts';
import type { Origin } from './policy-set.ts';
import type { PolicyDocument } from './yaml-file.ts';

type Issue = z.core.$ZodIssue;

/** All errors of a document whose kind has `schema`: placed, and explained when they are shown. */
export function* shapeErrors(
  issues: readonly Issue[],
  schema: z.ZodType,
  document: PolicyDocument,
): Generator<PendingError> {
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') yield* unknownFields(issue, schema, document);
    // Issues of a record's key carry the real ones inside.
    else if (issue.code === 'invalid_key') {
      const place = document.originOfKey(issue.path);
      for (const inner of issue.issues) yield pending(place, () => explain(inner));
    } else yield pending(placeOf(issue, document), () => explain(issue));
  }
}

function pending(place: Origin, explained: () => Explained): PendingError {
  return {
    place,
    explain: () => {
      const { message, help } = explained();
      return { ...place, message, help };
    },
  };
}

function placeOf(issue: Issue, document: PolicyDocument): Origin {
  if (issue.code !== 'custom') return document.originOf(issue.path);
  const { offset } = issue.params as unknown as LeafParams;
  return document.originInside(issue.path, offset);
}

function* unknownFields(
  issue: Extract<Issue, { code: 'unrecognized_keys' }>,
  schema: z.ZodType,
  document: PolicyDocument,
): Generator<PendingError> {
  for (const key of issue.keys) {
    const place = document.originOfKey([...issue.path, key]);
    yield pending(place, () => explainUnknown(key, fieldsAt(schema, issue.path)));
  }
}

function explainUnknown(key: string, allowed: readonly string[]): Explained {
  const negated = /^not([A-Z].*)$/.exec(key)?.[1];
  const field = negated === undefined ? undefined : nearestName(negated, allowed);
  if (field !== undefined && field.toLowerCase() === negated?.toLowerCase()) {
    const help = `write what is allowed with \`${field}\`, or a deny rule for what is not`;
    return { message: `\`${key}\` is not supported yet`, help };
  }
  return { message: `unknown field \`${key}\``, help: suggestName(key, allowed) };
}

interface Explained {
  readonly message: string;
  readonly help: string;
}

function explain(issue: Issue): Explained {
  const name = issue.path.at(-1);
  const field = typeof name === 'string' ? `\`${name}\`` : 'an entry of this list';
  if (issue.code === 'custom') {
    const { help } = issue.params as unknown as LeafParams;
    return { message: issue.message, help };
  }
  if (issue.input === undefined && issue.code !== 'too_small') {
    return { message: `${field} is missing`, help: `add it: ${expectation(issue)}` };
  }
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const names = issue.values.filter((value) => value !== null).map(String);
    return {
      message: `${shown(issue.input)} is not allowed for ${field}`,
      help: suggestName(issue.input, names),
    };
  }
  if (issue.code === 'too_small' || issue.code === 'too_big') return outOfRange(issue, field);
  return {
    message: `${field} is ${kindOf(issue.input)}, expected ${expectation(issue)}`,
    help: quoteHelp(issue),
  };
}

function outOfRange(
  issue: Extract<Issue, { code: 'too_small' | 'too_big' }>,
  field: string,
): Explained {
  if (issue.origin === 'array') {
    return {
      message: `${field} is empty`,
      help: 'add an entry; a list that restricts nothing is left out',
    };
  }
  const limit =
    issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
  return { message: `${field} is out of range`, help: `write a number of ${limit}` };
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type')
    return words.get(issue.expected) ?? `a value of type ${issue.expected}`;
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`;
  return 'another value';
}

function quoteHelp(issue: Issue): string {
  const expectsText = issue.code === 'invalid_type' && issue.expected === 'string';
  const isPlain = typeof issue.input === 'number' || typeof issue.input === 'boolean';
  if (expectsText && isPlain) return `write it in quotes: "${String(issue.input)}"`;
  return `write ${expectation(issue)}`;
}

function kindOf(input: unknown): string {
  if (input === null) return 'empty';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a map';
  if (typeof input === 'string') return `the text ${shown(input)}`;
  return shown(String(input));
}

// Input is repeated up to a length that leaves the message on one line.
function shown(input: string): string {
  const line = input.replaceAll(/\s+/g, ' ');
  return `\`${line.length > 60 ? `${line.slice(0, 57)}...` : line}\``;
}

/** The fields that a schema allows at a path of keys, read from its JSON Schema. */
function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let place: JsonSchema | undefined = jsonSchemaOf(schema);
  for (const step of path) {
    place = typeof step === 'number' ? place?.items : place?.properties?.[String(step)];
  }
  return Object.keys(place?.properties ?? {});
}

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  let known = jsonSchemas.get(schema);
  if (known === undefined) {
    known = z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;
    jsonSchemas.set(schema, known);
  }
  return known;
}

const jsonSchemas = new WeakMap<z.ZodType, JsonSchema>();
const words = new Map([
  ['string', 'a text'],
  ['object', 'a map of fields'],
  ['record', 'a map of names to values'],
  ['array', 'a list'],
  ['boolean', 'true or false'],
  ['int', 'a whole number'],
  ['number', 'a number'],
]);
