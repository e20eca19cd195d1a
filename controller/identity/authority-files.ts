/**
 * Where the authority lives: a directory that only its user may enter, made once and never a second
 * time.
 */
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { DtaError } from '../errors.ts';
import { Authority } from './authority.ts';
import type { AuthorityRecord, IdentityStore } from './model.ts';
import { checkTrustDomain } from './spiffe-id.ts';

/** What `openAuthority` needs. */
export interface AuthorityOptions {
  /**
   * Gets `ca-key.pem` (mode 0600) and `ca.pem`; its own mode is 0700. The directory above must be
   * there.
   */
  readonly dir: string;
  readonly store: Pick<IdentityStore, 'authority' | 'recordAuthority'>;
  readonly trustDomain: string;
  readonly nowMs: number;
}

/**
 * Loads the authority, or makes it on the first start. The store's record and the directory have to
 * agree: when either was lost, or belongs to another mesh, it fails with `setup` instead of making
 * a root that no agent trusts or forgetting what was revoked.
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { dir, store } = options;
  checkTrustDomain(options.trustDomain);
  const record = await store.authority();
  const present = await exists(dir);
  if (!record && present) {
    throw new DtaError('setup', `\`${dir}\` holds an authority that the store does not know`, {
      help: 'restore the store from its backup: else revoked identities are trusted again',
    });
  }
  if (!record) return await createAuthority(options);
  if (!present) await finishCreation(dir, record);
  const authority = await loadAuthority(dir);
  checkAgreement(authority, record, options);
  return authority;
}

/**
 * Loads key and certificate. Fails with `setup` when one is missing, damaged, or open to other
 * users.
 */
export async function loadAuthority(dir: string): Promise<Authority> {
  const keyFile = join(dir, keyName);
  const rootFile = join(dir, rootName);
  for (const file of [dir, keyFile, rootFile]) {
    if (!(await exists(file))) {
      throw new DtaError('setup', `\`${file}\` is missing`, {
        help: 'restore it from a backup: a new authority would be trusted by no agent',
      });
    }
  }
  await checkPrivate(dir, 'directory');
  await checkPrivate(keyFile, 'file');
  return new Authority(await readFile(keyFile, 'utf8'), await readFile(rootFile, 'utf8'));
}

// The store's record comes before the directory takes its place, so that a crash at any point
// leaves either nothing, or a record with a finished pending directory that the next start
// completes.
async function createAuthority({
  dir,
  store,
  trustDomain,
  nowMs,
}: AuthorityOptions): Promise<Authority> {
  const pending = pendingDir(dir);
  await rm(pending, { recursive: true, force: true });
  await mkdir(pending, { mode: 0o700 });
  await chmod(pending, 0o700);
  const { keyPem, rootPem } = Authority.generate(trustDomain, nowMs);
  await writeDurably(join(pending, keyName), keyPem, 0o600);
  await writeDurably(join(pending, rootName), rootPem, 0o644);
  await syncDir(pending);
  const authority = await loadAuthority(pending);
  await store.recordAuthority({ trustDomain, keyHash: authority.caKeyHash, createdAtMs: nowMs });
  await finishCreation(dir, { keyHash: authority.caKeyHash });
  return authority;
}

async function finishCreation(
  dir: string,
  record: Pick<AuthorityRecord, 'keyHash'>,
): Promise<void> {
  const pending = pendingDir(dir);
  if (!(await exists(pending)) || (await loadAuthority(pending)).caKeyHash !== record.keyHash) {
    throw new DtaError('setup', `the certificate authority in \`${dir}\` is gone`, {
      help: 'restore it from a backup, or remove the store too and let every agent join again',
    });
  }
  await rename(pending, dir);
  await syncDir(dirname(dir));
}

function checkAgreement(
  authority: Authority,
  record: AuthorityRecord,
  options: AuthorityOptions,
): void {
  if (authority.caKeyHash !== record.keyHash) {
    throw new DtaError(
      'setup',
      `\`${options.dir}\` and the store belong to different authorities`,
      {
        help: 'restore both from backups of the same mesh',
      },
    );
  }
  const { trustDomain } = authority;
  if (trustDomain !== options.trustDomain) {
    throw new DtaError(
      'setup',
      `the authority's trust domain is \`${trustDomain}\`, not \`${options.trustDomain}\``,
      { help: 'a trust domain cannot be changed: use the old name, or a new data directory' },
    );
  }
}

async function checkPrivate(path: string, kind: 'file' | 'directory'): Promise<void> {
  // INVARIANT: lstat, so that a link to somebody else's file is refused whatever it points to.
  const found = await lstat(path);
  if (!(kind === 'file' ? found.isFile() : found.isDirectory())) {
    throw new DtaError('setup', `\`${path}\` is not a plain ${kind}`);
  }
  if ((found.mode & 0o077) !== 0) {
    throw new DtaError('setup', `other users may use \`${path}\``, {
      help: `chmod ${kind === 'file' ? '600' : '700'} ${path}`,
    });
  }
  if (found.uid !== process.geteuid?.()) {
    throw new DtaError('setup', `\`${path}\` belongs to another user`, {
      help: 'run the controller as the user that owns it',
    });
  }
}

async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY;
  const file = await open(path, flags, mode);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
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

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

function pendingDir(dir: string): string {
  return `${dir}.pending`;
}

const keyName = 'ca-key.pem';
const rootName = 'ca.pem';
