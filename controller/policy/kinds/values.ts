/** Maps of numbers by name: signals and facts. */
import { z } from 'zod';

import { Problem } from '../problem.ts';
import { isObject } from './document.ts';
import { issuesOf } from './leaf.ts';

/** A map from names to values; `parse` reads a name with its value. A problem with a name has `isOfName`. */
export function valuesByName(
  parse: (name: string, value: unknown) => number | ValueProblem,
  meta: { readonly description: string; readonly types: readonly string[] },
) {
  return z
    .unknown()
    .meta({
      description: meta.description,
      type: 'object',
      additionalProperties: { type: [...meta.types] },
    })
    .transform((value, context): Record<string, number> => {
      if (!isObject(value)) {
        context.addIssue({ code: 'invalid_type', expected: 'record', input: value });
        return z.NEVER;
      }
      const found: Record<string, number> = {};
      for (const [name, one] of Object.entries(value)) {
        const read = parse(name, one);
        if (!(read instanceof ValueProblem)) found[name] = read;
        else if (!read.isOfName) {
          for (const issue of issuesOf(read, one, [name])) context.addIssue(issue);
        } else {
          const issues = issuesOf(read, name, []);
          const path = [name];
          context.addIssue({ code: 'invalid_key', origin: 'record', issues, input: name, path });
        }
      }
      return found;
    });
}

/** Why a name or its value is refused. */
export class ValueProblem extends Problem {
  readonly isOfName: boolean;

  constructor(message: string, help: string, isOfName: boolean) {
    super(message, help);
    this.isOfName = isOfName;
  }
}
