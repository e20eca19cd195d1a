/** Constructs the identity domain on a data directory: authority, identities, and who waits for news of them. */
import { join } from 'node:path';

import type { Clock } from './clock.ts';
import { AuthorityDesk } from './identity/authority-desk.ts';
import type { IssuerWish } from './identity/make-issuer.ts';
import { openAuthority } from './identity/open-authority.ts';
import { RootLists } from './identity/root-lists.ts';
import { IdentityService, type IdentityServiceOptions } from './identity/service.ts';
import { TrustWatch } from './identity/trust-watch.ts';
import type { Log } from './log.ts';
import type { Database } from './store/database.ts';
import { SqliteIdentityStore } from './store/sqlite-identity-store.ts';
import { SqliteIssuerStore } from './store/sqlite-issuer-store.ts';

/** What it is made of. */
export interface IdentityGround
  extends Pick<IdentityServiceOptions, 'leafTtlMs' | 'attestors' | 'observer'> {
  /** The authority is in its folder `ca`. */
  readonly dataDir: string;
  readonly trustDomain: string;
  readonly db: Database;
  /** Makes a new mesh where there is none; undefined: that fails with `setup`. */
  readonly newMesh?: IssuerWish | undefined;
  /** Program that makes new keys; undefined: files. */
  readonly keyCommand?: readonly string[] | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** The identity domain. */
export interface IdentityParts {
  readonly identities: IdentityService;
  readonly authority: AuthorityDesk;
  readonly trust: TrustWatch;
  readonly rootLists: RootLists;
}

/** Opens what is there. Fails as `openAuthority`. */
export async function openIdentities(ground: IdentityGround): Promise<IdentityParts> {
  const { dataDir, trustDomain, db, newMesh, keyCommand, clock, log } = ground;
  const { leafTtlMs, attestors = [], observer = {} } = ground;
  const dir = join(dataDir, 'ca');
  const store = new SqliteIssuerStore(db);
  const authority = await openAuthority({ dir, store, trustDomain, nowMs: clock(), newMesh });
  const shared = { authority, clock, log };
  const identities = new IdentityService({
    ...{ ...shared, store: new SqliteIdentityStore(db) },
    ...{ leafTtlMs, attestors, observer },
  });
  const { rotations } = identities;
  return {
    identities,
    authority: new AuthorityDesk({ ...shared, store, dir, keyCommand, rotations }),
    trust: new TrustWatch(authority, identities, clock),
    rootLists: new RootLists({ ...shared, dir }),
  };
}
