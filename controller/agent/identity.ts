/**
 * The identity that an agent holds for its workload, and how it is kept across restarts where that
 * is wanted.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { DtaError } from '../errors.ts';
import type { Grant } from './controller-client.ts';
import { leadsToRoot } from './roots.ts';
import type { Validity } from './rotation.ts';

/** A certificate with its key, as it is used and served. */
export interface HeldIdentity extends Validity {
  readonly instance: string;
  readonly spiffeId: string;
  /** Leaf first. */
  readonly chainPem: string;
  readonly keyPem: string;
  /** The roots that peers, and the controller, are checked against. */
  readonly rootPem: string;
  /** Generation of the trust that they are of; 0: not known. */
  readonly trustGeneration: number;
}

/**
 * Joins what the controller granted to the key that it was asked for with.
 *
 * @throws DtaError `internal` when the certificate is for another key or does not lead to its roots.
 */
export function holdIdentity(grant: Grant, keyPem: string): HeldIdentity {
  const leaf = new X509Certificate(grant.chainPem);
  const fits = leaf.checkPrivateKey(createPrivateKey(keyPem));
  if (!fits || !leadsToRoot(grant.chainPem, grant.rootPem)) {
    throw new DtaError('internal', 'the controller sent a certificate that does not fit the key');
  }
  const { instance, spiffeId, chainPem, rootPem, trustGeneration } = grant;
  const { notBeforeMs, notAfterMs } = grant;
  return {
    ...{ instance, spiffeId, chainPem, keyPem },
    ...{ rootPem, trustGeneration, notBeforeMs, notAfterMs },
  };
}

/**
 * Writes the identity, key included, to `<directory>/<workload>.json` (mode 0600), whole or not at
 * all.
 *
 * @throws DtaError `setup` when it cannot be written.
 */
export function keepIdentity(directory: string, workload: string, identity: HeldIdentity): void {
  const path = keptPath(directory, workload);
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Made anew and never followed: in a directory that others may write a link, or a file that they
    // may read, could stand there.
    rmSync(`${path}.new`, { force: true });
    writeFileSync(`${path}.new`, `${JSON.stringify(identity)}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(`${path}.new`, path);
  } catch (cause) {
    throw new DtaError('setup', `cannot keep the identity in \`${path}\``, { cause });
  }
}

/**
 * What `keepIdentity` wrote; undefined when nothing was kept or it expired before `nowMs`.
 *
 * @throws DtaError `setup` when others may read it, it is another user's, or it is damaged.
 */
export function keptIdentity(
  directory: string,
  workload: string,
  nowMs: number,
): HeldIdentity | undefined {
  const path = keptPath(directory, workload);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return undefined;
  const help = 'remove it and join again with a new token';
  if (!stats.isFile() || (stats.mode & 0o077) !== 0) {
    throw new DtaError('setup', `the key in \`${path}\` can be read by others`, { help });
  }
  if (stats.uid !== process.getuid?.()) {
    throw new DtaError('setup', `the key in \`${path}\` belongs to user ${stats.uid}`, { help });
  }
  try {
    const identity = heldIdentity.parse(JSON.parse(readFileSync(path, 'utf8')));
    if (identity.notAfterMs <= nowMs) return undefined;
    return holdIdentity(identity, identity.keyPem);
  } catch (cause) {
    throw new DtaError('setup', `\`${path}\` holds no identity`, { help, cause });
  }
}

function keptPath(directory: string, workload: string): string {
  return join(directory, `${workload}.json`);
}

const heldIdentity = z.object({
  instance: z.string(),
  spiffeId: z.string(),
  chainPem: z.string(),
  keyPem: z.string(),
  rootPem: z.string(),
  trustGeneration: z.number().default(0),
  notBeforeMs: z.number(),
  notAfterMs: z.number(),
});
