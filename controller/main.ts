/** Constructs a controller: the one place where the domains meet (ARCHITECTURE.md, "Arrows"). */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { announceOperatorAddress, openOperatorToken } from './api/operator-access.ts';
import { policyInvalid } from './api/problem.ts';
import { AuditService } from './audit/ingest.ts';
import { type Clock, systemClock } from './clock.ts';
import { Closers } from './closers.ts';
import { ControllerMetrics } from './controller-metrics.ts';
import { Facade } from './facade.ts';
import { openAttestors } from './identity/attestation/open-attestors.ts';
import { keepCurrent } from './keep-current.ts';
import { MeshSource } from './mesh-source.ts';
import { openFederation } from './open-federation.ts';
import { openIdentities } from './open-identities.ts';
import type { ControllerOptions, Parts, PrivacyParts } from './parts.ts';
import { PolicyPublisher } from './policy/publisher.ts';
import { Clearances, maskingDir } from './privacy/clearances.ts';
import { MaskingKeys } from './privacy/masking-keys.ts';
import { RevealDesk } from './privacy/reveal-desk.ts';
import { createProver } from './prove-bundle.ts';
import { LiveValueDesk } from './risk/live-value-desk.ts';
import { StateDesk } from './risk/state-desk.ts';
import { serve } from './serve.ts';
import { lockDataDir } from './store/data-dir-lock.ts';
import { Database } from './store/database.ts';
import { SqliteAuditStore } from './store/sqlite-audit-store.ts';
import { SqliteBundleStore } from './store/sqlite-bundle-store.ts';
import { SqliteFederationStore } from './store/sqlite-federation-store.ts';
import { SqliteLiveValueStore } from './store/sqlite-live-value-store.ts';
import { SqlitePrivacyStore } from './store/sqlite-privacy-store.ts';
import { SqliteStateStore } from './store/sqlite-state-store.ts';

/** A running controller. */
export interface Controller {
  readonly agentPort: number;
  readonly xdsPort: number;
  readonly operatorAddress: string;
  /** Of the endpoint of our own bundle, where there is one. */
  readonly federationPort: number | undefined;
  stop(): Promise<void>;
}

/**
 * Starts a controller on its data directory.
 *
 * @throws DtaError `setup`, `portInUse`, `usage`: nothing is left running then.
 */
export async function startController(options: ControllerOptions): Promise<Controller> {
  const closers = new Closers();
  try {
    return await start(options, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function start(options: ControllerOptions, closers: Closers): Promise<Controller> {
  const { clock = systemClock, dataDir } = options;
  // First what can fail without leaving anything behind.
  const prove = await createProver(options.filterPath, clock, BUNDLES_PER_VM);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  closers.add(lockDataDir(dataDir));
  const operatorToken = openOperatorToken(dataDir);
  const db = new Database(join(dataDir, 'controller.db'));
  closers.add(() => db.close());
  const parts = await assemble({ options, clock, db, prove, closers });
  const servers = await serve(parts, operatorToken);
  keepCurrent(parts, servers);
  announceOperatorAddress(dataDir, servers.operator.address);
  return {
    agentPort: servers.agents.port,
    xdsPort: servers.xds.port,
    operatorAddress: servers.operator.address,
    federationPort: servers.federation?.port,
    stop: () => closers.close(),
  };
}

/** What parts are made of. */
interface Ground {
  readonly options: ControllerOptions;
  readonly clock: Clock;
  readonly db: Database;
  readonly prove: Awaited<ReturnType<typeof createProver>>;
  readonly closers: Closers;
}

async function assemble(ground: Ground): Promise<Parts> {
  const { options, clock, db, closers } = ground;
  const { log, trustDomain } = options;
  const metrics = new ControllerMetrics();
  const identityParts = await openIdentities({
    ...{ ...options, db, clock, observer: metrics.identity },
    attestors: openAttestors(options.attestorsPath, clock),
  });
  const { identities } = identityParts;
  const federation = await openFederation({
    ...{ trustDomain, clock, log, store: new SqliteFederationStore(db) },
    observer: metrics.federation,
  });
  const privacy = await openPrivacy(ground);
  const live = new LiveValueDesk({ store: new SqliteLiveValueStore(db), clock, log });
  const states = new StateDesk({
    mesh: trustDomain,
    store: new SqliteStateStore(db),
    revoked: () => identities.revocations(),
    live: () => live.current(),
    clock,
  });
  await states.advance();
  metrics.showEpoch(states.epoch);
  const desks = { ...identityParts, federation, privacy, live, states };
  const policies = await openPolicies(ground, desks);
  const source = new MeshSource({ ...desks, policies, log });
  await source.refresh();
  const audit = new AuditService({
    store: new SqliteAuditStore(db),
    ...{ log, clock, observer: metrics.audit },
  });
  const facade = new Facade({ ...desks, policies, audit, clock, startedAtMs: clock() });
  return { options, clock, ...desks, policies, source, metrics, facade, closers };
}

/** Who may see clear values is said in the same directory as what they are made with. */
async function openPrivacy({ options, clock, db }: Ground): Promise<PrivacyParts> {
  const { log } = options;
  const dir = maskingDir(options.dataDir);
  const store = new SqlitePrivacyStore(db);
  const keys = await MaskingKeys.open({ dir, store, clock, log });
  const clearances = new Clearances(dir, clock);
  return { keys, reveals: new RevealDesk({ keys, clearances, store, clock, log }) };
}

async function openPolicies(
  { options, clock, db, prove }: Ground,
  { identities, privacy, federation }: Pick<Parts, 'identities' | 'privacy' | 'federation'>,
): Promise<PolicyPublisher> {
  const policies = new PolicyPublisher({
    mesh: options.trustDomain,
    store: new SqliteBundleStore(db),
    prove,
    environments: async () =>
      [...new Set((await identities.list()).map((i) => i.environment))].sort(),
    invalid: policyInvalid,
    maskKeys: () => privacy.keys.active(),
    federatedDomains: () => federation.trusted().map((each) => each.trustDomain),
    clock,
    log: options.log,
  });
  await policies.open();
  return policies;
}

/** A VM that proved this many bundles is replaced: making one takes longer than proving a small bundle. */
const BUNDLES_PER_VM = 50;
