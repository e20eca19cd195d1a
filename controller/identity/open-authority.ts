/**
 * Opens the authority of a data directory, or makes a new one when that was asked for: never a
 * second one over a mesh that exists.
 */
import { mkdir, rm } from 'node:fs/promises';

import { DtaError } from '../errors.ts';
import { Authority, recordOf, type StandingIssuer } from './authority.ts';
import {
  exists,
  loadIssuer,
  moveDir,
  readFirstVersion,
  removeFirstVersion,
  removeIssuer,
  writeIssuer,
} from './authority-files.ts';
import { Issuer } from './issuer.ts';
import { type IssuerWish, makeIssuer } from './make-issuer.ts';
import type { AuthorityRecord, IssuerRecord, IssuerStore } from './model.ts';
import { readSigningKey } from './signing-key.ts';
import { checkTrustDomain } from './spiffe-id.ts';

/** What `openAuthority` needs. */
export interface AuthorityOptions {
  /** Gets a folder for each issuing key; its own mode is 0700. The directory above must be there. */
  readonly dir: string;
  readonly store: IssuerStore;
  readonly trustDomain: string;
  readonly nowMs: number;
  /**
   * What to make when there is no authority yet; absent: nothing, it fails with `setup`. An
   * authority that is there is never replaced.
   */
  readonly newMesh?: IssuerWish | undefined;
}

/**
 * Loads the authority. The store's record and the directory have to agree: when either was lost, or
 * belongs to another mesh, it fails with `setup` instead of making a root that no agent trusts or
 * forgetting what was revoked.
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
  if (record.trustDomain !== options.trustDomain) {
    throw new DtaError(
      'setup',
      `the authority's trust domain is \`${record.trustDomain}\`, not \`${options.trustDomain}\``,
      { help: 'a trust domain cannot be changed: use the old name, or a new data directory' },
    );
  }
  if (!present) await finishCreation(dir);
  await adoptFirstVersion(options, record);
  return await loadStanding(options);
}

/** The authority as store and directory have it. Fails with `setup` when they do not agree. */
export async function loadStanding({
  dir,
  store,
  trustDomain,
}: Pick<AuthorityOptions, 'dir' | 'store' | 'trustDomain'>): Promise<Authority> {
  const { records, generation } = await store.issuers();
  const standing: StandingIssuer[] = [];
  for (const record of records) {
    if (isOver(record)) {
      // A crash between the store and the directory leaves it: the key must not lie about.
      await removeIssuer(dir, record.id);
      continue;
    }
    const issuer = await loadIssuer(dir, record.id, trustDomain);
    if (issuer.keyHash !== record.keyHash) throw otherMesh(dir);
    standing.push({ issuer, record });
  }
  return new Authority(trustDomain, standing, generation);
}

/** Whether a key is trusted no more. */
export function isOver({ state }: IssuerRecord): boolean {
  return state === 'revoked' || state === 'gone';
}

// The store's record comes before the directory takes its place, so that a crash at any point
// leaves either nothing, or a record with a finished pending directory that the next start
// completes.
async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  const { dir, store, trustDomain, nowMs, newMesh } = options;
  if (!newMesh) {
    throw new DtaError('setup', `there is no certificate authority in \`${dir}\``, {
      help: '`dta ca init`, or `--new-mesh`, makes a new mesh; of an old one restore the data directory',
    });
  }
  const pending = pendingDir(dir);
  await rm(pending, { recursive: true, force: true });
  await mkdir(pending, { mode: 0o700 });
  const { issuer, files } = await makeIssuer(trustDomain, newMesh, nowMs);
  await writeIssuer(pending, issuer.id, files);
  const record = { trustDomain, keyHash: issuer.rootKeyHash, createdAtMs: nowMs };
  await store.recordAuthority(record, recordOf(issuer, 'active', 0, nowMs));
  await finishCreation(dir);
  return await loadStanding(options);
}

async function finishCreation(dir: string): Promise<void> {
  const pending = pendingDir(dir);
  if (!(await exists(pending))) {
    throw new DtaError('setup', `the certificate authority in \`${dir}\` is gone`, {
      help: 'restore it from a backup, or remove the store too and let every agent join again',
    });
  }
  await moveDir(pending, dir);
}

/**
 * A directory of the first version: its root stays the active issuing key, because it allows no
 * intermediate under it; the next `dta ca prepare` makes a new root.
 */
async function adoptFirstVersion(
  { dir, store, trustDomain, nowMs }: AuthorityOptions,
  record: AuthorityRecord,
): Promise<void> {
  const files = await readFirstVersion(dir);
  if (!files || !('pem' in files.key)) return;
  const key = readSigningKey(files.key.pem);
  const issuer = new Issuer(trustDomain, key, files.certificates);
  if (issuer.keyHash !== record.keyHash) throw otherMesh(dir);
  if (!(await exists(`${dir}/${issuer.id}`))) await writeIssuer(dir, issuer.id, files);
  const { records } = await store.issuers();
  if (records.length === 0) {
    const { createdAtMs } = record;
    await store.addIssuer({ ...recordOf(issuer, 'active', 0, nowMs), madeAtMs: createdAtMs });
  }
  await store.adoptCertificates(issuer.id);
  await removeFirstVersion(dir);
}

function otherMesh(dir: string): DtaError {
  return new DtaError('setup', `\`${dir}\` and the store belong to different authorities`, {
    help: 'restore both from backups of the same mesh',
  });
}

function pendingDir(dir: string): string {
  return `${dir}.pending`;
}
