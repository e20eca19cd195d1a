/** Puts values into a YAML template after it was parsed, so that no value can change its structure. */
import { parse } from 'yaml';

import { DtaError } from '../errors.ts';

/** JSON as the templates hold it. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * Parses `template` and replaces each text that is exactly `$(name)` by the value of that name, whatever its type.
 *
 * @throws DtaError `internal` when a name has no value: template and code are from the same build.
 */
export function fillTemplate(template: string, values: Readonly<Record<string, Json>>): Json {
  return fill(parse(template) as Json, values);
}

function fill(node: Json, values: Readonly<Record<string, Json>>): Json {
  if (typeof node === 'string') return fillText(node, values);
  if (Array.isArray(node)) return node.map((item) => fill(item, values));
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, fill(value, values)]));
}

function fillText(text: string, values: Readonly<Record<string, Json>>): Json {
  const [, name] = /^\$\(([\w.]+)\)$/.exec(text) ?? [];
  if (name === undefined) return text;
  const value = values[name];
  if (value === undefined)
    throw new DtaError('internal', `the template value \`${name}\` is missing`);
  return value;
}
