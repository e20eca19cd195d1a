/** Leaves of the schemas: texts with a grammar of their own, parsed where they are checked. */
import { z } from 'zod';

import { Problem } from '../problem.ts';

/** What a leaf tells about a refused text, beside its message; read by shape-errors.ts. */
export interface LeafParams {
  readonly help: string;
  readonly offset: number;
}

/** A string that `parse` turns into a value or refuses. `pattern` and `description` are for editors only. */
export function leaf<T>(
  parse: (text: string) => T | Problem,
  meta: { description: string; pattern?: string; enum?: string[] },
) {
  return z
    .string()
    .meta(meta)
    .transform((text, context): T => {
      const parsed = parse(text);
      if (!(parsed instanceof Problem)) return parsed;
      for (const { message, help, offset } of [parsed, ...parsed.also]) {
        const params: LeafParams = { help, offset };
        context.addIssue({ code: 'custom', message, params, input: text });
      }
      return z.NEVER;
    });
}

/** A name: it stands in certificates, resource names and audit records, so it needs no escaping anywhere. */
export function nameLeaf(description: string) {
  return leaf((text) => (namePattern.test(text) ? text : notAName(text)), {
    description,
    pattern: namePattern.source,
  });
}

/** A name, or the start of names followed by `*`. */
export function prefixLeaf(description: string) {
  return leaf(
    (text) => {
      if (text === '*') return new Problem('`*` matches everything', 'leave the field out instead');
      const isPrefix = text.endsWith('*');
      const value = isPrefix ? text.slice(0, -1) : text;
      return namePattern.test(value) ? { value, isPrefix } : notAName(text);
    },
    { description, pattern: '^[A-Za-z0-9._-]{1,63}\\*?$' },
  );
}

function notAName(text: string): Problem {
  return new Problem(
    `\`${text}\` is not a name`,
    'use 1 to 63 letters, digits, dots, underscores and hyphens',
  );
}

const namePattern = /^[A-Za-z0-9._-]{1,63}$/;
