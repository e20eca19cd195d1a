/** Renders the JSON Schemas of all kinds, which editors use to complete and check policy files. */
import { z } from 'zod';

import { kindsByName } from './kinds/kinds.ts';

/** Texts of schema/json/ by file name. `make generate` writes them. */
export function renderSchemas(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, { schema }] of kindsByName) {
    const rendered = z.toJSONSchema(schema, { io: 'input' });
    files.set(`${name}.schema.json`, `${JSON.stringify(rendered, null, 2)}\n`);
  }
  return files;
}
