/** Leaves of the schemas: texts with a grammar of their own, parsed where they are checked. */
import { z } from 'zod';

import { isName } from '../identity-test.ts';
import { Problem, quoted } from '../problem.ts';

/** What a leaf tells about a refused text, beside its message; read by shape-errors.ts. */
export interface LeafParams {
  readonly help: string;
  readonly offset: number;
}

/** What editors and the reference show of a leaf. */
export interface LeafMeta {
  readonly description: string;
  readonly pattern?: string;
  readonly examples?: string[];
}

const NAME_PATTERN = '^[A-Za-z0-9._-]{1,63}$';

/** A string that `parse` turns into a value or refuses. */
export function leaf<T>(parse: (text: string) => T | Problem, meta: LeafMeta) {
  return z
    .string()
    .meta({ ...meta })
    .transform((text, context): T => {
      const parsed = parse(text);
      if (!(parsed instanceof Problem)) return parsed;
      for (const issue of issuesOf(parsed, text, [])) context.addIssue(issue);
      return z.NEVER;
    });
}

/** A name: it stands in certificates, resource names and audit records, so it needs no escaping anywhere. */
export function nameLeaf(description: string) {
  return leaf(parseName, { description, pattern: NAME_PATTERN });
}

/** A data label. */
export const labelLeaf = nameLeaf('data label, for example `PII`');

/** Reads a name: 1 to 63 letters, digits, dots, underscores and hyphens. */
export function parseName(text: string): string | Problem {
  if (isName(text)) return text;
  return new Problem(
    `${quoted(text)} is not a name`,
    'use 1 to 63 letters, digits, dots, underscores and hyphens',
  );
}

/** The issues of a refused text at `path`. */
export function issuesOf(problem: Problem, input: unknown, path: PropertyKey[]) {
  return [problem, ...problem.also].map(({ message, help, offset }) => {
    const params: LeafParams = { help, offset };
    return { code: 'custom' as const, message, params: { ...params }, input, path };
  });
}
