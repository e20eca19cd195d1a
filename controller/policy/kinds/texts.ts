/** Fields that take one text or a list of texts, and maps of them by name. */
import { z } from 'zod';

import { Problem } from '../problem.ts';
import { isObject } from './document.ts';
import { issuesOf, type LeafMeta } from './leaf.ts';

/** Texts of a name, each read. */
export interface NamedTexts<T> {
  readonly name: string;
  readonly texts: readonly T[];
}

/** A text or a list of at least one text; `parse` reads each. The value is always a list. */
export function textOrTexts<T>(parse: (text: string) => T | Problem, meta: LeafMeta) {
  return z
    .unknown()
    .meta(textsMeta(meta))
    .transform((value, context): T[] => {
      const texts = readTexts(value, parse, [], context);
      return texts.length === 0 ? z.NEVER : texts;
    });
}

/** A map from names to a text or a list of texts. Names that are read to the same are refused. */
export function textsByName<T>(
  parseName: (name: string) => string | Problem,
  parse: (name: string, text: string) => T | Problem,
  meta: { readonly description: string; readonly texts: LeafMeta },
) {
  return z
    .unknown()
    .meta({
      description: meta.description,
      type: 'object',
      minProperties: 1,
      additionalProperties: textsMeta(meta.texts),
    })
    .transform((value, context): NamedTexts<T>[] => {
      if (!isObject(value)) {
        context.addIssue({ code: 'invalid_type', expected: 'record', input: value });
        return z.NEVER;
      }
      if (Object.keys(value).length === 0) {
        context.addIssue({ code: 'too_small', origin: 'array', minimum: 1, input: value });
        return z.NEVER;
      }
      const found = new Map<string, NamedTexts<T>>();
      for (const [key, texts] of Object.entries(value)) {
        const name = parseName(key);
        const parsed = readTexts(texts, (text) => parse(key, text), [key], context);
        const problem = name instanceof Problem ? name : twice(name, found);
        if (problem === undefined) found.set(String(name), { name: String(name), texts: parsed });
        else addKeyIssue(problem, key, context);
      }
      return [...found.values()];
    });
}

function readTexts<T>(
  value: unknown,
  parse: (text: string) => T | Problem,
  path: readonly PropertyKey[],
  context: z.core.$RefinementCtx,
): T[] {
  if (!Array.isArray(value)) return readText(value, parse, path, context);
  if (value.length === 0) {
    context.addIssue({
      code: 'too_small',
      origin: 'array',
      minimum: 1,
      input: value,
      path: [...path],
    });
  }
  return value.flatMap((text, i) => readText(text, parse, [...path, i], context));
}

function readText<T>(
  value: unknown,
  parse: (text: string) => T | Problem,
  path: readonly PropertyKey[],
  context: z.core.$RefinementCtx,
): T[] {
  if (typeof value !== 'string') {
    context.addIssue({ code: 'invalid_type', expected: 'string', input: value, path: [...path] });
    return [];
  }
  const parsed = parse(value);
  if (!(parsed instanceof Problem)) return [parsed];
  for (const issue of issuesOf(parsed, value, [...path])) context.addIssue(issue);
  return [];
}

function twice(name: string, found: ReadonlyMap<string, unknown>): Problem | undefined {
  if (!found.has(name)) return undefined;
  return new Problem(`\`${name}\` is there twice`, 'write all its texts as one list');
}

function addKeyIssue(problem: Problem, key: string, context: z.core.$RefinementCtx): void {
  context.addIssue({
    code: 'invalid_key',
    origin: 'record',
    issues: issuesOf(problem, key, []),
    input: key,
    path: [key],
  });
}

function textsMeta({ description, ...text }: LeafMeta) {
  const one = { type: 'string', ...text };
  return { description, anyOf: [one, { type: 'array', minItems: 1, items: one }] };
}
