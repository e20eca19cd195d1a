/** Many instances of one mesh at once: joined in its own store, because its servers let few join at a time from one address. */
import { join } from 'node:path';

import { makeKeyAndRequest } from '../../../controller/agent/csr.ts';
import { systemClock } from '../../../controller/clock.ts';
import { openAuthority } from '../../../controller/identity/open-authority.ts';
import { IdentityService } from '../../../controller/identity/service.ts';
import { createLog } from '../../../controller/log.ts';
import { Database } from '../../../controller/store/database.ts';
import { SqliteIdentityStore } from '../../../controller/store/sqlite-identity-store.ts';
import { SqliteIssuerStore } from '../../../controller/store/sqlite-issuer-store.ts';
import type { Credentials } from '../../envoy/client.ts';
import { type SoakMesh, trustDomain } from './soak-mesh.ts';

/** An instance that has joined. */
export interface Joined extends Credentials {
  /** UUID. */
  readonly instance: string;
}

/** Instances of `caller`, each with a join token of its own; the controller is down meanwhile. */
export async function joinMany(mesh: SoakMesh, count: number): Promise<Joined[]> {
  await mesh.stopController();
  const db = new Database(join(mesh.dataDir, 'controller.db'));
  try {
    const dir = join(mesh.dataDir, 'ca');
    const store = new SqliteIssuerStore(db);
    const authority = await openAuthority({ dir, store, trustDomain, nowMs: Date.now() });
    const log = createLog('soak', 'silent');
    const parts = { authority, clock: systemClock, log };
    const identities = new IdentityService({ ...parts, store: new SqliteIdentityStore(db) });
    const joined: Joined[] = [];
    while (joined.length < count) {
      const { token } = await identities.issueToken(workload);
      const { keyPem, csrPem } = makeKeyAndRequest();
      const { instance, chainPem, rootPem } = await identities.join(token, csrPem);
      joined.push({ instance, chainPem, keyPem, rootPem });
    }
    return joined;
  } finally {
    db.close();
    await mesh.startController();
  }
}

const workload = { service: 'caller', environment: 'prod', team: 'shop' };
