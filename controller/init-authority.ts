/** Makes the authority of a new mesh without starting a controller. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { type Clock, systemClock } from './clock.ts';
import { DtaError } from './errors.ts';
import type { Authority } from './identity/authority.ts';
import type { IssuerWish } from './identity/make-issuer.ts';
import { openAuthority } from './identity/open-authority.ts';
import { refuseOpenDataDir } from './store/data-dir-rights.ts';
import { Database } from './store/database.ts';
import { SqliteIssuerStore } from './store/sqlite-issuer-store.ts';

/**
 * Makes data directory, database and authority. Fails with `conflict` when the directory has an
 * authority, with `setup` as `openAuthority`, or when
 * other users may use the directory.
 */
export async function initAuthority(
  dataDir: string,
  trustDomain: string,
  wish: IssuerWish,
  clock: Clock = systemClock,
): Promise<Authority> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  refuseOpenDataDir(dataDir);
  const db = new Database(join(dataDir, 'controller.db'));
  try {
    const store = new SqliteIssuerStore(db);
    const record = await store.authority();
    if (record) {
      const message = `\`${dataDir}\` has the authority of \`${record.trustDomain}\` already`;
      throw new DtaError('conflict', message, { help: '`dta ca prepare` makes its next key' });
    }
    const dir = join(dataDir, 'ca');
    return await openAuthority({ dir, store, trustDomain, nowMs: clock(), newMesh: wish });
  } finally {
    db.close();
  }
}
