/** Where things lie in a checkout. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { DtaError } from '../errors.ts';

const root = new URL('../../', import.meta.url);

/** Path of the compiled filter. Throws `setup` when it was not built. */
export function filterPath(): string {
  return needed('build/filter.wasm', 'run `make wasm`');
}

/** Path of Envoy: `ENVOY_BIN`, else the one that `make setup` brought. Throws `setup` when there is none. */
export function envoyPath(): string {
  const chosen = process.env.ENVOY_BIN;
  if (chosen === undefined || chosen === '') {
    return needed('.tools/bin/envoy', 'run `make setup`, or set ENVOY_BIN to an Envoy 1.40 binary');
  }
  if (existsSync(chosen)) return chosen;
  throw new DtaError('setup', `ENVOY_BIN is \`${chosen}\`, which is not there`, {
    help: 'unset it to use the one that `make setup` brings',
  });
}

/** Path of something that the project holds. */
export function projectPath(path: string): string {
  return fileURLToPath(new URL(path, root));
}

function needed(path: string, help: string): string {
  const full = projectPath(path);
  if (!existsSync(full)) throw new DtaError('setup', `\`${path}\` is not there`, { help });
  return full;
}
