/** Constructs federation: the foreign domains that a mesh trusts, and the endpoint of its own bundle. */
import type { OperatorFederation } from './api/collaborators.ts';
import type { Clock } from './clock.ts';
import type { Facade } from './facade.ts';
import { type BundleEndpoint, openBundleEndpoint } from './federation/bundle-endpoint.ts';
import { FederationDesk, type FederationDeskOptions } from './federation/federation-desk.ts';
import { OWN_REFRESH_HINT_SECONDS, writeBundle } from './federation/write-bundle.ts';
import type { IdentityService } from './identity/service.ts';
import { checkTrustDomain } from './identity/spiffe-id.ts';
import { FEDERATED_DOMAINS_MAX } from './layout.ts';
import type { Log } from './log.ts';
import type { PolicyPublisher } from './policy/publisher.ts';
import type { TrustRefresh } from './trust-refresh.ts';

/** Where our own bundle is served. */
export interface FederationAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM files. */
  readonly certificatePath: string;
  readonly keyPath: string;
}

type OwnTrust = Pick<IdentityService, 'trustDomain' | 'rootPem' | 'trustGeneration'>;

/** The desk with what the store has. */
export async function openFederation(
  options: Omit<FederationDeskOptions, 'checkTrustDomain' | 'domainsMax'>,
): Promise<FederationDesk> {
  const desk = new FederationDesk({
    ...options,
    checkTrustDomain,
    domainsMax: FEDERATED_DOMAINS_MAX,
  });
  await desk.open();
  return desk;
}

/** Our own bundle as it is now. */
export function ownBundle({ trustDomain, rootPem, trustGeneration }: OwnTrust) {
  const document = writeBundle({
    rootPem,
    sequence: trustGeneration,
    refreshHintSeconds: OWN_REFRESH_HINT_SECONDS,
  });
  return { trustDomain, document };
}

/** Serves it. Fails as `openBundleEndpoint`. */
export async function serveOwnBundle(
  address: FederationAddress,
  trust: OwnTrust,
  log: Log,
): Promise<BundleEndpoint> {
  return await openBundleEndpoint({ ...address, bundle: () => ownBundle(trust).document, log });
}

/** What the operator API asks for. */
export function operatorFederation(desk: FederationDesk, trust: OwnTrust): OperatorFederation {
  return {
    list: () => desk.list(),
    show: (trustDomain) => desk.show(trustDomain),
    add: (trustDomain, source, actor) => desk.add(trustDomain, source, actor),
    refresh: (trustDomain) => desk.refresh(trustDomain),
    remove: (trustDomain, actor) => desk.remove(trustDomain, actor),
    ownBundle: () => ownBundle(trust),
  };
}

/** What follows a change of the federated domains. */
export interface FederationFollowers {
  readonly federation: FederationDesk;
  readonly policies: Pick<PolicyPublisher, 'recompile'>;
  readonly trustRefresh: Pick<TrustRefresh, 'askAtOnce'>;
  readonly facade: Pick<Facade, 'degrade' | 'mend'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly every: (periodMs: number, work: () => void) => void;
}

/**
 * Gives every change to the proxies: bundles first, which decide on connections that are open too, then roots, which
 * decide on new ones. What failed is tried again with the next look at what is due.
 */
export function keepFederationCurrent(followers: FederationFollowers): void {
  const { federation, policies, trustRefresh, facade, clock, log, every } = followers;
  let isBehind = false;
  let sinceMs = 0;
  const follow = async () => {
    try {
      isBehind = false;
      await policies.recompile();
      trustRefresh.askAtOnce(sinceMs);
      facade.mend(followFault);
    } catch (err) {
      isBehind = true;
      log.error({ err }, 'change of federated domains not given out, will try again');
      const help = 'the log of the controller has the reason';
      facade.degrade(followFault, 'proxies do not know the last change of federated domains', help);
    }
  };
  federation.onChange(() => {
    sinceMs = clock();
    void follow();
  });
  every(lookEveryMs, () => {
    if (isBehind) void follow();
    federation.refreshDue().catch((err: unknown) => log.error({ err }, 'bundles not refreshed'));
  });
}

const followFault = 'federation';
const lookEveryMs = 2_000;
