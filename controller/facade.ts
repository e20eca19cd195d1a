/** The controller as its HTTP API sees it: domains put into the words of `api/messages.ts`. */
import type {
  AuditFeed,
  AuditIntake,
  PolicyPublisher as PolicyApi,
  StatusSource,
} from './api/collaborators.ts';
import type { ControllerStatus, PolicyCheck, PolicyFile, PolicySetView } from './api/messages.ts';
import type { AuditService } from './audit/ingest.ts';
import type { AuditQuery, IngestResult, StoredAuditRecord } from './audit/model.ts';
import type { Clock } from './clock.ts';
import type { FederationDesk } from './federation/federation-desk.ts';
import type { AuthorityDesk } from './identity/authority-desk.ts';
import type { InstanceView } from './identity/model.ts';
import type { IdentityService } from './identity/service.ts';
import type { TrustWatch } from './identity/trust-watch.ts';
import { Direction } from './layout.ts';
import type { PolicyError } from './policy/policy-error.ts';
import type { PolicyPublisher, ProvenBundle, Published } from './policy/publisher.ts';
import type { StateDesk } from './risk/state-desk.ts';
import { version } from './version.ts';
import type { ProxyStatus } from './xds/model.ts';

/** What it speaks for. */
export interface FacadeParts {
  readonly identities: Pick<IdentityService, 'trustDomain' | 'list' | 'rotations'>;
  readonly authority: Pick<AuthorityDesk, 'faults'>;
  readonly trust: Pick<TrustWatch, 'skews'>;
  readonly federation: Pick<FederationDesk, 'faults'>;
  readonly policies: PolicyPublisher;
  readonly states: Pick<StateDesk, 'epoch'>;
  readonly audit: AuditService;
  readonly clock: Clock;
  readonly startedAtMs: number;
}

/** Implements what the API asks for. */
export class Facade implements PolicyApi, StatusSource, AuditFeed, AuditIntake {
  readonly #parts: FacadeParts;
  readonly #storedListeners = new Set<() => void>();
  readonly #faults = new Map<string, ControllerStatus['degraded'][number]>();
  #proxies: () => readonly ProxyStatus[] = () => [];

  constructor(parts: FacadeParts) {
    this.#parts = parts;
  }

  /** Shows a fault in the status until it is mended. `key` names it. */
  degrade(key: string, what: string, help: string): void {
    const sinceMs = this.#faults.get(key)?.sinceMs ?? this.#parts.clock();
    this.#faults.set(key, { what, help, sinceMs });
  }

  /** Takes a fault back. */
  mend(key: string): void {
    this.#faults.delete(key);
  }

  /** Tells where connected proxies are to be seen. */
  watch(proxies: () => readonly ProxyStatus[]): void {
    this.#proxies = proxies;
  }

  async check(files: readonly PolicyFile[]): Promise<PolicyCheck> {
    const bundles = await this.#parts.policies.check(files);
    return { bundles: bundles.map((bundle) => viewBundle(bundle, false)) };
  }

  async push(files: readonly PolicyFile[], actor: string): Promise<PolicySetView> {
    const { policies } = this.#parts;
    return viewPublished(await policies.push(files, actor), policies.warnings());
  }

  async current(): Promise<PolicySetView | undefined> {
    const published = this.#parts.policies.current();
    return published && viewPublished(published, this.#parts.policies.warnings());
  }

  async ingest(reporter: string, batch: Uint8Array): Promise<IngestResult> {
    const result = await this.#parts.audit.ingest(reporter, batch);
    if (result.stored > 0) for (const listener of this.#storedListeners) listener();
    return result;
  }

  tail(query: AuditQuery): Promise<StoredAuditRecord[]> {
    return this.#parts.audit.tail(query);
  }

  onStored(listener: () => void): () => void {
    this.#storedListeners.add(listener);
    return () => this.#storedListeners.delete(listener);
  }

  async status(): Promise<ControllerStatus> {
    const { identities, policies, states, audit, startedAtMs } = this.#parts;
    const publication = policies.current()?.publication;
    const counters = await audit.counters();
    const proxies = this.#proxies();
    return {
      version,
      trustDomain: identities.trustDomain,
      startedAtMs,
      stateEpoch: String(states.epoch),
      policy: publication
        ? {
            revision: publication.number,
            pushedAtMs: publication.publishedAtMs,
            pushedBy: publication.actor,
          }
        : null,
      proxies: proxies.map(viewProxy),
      audit: {
        stored: String(counters.stored),
        missing: String(counters.missing),
        dropped: String(counters.dropped),
        vms: counters.vms,
      },
      degraded: [...this.#degraded(proxies), ...(await this.#lateIdentities())],
    };
  }

  unready(): string[] {
    return this.#parts.states.epoch === 0n ? ['no state has been made'] : [];
  }

  /** Instances that should have renewed: their certificates end soon, or an order is open. */
  async #lateIdentities(): Promise<ControllerStatus['degraded']> {
    const { identities, clock } = this.#parts;
    const late = lateInstances(await identities.list(), clock());
    const open = await identities.rotations.open();
    return [
      ...late.slice(0, mostShown).map(({ spiffeId, dueMs, endMs }) => ({
        what: `the certificate of ${spiffeId} ends ${new Date(endMs).toISOString()} and was not renewed`,
        sinceMs: dueMs,
        help: 'is its agent running, and does it reach the controller? its log says why',
      })),
      ...(open.length > 0
        ? [
            {
              what: `${open.length} instance(s) have not followed an order to rotate: ${open.slice(0, 5).join(', ')}`,
              sinceMs: clock(),
              help: 'they renew when their agents are back; `dta identity list` shows when they end',
            },
          ]
        : []),
    ];
  }

  #degraded(proxies: readonly ProxyStatus[]): ControllerStatus['degraded'] {
    const found: ControllerStatus['degraded'] = [...this.#faults.values()];
    const { authority, trust, federation, clock } = this.#parts;
    found.push(...authority.faults(), ...federation.faults());
    for (const { spiffeId, skewMs } of trust.skews()) {
      const much = `${Math.round(Math.abs(skewMs) / 60_000)} min`;
      found.push({
        what: `the clock of ${spiffeId} is ${much} ${skewMs > 0 ? 'ahead of' : 'behind'} this one`,
        sinceMs: clock(),
        help: 'set it: certificates bear five minutes',
      });
    }
    if (!this.#parts.policies.current()) {
      found.push({
        what: 'no policy set was pushed: proxies deny everything',
        sinceMs: this.#parts.startedAtMs,
        help: 'run `dta policy push <folder>`',
      });
    }
    for (const { spiffeId, resources, connectedAtMs } of proxies) {
      for (const { name, nack } of resources) {
        if (!nack) continue;
        found.push({
          what: `${spiffeId} refuses version ${nack.version} of ${name}: ${nack.message}`,
          sinceMs: connectedAtMs,
          help: 'it goes on with the version before; its log has the reason',
        });
      }
    }
    return found;
  }
}

interface LateInstance {
  readonly spiffeId: string;
  readonly dueMs: number;
  readonly endMs: number;
}

/** Past three quarters of the life of their newest certificate, which has not ended: agents renew at half of it. */
function lateInstances(instances: readonly InstanceView[], nowMs: number): LateInstance[] {
  return instances.flatMap(({ spiffeId, certificate, revokedAtMs }) => {
    if (!certificate || revokedAtMs !== undefined || certificate.notAfterMs <= nowMs) return [];
    const { notBeforeMs, notAfterMs: endMs } = certificate;
    const dueMs = notBeforeMs + (endMs - notBeforeMs) * 0.75;
    return nowMs >= dueMs ? [{ spiffeId, dueMs, endMs }] : [];
  });
}

function viewPublished(
  { publication, bundles }: Published,
  warnings: readonly PolicyError[],
): PolicySetView {
  return {
    revision: publication.number,
    pushedAtMs: publication.publishedAtMs,
    pushedBy: publication.actor,
    files: [...publication.files],
    bundles: bundles.map((bundle) => viewBundle(bundle, true)),
    warnings: [...warnings],
  };
}

function viewBundle(bundle: ProvenBundle, hasVersion: boolean): PolicyCheck['bundles'][number] {
  return {
    direction: bundle.direction === Direction.Inbound ? 'inbound' : 'outbound',
    environment: bundle.environment,
    service: bundle.service,
    ...(hasVersion && { version: String(bundle.version) }),
    sizeBytes: bundle.bytes.length,
  };
}

/** Leaves out what is not there: JSON has no undefined. */
function viewProxy(proxy: ProxyStatus): ControllerStatus['proxies'][number] {
  return {
    ...proxy,
    resources: proxy.resources.map(({ name, sentVersion, ackedVersion, nack, ackLatencyMs }) => ({
      name,
      ...(sentVersion !== undefined && { sentVersion }),
      ...(ackedVersion !== undefined && { ackedVersion }),
      ...(nack && { nack }),
      ...(ackLatencyMs !== undefined && { ackLatencyMs }),
    })),
  };
}

/** Of what is degraded for one reason. */
const mostShown = 20;
