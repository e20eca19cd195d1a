/** Joins policy, state and identity into the resources that a proxy may have: chosen by its certificate, never by what it says. */
import { isDeepStrictEqual } from 'node:util';

import type { FederationDesk } from './federation/federation-desk.ts';
import type { RootLists } from './identity/root-lists.ts';
import type { IdentityService } from './identity/service.ts';
import { Direction } from './layout.ts';
import type { Log } from './log.ts';
import type { PolicyPublisher } from './policy/publisher.ts';
import type { StateDesk } from './risk/state-desk.ts';
import type {
  FederatedRoots,
  ProxyIdentity,
  ResourceChange,
  ResourceKey,
  ResourceSource,
  ValidationResource,
  XdsResource,
} from './xds/model.ts';

/** What it joins. */
export interface MeshSourceParts {
  readonly identities: Pick<
    IdentityService,
    'trustDomain' | 'rootPem' | 'trustGeneration' | 'crlPem' | 'list'
  >;
  readonly policies: Pick<PolicyPublisher, 'bundle'>;
  readonly states: Pick<StateDesk, 'epoch' | 'stateFor'>;
  readonly federation: Pick<FederationDesk, 'trusted'>;
  readonly rootLists: Pick<RootLists, 'pem'>;
  readonly log: Log;
}

/** The controller's `ResourceSource`. */
export class MeshSource implements ResourceSource {
  readonly #parts: MeshSourceParts;
  readonly #listeners = new Set<(change: ResourceChange) => void>();
  /** Labels by instance: of its registration, so that nobody chooses its own. */
  #labels = new Map<string, Readonly<Record<string, string>>>();
  #trust: Trust = { rootPem: '', crlPem: '', generation: 0, federated: [], rootCrlPem: undefined };
  /** One object for all proxies: it is encoded once. */
  #validation: ValidationResource | undefined;
  #trustVersion = 0;
  #trustTurn: Promise<void> = Promise.resolve();
  #labelsTurn: Promise<void> = Promise.resolve();

  constructor(parts: MeshSourceParts) {
    this.#parts = parts;
  }

  /** Reads what is asked for synchronously later: labels, roots and revocation lists. */
  async refresh(): Promise<void> {
    await this.#refreshLabels();
    await this.refreshTrust();
  }

  /**
   * The same without the labels, which no revocation and no issuing key changes. One after another:
   * what was read earlier must not take the place of what was read later.
   */
  refreshTrust(): Promise<void> {
    const next = this.#trustTurn.then(() => this.#readTrust());
    this.#trustTurn = next.catch(() => undefined);
    return next;
  }

  /** In turns of their own: who has just joined does not wait for a key that signs lists. */
  #refreshLabels(): Promise<void> {
    const next = this.#labelsTurn.then(async () => {
      const instances = await this.#parts.identities.list();
      this.#labels = new Map(instances.map(({ uuid, labels }) => [uuid, labels]));
    });
    this.#labelsTurn = next.catch(() => undefined);
    return next;
  }

  async #readTrust(): Promise<void> {
    const { identities } = this.#parts;
    const generation = identities.trustGeneration;
    const crlPem = await identities.crlPem();
    // Of one generation, so that no proxy gets a root without the list that goes with it.
    if (generation !== identities.trustGeneration) return await this.#readTrust();
    const { rootPem } = identities;
    const federated = this.#parts.federation.trusted();
    // The roots' keys are only asked where somebody wants their lists.
    const rootCrlPem = federated.length > 0 ? await this.#parts.rootLists.pem() : undefined;
    const trust = { rootPem, crlPem, generation, federated, rootCrlPem };
    const content = { ...trust, generation: 0 };
    const before = { ...this.#trust, generation: 0 };
    if (!isDeepStrictEqual(content, before)) this.#trustVersion += 1;
    this.#trust = trust;
    this.#validation = {
      kind: 'validation',
      version: trustVersion(generation, this.#trustVersion),
      trustDomain: identities.trustDomain,
      trustedCaPem: rootPem,
      ...{ crlPem, federated, rootCrlPem },
    };
  }

  /** Tells every subscriber of a change. */
  announce(change: ResourceChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  resource(proxy: ProxyIdentity, key: ResourceKey): XdsResource | undefined {
    switch (key.kind) {
      case 'inbound':
        return this.#bundle(proxy.environment, proxy.service, Direction.Inbound);
      case 'outbound':
        return this.#bundle(key.environment, key.service, Direction.Outbound);
      case 'state':
        return this.#state(proxy);
      case 'validation':
        return this.#validation;
    }
  }

  subscribe(listener: (change: ResourceChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #bundle(environment: string, service: string, direction: Direction): XdsResource | undefined {
    const bundle = this.#parts.policies.bundle(environment, service, direction);
    if (!bundle) return undefined;
    return { kind: 'wasm', version: String(bundle.version), configuration: bundle.bytes };
  }

  #state(proxy: ProxyIdentity): XdsResource | undefined {
    const labels = this.#labels.get(proxy.instance);
    if (!labels) {
      this.#learn(proxy);
      return undefined;
    }
    const bytes = this.#parts.states.stateFor({ spiffeId: proxy.spiffeId, labels });
    if (!bytes) return undefined;
    return { kind: 'wasm', version: String(this.#parts.states.epoch), configuration: bytes };
  }

  /** An instance that joined after the last refresh: its state follows at once. */
  #learn(proxy: ProxyIdentity): void {
    this.#refreshLabels().then(
      () => {
        if (this.#labels.has(proxy.instance)) this.announce({ kinds: ['state'], urgent: true });
        else this.#parts.log.warn({ proxy: proxy.spiffeId }, 'proxy of an unknown instance');
      },
      (error: unknown) => this.#parts.log.error({ error }, 'identities not read'),
    );
  }

  /** Whether proxies get no revocation lists, because a root of ours has none. */
  get lacksLists(): boolean {
    return this.#trust.federated.length > 0 && this.#trust.rootCrlPem === undefined;
  }
}

interface Trust {
  readonly rootPem: string;
  readonly crlPem: string;
  readonly generation: number;
  readonly federated: readonly FederatedRoots[];
  readonly rootCrlPem: string | undefined;
}

/** Version of a validation context: the generation of the trust (`trust-of-proxies.ts` reads it), then a number for its lists. */
function trustVersion(generation: number, number: number): string {
  return `${generation}.${number}`;
}
