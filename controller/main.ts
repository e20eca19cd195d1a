/** Constructs a controller: the one place where the domains meet (ARCHITECTURE.md, "Arrows"). */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { type AgentServer, createAgentServer } from './api/agent-server.ts';
import type { Privacy } from './api/collaborators.ts';
import { announceOperatorAddress, openOperatorToken } from './api/operator-access.ts';
import {
  createOperatorServer,
  type OperatorAddress,
  type OperatorServer,
} from './api/operator-server.ts';
import { policyInvalid } from './api/problem.ts';
import { AuditService } from './audit/ingest.ts';
import { type Clock, systemClock } from './clock.ts';
import { ControllerMetrics } from './controller-metrics.ts';
import { Facade } from './facade.ts';
import type { BundleEndpoint } from './federation/bundle-endpoint.ts';
import type { FederationDesk } from './federation/federation-desk.ts';
import { openAttestors } from './identity/attestation/open-attestors.ts';
import { AuthorityDesk } from './identity/authority-desk.ts';
import { certificateDigests } from './identity/certificate-digests.ts';
import type { IssuerWish } from './identity/make-issuer.ts';
import { openAuthority } from './identity/open-authority.ts';
import { RootLists } from './identity/root-lists.ts';
import { IdentityService } from './identity/service.ts';
import { parseMeshIdentity } from './identity/spiffe-id.ts';
import { TrustWatch } from './identity/trust-watch.ts';
import type { Log } from './log.ts';
import { MeshSource } from './mesh-source.ts';
import {
  type FederationAddress,
  keepFederationCurrent,
  openFederation,
  operatorFederation,
  serveOwnBundle,
} from './open-federation.ts';
import { PolicyPublisher } from './policy/publisher.ts';
import { Clearances, maskingDir } from './privacy/clearances.ts';
import { MaskingKeys } from './privacy/masking-keys.ts';
import { RevealDesk } from './privacy/reveal-desk.ts';
import { createProver, filterEnvironment, hostEnvironment } from './prove-bundle.ts';
import { RegistrationFiles } from './registration-files.ts';
import { Coalescer } from './risk/coalesce.ts';
import { LiveValueDesk } from './risk/live-value-desk.ts';
import { StateDesk } from './risk/state-desk.ts';
import { lockDataDir } from './store/data-dir-lock.ts';
import { Database } from './store/database.ts';
import { SqliteAuditStore } from './store/sqlite-audit-store.ts';
import { SqliteBundleStore } from './store/sqlite-bundle-store.ts';
import { SqliteFederationStore } from './store/sqlite-federation-store.ts';
import { SqliteIdentityStore } from './store/sqlite-identity-store.ts';
import { SqliteIssuerStore } from './store/sqlite-issuer-store.ts';
import { SqliteLiveValueStore } from './store/sqlite-live-value-store.ts';
import { SqlitePrivacyStore } from './store/sqlite-privacy-store.ts';
import { SqliteStateStore } from './store/sqlite-state-store.ts';
import { TrustOfProxies } from './trust-of-proxies.ts';
import { TrustRefresh } from './trust-refresh.ts';
import { createXdsServer, type XdsServer } from './xds/server.ts';

/** What a controller is started with. */
export interface ControllerOptions {
  /** Holds the database, the authority, the masking keys and the operator's token; made with mode 0700. */
  readonly dataDir: string;
  readonly trustDomain: string;
  /** Address of the servers for agents and proxies. */
  readonly host: string;
  /** Names and addresses by which agents and proxies reach it, for its certificate. */
  readonly names: { readonly dns: readonly string[]; readonly ips: readonly string[] };
  /** 0 takes free ones. */
  readonly ports: { readonly agents: number; readonly xds: number };
  readonly operator: OperatorAddress;
  /** Path of `filter.wasm`, here and on the hosts of the proxies. */
  readonly filterPath: string;
  /** Life of a leaf; default one hour. */
  readonly leafTtlMs?: number;
  /**
   * Makes a new mesh where the data directory has none; absent: that is an error, because it would
   * rather be a directory that was lost.
   */
  readonly newMesh?: IssuerWish;
  /** Program that makes and keeps new keys of the authority (`key-command.ts`); absent: files. */
  readonly keyCommand?: readonly string[];
  /** File that says what workloads may join with beside tokens (docs/identity.md, "Attestation"). */
  readonly attestorsPath?: string;
  /** Where others get our SPIFFE bundle; absent: nowhere. */
  readonly federation?: FederationAddress;
  readonly clock?: Clock;
  readonly log: Log;
}

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
  const closers: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    return await assemble(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function assemble(
  options: ControllerOptions,
  closers: (() => Promise<void> | void)[],
  stop: () => Promise<void>,
): Promise<Controller> {
  const { log, clock = systemClock, dataDir, trustDomain } = options;
  // First what can fail without leaving anything behind.
  const prove = await createProver(options.filterPath, clock, BUNDLES_PER_VM);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  closers.push(lockDataDir(dataDir));
  const operatorToken = openOperatorToken(dataDir);
  const db = new Database(join(dataDir, 'controller.db'));
  closers.push(() => db.close());
  const metrics = new ControllerMetrics();
  const { identities, authority, trust, rootLists } = await openIdentities(
    options,
    clock,
    db,
    metrics,
  );
  const federation = await openFederation({
    ...{ trustDomain, clock, log, store: new SqliteFederationStore(db) },
    observer: metrics.federation,
  });
  const privacy = await openPrivacy(options, clock, new SqlitePrivacyStore(db));
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
  const policies = new PolicyPublisher({
    mesh: trustDomain,
    store: new SqliteBundleStore(db),
    prove,
    environments: async () =>
      [...new Set((await identities.list()).map((i) => i.environment))].sort(),
    invalid: policyInvalid,
    maskKeys: () => privacy.keys.active(),
    federatedDomains: () => federation.trusted().map((each) => each.trustDomain),
    clock,
    log,
  });
  await policies.open();
  const source = new MeshSource({ identities, policies, states, federation, rootLists, log });
  await source.refresh();
  privacy.keys.onRotated(() => {
    // Bundles carry the keys that mask.
    policies.renew(0).catch((error: unknown) => log.error({ error }, 'bundles not renewed'));
  });
  policies.onChange(() => source.announce({ kinds: ['inbound', 'outbound'], urgent: true }));
  const audit = new AuditService({
    store: new SqliteAuditStore(db),
    log,
    clock,
    observer: metrics.audit,
  });
  const facade = new Facade({
    ...{ identities, authority, trust, federation, policies, states, audit, clock },
    startedAtMs: clock(),
  });
  const desks = { identities, authority, trust, rootLists, federation, live, states, privacy };
  const parts = { options, clock, ...desks, source, metrics, facade, closers };
  const servers = await listen({ ...parts, operatorToken });
  keepCurrent({ ...parts, policies, servers });
  announceOperatorAddress(dataDir, servers.operator.address);
  return {
    agentPort: servers.agents.port,
    xdsPort: servers.xds.port,
    operatorAddress: servers.operator.address,
    federationPort: servers.federation?.port,
    stop,
  };
}

interface Identities {
  readonly identities: IdentityService;
  readonly authority: AuthorityDesk;
  readonly trust: TrustWatch;
  readonly rootLists: RootLists;
}

async function openIdentities(
  options: ControllerOptions,
  clock: Clock,
  db: Database,
  metrics: ControllerMetrics,
): Promise<Identities> {
  const { dataDir, trustDomain, leafTtlMs, newMesh, keyCommand, attestorsPath, log } = options;
  const attestors = openAttestors(attestorsPath, clock);
  const dir = join(dataDir, 'ca');
  const issuers = new SqliteIssuerStore(db);
  const opening = { dir, store: issuers, trustDomain, nowMs: clock(), newMesh };
  const authority = await openAuthority(opening);
  const identities = new IdentityService({
    ...{ store: new SqliteIdentityStore(db), authority, clock, log, leafTtlMs, attestors },
    observer: metrics.identity,
  });
  const { rotations } = identities;
  const parts = { authority, store: issuers, dir, keyCommand, rotations, clock, log };
  const desk = new AuthorityDesk(parts);
  const trust = new TrustWatch(authority, identities, clock);
  const rootLists = new RootLists({ authority, dir, clock, log });
  return { identities, authority: desk, trust, rootLists };
}

/** Who may see clear values is said in the same directory as what they are made with. */
async function openPrivacy(
  { dataDir, log }: ControllerOptions,
  clock: Clock,
  store: SqlitePrivacyStore,
): Promise<{ keys: MaskingKeys; reveals: RevealDesk }> {
  const dir = maskingDir(dataDir);
  const keys = await MaskingKeys.open({ dir, store, clock, log });
  const clearances = new Clearances(dir, clock);
  return { keys, reveals: new RevealDesk({ keys, clearances, store, clock, log }) };
}

interface Servers {
  readonly agents: AgentServer;
  readonly xds: XdsServer;
  readonly operator: OperatorServer;
  readonly federation: BundleEndpoint | undefined;
}

interface Parts extends Identities {
  readonly options: ControllerOptions;
  readonly clock: Clock;
  readonly live: LiveValueDesk;
  readonly states: StateDesk;
  readonly federation: FederationDesk;
  readonly privacy: Privacy;
  readonly source: MeshSource;
  readonly metrics: ControllerMetrics;
  readonly facade: Facade;
  readonly closers: (() => Promise<void> | void)[];
}

async function listen(parts: Parts & { operatorToken: string }): Promise<Servers> {
  const { options, clock, identities, authority, trust, states, source, metrics } = parts;
  const { facade, closers } = parts;
  const { log, host, ports } = options;
  const own = await identities.controllerCertificate(options.names.dns, options.names.ips);
  const xds = await createXdsServer({
    tls: tlsOf(own, identities),
    host,
    port: ports.xds,
    source,
    filter: { filePath: options.filterPath, environment: filterEnvironment, hostEnvironment },
    identify: (text) => {
      const identity = parseMeshIdentity(text);
      return identity && { spiffeId: text, ...identity };
    },
    nameCertificate: (der) => ({
      digests: certificateDigests(der),
      issuer: identities.issuerOf(der),
    }),
    isRevoked: ({ digests, instance, issuer }) =>
      digests.some((digest) => states.isRevoked(digest)) ||
      states.isRevoked(instance) ||
      issuer === undefined ||
      !identities.trustsIssuer(issuer),
    log,
    clock,
    observer: metrics.xds,
  });
  closers.push(() => xds.close());
  facade.watch(() => xds.proxies());
  const trustOfProxies = new TrustOfProxies(clock);
  const noteProxies = () => trustOfProxies.note(xds.proxies());
  every(noteProxiesMs, noteProxies, closers);
  authority.watch(() => {
    noteProxies();
    return [...trustOfProxies.holders(), ...trust.holders()];
  });
  const agents = await createAgentServer({
    host,
    port: ports.agents,
    certificate: own,
    identities,
    trust,
    audit: facade,
    clock,
    log,
  });
  closers.push(() => agents.close());
  const operator = await createOperatorServer({
    listen: options.operator,
    token: parts.operatorToken,
    identities,
    authority,
    federation: operatorFederation(parts.federation, identities),
    registrations: new RegistrationFiles(identities.registrar),
    policies: facade,
    live: parts.live,
    privacy: parts.privacy,
    status: facade,
    audit: facade,
    metrics: metrics.registry,
    log,
  });
  closers.push(() => operator.close());
  const { federation: address } = options;
  const federation = address && (await serveOwnBundle(address, identities, log));
  if (federation) closers.push(() => federation.close());
  return { agents, xds, operator, federation };
}

/** Everything that happens by itself: changes of the state go out at once, state and certificates are renewed in time. */
function keepCurrent(parts: Parts & { policies: PolicyPublisher; servers: Servers }): void {
  const {
    options,
    clock,
    identities,
    authority,
    trust,
    live,
    policies,
    states,
    source,
    metrics,
    servers,
    facade,
    closers,
  } = parts;
  const { log } = options;
  const trustRefresh = new TrustRefresh(source, facade, log);
  closers.push(() => trustRefresh.close());
  // One after another, so that what was true earlier never gets the newer epoch.
  let turn: Promise<void> = Promise.resolve();
  let retry: NodeJS.Timeout | undefined;
  const advance = (urgent: boolean, sinceMs: number): void => {
    clearTimeout(retry);
    turn = turn.then(async () => {
      try {
        await states.advance();
        metrics.showEpoch(states.epoch);
        source.announce({ kinds: ['state'], urgent, sinceMs });
        trustRefresh.ask(sinceMs);
        facade.mend(stateFault);
      } catch (error) {
        log.error({ err: error }, 'state not renewed, will try again');
        facade.degrade(
          stateFault,
          'what proxies know is not renewed: revocations may not have arrived',
          'the log of the controller has the reason',
        );
        retry = setTimeout(() => advance(urgent, sinceMs), retryMs);
      }
    });
  };
  closers.push(() => clearTimeout(retry));
  closers.push(identities.onRevoked(() => advance(true, clock())));
  const measured = new Coalescer((sinceMs) => advance(false, sinceMs), coalesceMs);
  closers.push(() => measured.close());
  closers.push(
    live.onChange((change) => {
      if (change === 'atOnce') advance(true, clock());
      else measured.ask(clock());
    }),
  );
  every(heartbeatMs, () => advance(false, clock()), closers);
  every(
    hourMs,
    () => {
      policies
        .renew(bundleMaxAgeMs)
        .catch((error: unknown) => log.error({ error }, 'bundles not renewed'));
      for (const each of [identities, authority, live]) {
        each.forgetEnded().catch((error: unknown) => log.error({ error }, 'store not tidied'));
      }
    },
    closers,
  );
  keepFederationCurrent({ ...parts, log, every: (ms, work) => every(ms, work, closers) });
  const certify = async () => {
    try {
      const own = await identities.controllerCertificate(options.names.dns, options.names.ips);
      servers.agents.useCertificate(own);
      servers.xds.updateTls(tlsOf(own, identities));
      facade.mend(certificateFault);
    } catch (error) {
      log.error({ err: error }, 'the certificate of the controller is not renewed');
      facade.degrade(
        certificateFault,
        'the certificate of the controller is not renewed: agents and proxies will refuse it',
        'the log of the controller has the reason; the key of the authority may be out of reach',
      );
    }
  };
  every(certificateEveryMs, () => void certify(), closers);
  closers.push(
    authority.onChange(({ isRevocation }) => {
      void certify();
      trust.wake();
      // Roots, lists and what was revoked with a key.
      advance(isRevocation, clock());
    }),
  );
}

function tlsOf(own: { chainPem: string; keyPem: string }, { rootPem }: { rootPem: string }) {
  return { certificatePem: own.chainPem, keyPem: own.keyPem, clientCaPem: rootPem };
}

function every(periodMs: number, work: () => void, closers: (() => void)[]): void {
  const timer = setInterval(work, periodMs);
  timer.unref();
  closers.push(() => clearInterval(timer));
}

/** Well inside the 15 minutes after which signals count as unknown. */
const heartbeatMs = 5 * 60_000;
/** Signals and facts that change within this time share an epoch. */
const coalesceMs = 250;
const hourMs = 3_600_000;
const retryMs = 1_000;
const noteProxiesMs = 2_000;
const stateFault = 'state';
const certificateFault = 'certificate';
/** A VM that proved this many bundles is replaced: making one takes longer than proving a small bundle. */
const BUNDLES_PER_VM = 50;
/** Half of a bundle's soft life. */
const bundleMaxAgeMs = 12 * hourMs;
/** A fifth of the life of the controller's certificate. */
const certificateEveryMs = 4 * hourMs;
