/** Writes `schema/json/`: run by `make generate`. */
import { writeFileSync } from 'node:fs';

import { renderSchemas } from './generate-schemas.ts';

for (const [name, text] of renderSchemas()) {
  writeFileSync(new URL(`../../schema/json/${name}`, import.meta.url), text);
  console.log(`generate: wrote schema/json/${name}`);
}
