/** Writes `docs/policy/`: run by `make generate`. */
import { mkdirSync, writeFileSync } from 'node:fs';

import { renderReference } from './reference/render-reference.ts';

const folder = new URL('../../docs/policy/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, text] of renderReference()) {
  writeFileSync(new URL(name, folder), text);
  console.log(`generate: wrote docs/policy/${name}`);
}
