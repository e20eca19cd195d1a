/** The version of this build, as package.json has it. */
import { readFileSync } from 'node:fs';

const manifest: unknown = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);

/** For example `0.1.0`. */
export const version = String((manifest as { version: string }).version);
