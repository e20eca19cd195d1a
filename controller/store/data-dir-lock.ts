/** Keeps a second controller off a data directory. */
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { DtaError } from '../errors.ts';
import { refuseOpenDataDir } from './data-dir-rights.ts';

/**
 * Takes the lock of `dataDir` and gives the function that releases it; a process that is killed
 * releases it too, because the kernel does. Two controllers on one directory would sign with keys
 * that the other has retired, and tell only their own proxies who is revoked.
 *
 * @throws DtaError `setup` when another controller has it, or other users may use the directory.
 */
export function lockDataDir(dataDir: string): () => void {
  refuseOpenDataDir(dataDir);
  const path = join(dataDir, 'controller.lock');
  makePrivate(path);
  // SQLite's own lock on an empty database: Node has none for files.
  const lock = new DatabaseSync(path);
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    throw new DtaError('setup', `another controller runs on \`${dataDir}\``, {
      help: 'stop it first, or give this one a data directory of its own',
      cause,
    });
  }
  held.add(lock);
  return () => {
    held.delete(lock);
    lock.close();
  };
}

/** A database that nobody refers to is closed when memory is collected, and its lock ends. */
const held = new Set<DatabaseSync>();

/** Closing a file ends every lock that this process has on it: one that is there is not opened here. */
function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw new DtaError('setup', `\`${path}\` cannot be made`, { cause: error });
  }
}
