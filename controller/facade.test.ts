/** What `dta status` says of identities. */
import { pino } from 'pino';
import { beforeEach, expect, it } from 'vitest';

import { AuditService } from './audit/ingest.ts';
import { Facade, type FacadeParts } from './facade.ts';
import { AttestedMesh } from './identity/attestation/attestation.test-data.ts';
import { AuthorityDesk } from './identity/authority-desk.ts';
import { TrustWatch } from './identity/trust-watch.ts';
import { SqliteAuditStore } from './store/sqlite-audit-store.ts';
import { SqliteIssuerStore } from './store/sqlite-issuer-store.ts';

const minuteMs = 60_000;
let mesh: AttestedMesh;
let facade: Facade;

beforeEach(async () => {
  mesh = await AttestedMesh.open();
  const { identities, clock, db } = mesh;
  const { rotations } = identities;
  const authority = new AuthorityDesk({
    ...{ authority: mesh.authority, store: new SqliteIssuerStore(db), dir: '' },
    ...{ rotations, clock, log: pino({ level: 'silent' }) },
  });
  const trust = new TrustWatch(mesh.authority, identities, clock);
  const audit = new AuditService({
    store: new SqliteAuditStore(db),
    clock,
    log: pino({ level: 'silent' }),
  });
  // Nothing was pushed: that is one line of the status by itself.
  const policies = { current: () => undefined } as unknown as FacadeParts['policies'];
  const federation = { faults: () => [] };
  const parts = {
    identities,
    authority,
    trust,
    federation,
    policies,
    states: { epoch: 1n },
    audit,
    clock,
  };
  facade = new Facade({ ...parts, startedAtMs: clock() });
  return () => db.close();
});

async function joined() {
  const names = { environment: 'prod', team: 'shop', service: 'orders' };
  const { token } = await mesh.identities.issueToken(names);
  return await mesh.identities.join(token, mesh.csr);
}

const degraded = async () =>
  (await facade.status()).degraded
    .map(({ what }) => what)
    .filter((what) => !what.includes('policy'));

it('names who should have renewed, from three quarters of the life to its end', async () => {
  const { spiffeId } = await joined();
  mesh.nowMs += 43 * minuteMs;
  expect(await degraded()).toEqual([]);
  mesh.nowMs += 1 * minuteMs;
  expect(await degraded()).toEqual([
    expect.stringContaining(`the certificate of ${spiffeId} ends`),
  ]);
  mesh.nowMs += 20 * minuteMs;
  expect(await degraded()).toEqual([]);
});

it('says nothing of the revoked', async () => {
  const { instance } = await joined();
  await mesh.identities.revoke(instance, 'left', 'test');
  mesh.nowMs += 50 * minuteMs;
  expect(await degraded()).toEqual([]);
});

it('names who has not followed an order', async () => {
  const { instance } = await joined();
  await mesh.identities.rotations.order({ kind: 'all', name: '' }, 0, '', 'test');
  expect(await degraded()).toEqual([
    `1 instance(s) have not followed an order to rotate: ${instance}`,
  ]);
});
