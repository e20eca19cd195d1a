/** Files that only the controller's user may read: checked when read, written whole or not at all. */
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

import { DtaError } from '../errors.ts';

/** Makes a directory of mode 0700 where there is none. Fails with `setup` when others may use the one that is there. */
export async function ensurePrivateDir(dir: string): Promise<void> {
  await mkdir(dir, { mode: 0o700 }).catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw error;
  });
  const found = await lstat(dir);
  if (!found.isDirectory()) throw new DtaError('setup', `\`${dir}\` is not a plain directory`);
  checkRights(dir, found, '700');
}

/** The text of a file; undefined when there is none. Fails with `setup` when others may use it, or it is a link. */
export async function readPrivate(path: string): Promise<string | undefined> {
  const file = await openPlain(path);
  if (!file) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new DtaError('setup', `\`${path}\` is not a plain file`);
    checkRights(path, found, '600');
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Writes a file of mode 0600, durable when it resolves; a reader meets the old text or the new one. */
export async function writePrivate(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.new`;
  await writeNew(draft, text, constants.O_TRUNC);
  await rename(draft, path);
  await syncDir(dirname(path));
}

/** Writes a file of mode 0600 that must not be there. Fails with `conflict` when it is. */
export async function createPrivate(path: string, text: string): Promise<void> {
  await writeNew(path, text, constants.O_EXCL).catch((cause: unknown) => {
    if (!hasCode(cause, 'EEXIST')) throw cause;
    throw new DtaError('conflict', `\`${path}\` is there already`, { cause });
  });
}

async function writeNew(path: string, text: string, flag: number): Promise<void> {
  const { O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  const file = await open(path, O_CREAT | O_NOFOLLOW | O_WRONLY | flag, 0o600);
  try {
    await file.chmod(0o600);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Without following a link, and looked at by its handle: what was checked is what is read. */
async function openPlain(path: string): Promise<FileHandle | undefined> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
  try {
    return await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw new DtaError('setup', `cannot read \`${path}\``, { cause });
  }
}

function checkRights(path: string, found: { mode: number; uid: number }, mode: string): void {
  if ((found.mode & 0o077) !== 0) {
    throw new DtaError('setup', `other users may use \`${path}\``, {
      help: `chmod ${mode} ${path}`,
    });
  }
  if (found.uid !== process.geteuid?.()) {
    throw new DtaError('setup', `\`${path}\` belongs to another user`, {
      help: 'run this as the user that owns it',
    });
  }
}

async function syncDir(path: string): Promise<void> {
  const dir = await open(path, constants.O_RDONLY);
  try {
    await dir.sync();
  } finally {
    await dir.close();
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
