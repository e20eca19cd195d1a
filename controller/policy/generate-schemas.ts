/** Renders the JSON Schemas of all kinds, which editors use to complete and check policy files. */
import { z } from 'zod';

import { kindsByName } from './kinds/kinds.ts';
import { policyTestSchema } from './kinds/policy-test.ts';
import { serviceRegistrationSchema } from './kinds/service-registration.ts';

/** Texts of schema/json/ by file name. `make generate` writes them. */
export function renderSchemas(): Map<string, string> {
  const files = new Map<string, string>();
  const kinds = [...kindsByName].map(([name, { schema }]) => [name, schema] as const);
  const others = [
    ['PolicyTest', policyTestSchema],
    ['ServiceRegistration', serviceRegistrationSchema],
  ] as const;
  for (const [name, schema] of [...kinds, ...others]) {
    const rendered = z.toJSONSchema(schema, { io: 'input' });
    files.set(`${name}.schema.json`, `${JSON.stringify(rendered, null, 2)}\n`);
  }
  return files;
}
