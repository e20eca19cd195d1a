/** Keeps other users out of a data directory. */
import { statSync } from 'node:fs';

import { DtaError } from '../errors.ts';

/**
 * Refuses a data directory that group or others have any right to: who may write there can put files
 * of his own in the place of keys and tokens. A link to it is followed.
 *
 * @throws DtaError `setup`.
 */
export function refuseOpenDataDir(dataDir: string): void {
  if ((readMode(dataDir) & 0o077) === 0) return;
  throw new DtaError('setup', `other users may use the data directory \`${dataDir}\``, {
    help: `chmod 700 ${dataDir}`,
  });
}

function readMode(dataDir: string): number {
  try {
    return statSync(dataDir).mode;
  } catch (cause) {
    throw new DtaError('setup', `the data directory \`${dataDir}\` cannot be used`, { cause });
  }
}
