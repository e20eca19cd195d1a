/** Joins policy, state and identity into the resources that a proxy may have: chosen by its certificate, never by what it says. */
import type { IdentityService } from './identity/service.ts';
import { Direction } from './layout.ts';
import type { Log } from './log.ts';
import type { PolicyPublisher } from './policy/publisher.ts';
import type { StateDesk } from './risk/state-desk.ts';
import type {
  ProxyIdentity,
  ResourceChange,
  ResourceKey,
  ResourceSource,
  XdsResource,
} from './xds/model.ts';

/** What it joins. */
export interface MeshSourceParts {
  readonly identities: Pick<IdentityService, 'trustDomain' | 'rootPem' | 'crlPem' | 'list'>;
  readonly policies: Pick<PolicyPublisher, 'bundle'>;
  readonly states: Pick<StateDesk, 'epoch' | 'stateFor'>;
  readonly log: Log;
}

/** The controller's `ResourceSource`. */
export class MeshSource implements ResourceSource {
  readonly #parts: MeshSourceParts;
  readonly #listeners = new Set<(change: ResourceChange) => void>();
  /** Labels by instance: of its registration, so that nobody chooses its own. */
  #labels = new Map<string, Readonly<Record<string, string>>>();
  #crlPem: string | undefined;
  #crlVersion = 0;

  constructor(parts: MeshSourceParts) {
    this.#parts = parts;
  }

  /** Reads what is asked for synchronously later: labels and the revocation list. */
  async refresh(): Promise<void> {
    const [instances, crlPem] = await Promise.all([
      this.#parts.identities.list(),
      this.#parts.identities.crlPem(),
    ]);
    this.#labels = new Map(instances.map(({ uuid, labels }) => [uuid, labels]));
    if (crlPem !== this.#crlPem) this.#crlVersion += 1;
    this.#crlPem = crlPem;
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
        return this.#validation();
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
    this.refresh().then(
      () => {
        if (this.#labels.has(proxy.instance)) this.announce({ kinds: ['state'], urgent: true });
        else this.#parts.log.warn({ proxy: proxy.spiffeId }, 'proxy of an unknown instance');
      },
      (error: unknown) => this.#parts.log.error({ error }, 'identities not read'),
    );
  }

  #validation(): XdsResource {
    return {
      kind: 'validation',
      version: String(this.#crlVersion),
      trustDomain: this.#parts.identities.trustDomain,
      trustedCaPem: this.#parts.identities.rootPem,
      crlPem: this.#crlPem,
    };
  }
}
