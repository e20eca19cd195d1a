/** The state of every proxy: one epoch for all, bytes for each (policy-model, "Bundle and state"). */
import type { Clock } from '../clock.ts';
import type { StateStore } from '../store/publications.ts';
import { StateMold } from './encode-state.ts';
import type { LiveNow } from './live-value-desk.ts';

/** What proxies have to refuse: digests in hexadecimal, UUIDs. */
export interface RevokedNow {
  readonly digests: readonly string[];
  readonly instances: readonly string[];
}

/** What the desk needs. */
export interface StateDeskOptions {
  readonly mesh: string;
  readonly store: StateStore;
  readonly revoked: () => Promise<RevokedNow>;
  readonly live: () => Promise<LiveNow>;
  readonly clock: Clock;
}

/** A proxy, as its certificate names it. */
export interface StateReader {
  readonly spiffeId: string;
  /** Its labels; they decide on its outbound side. */
  readonly labels: Readonly<Record<string, string>>;
}

/** What all states of one epoch have in common. */
interface Edition {
  readonly epoch: bigint;
  readonly mold: StateMold;
}

/** Makes states. Before the first `advance` there is none. */
export class StateDesk {
  readonly #options: StateDeskOptions;
  readonly #made = new Map<string, Uint8Array>();
  #edition: Edition | undefined;
  #isRevoked = new Set<string>();

  constructor(options: StateDeskOptions) {
    this.#options = options;
  }

  /** Epoch of the states that are given out; 0: none yet. */
  get epoch(): bigint {
    return this.#edition?.epoch ?? 0n;
  }

  /**
   * Takes up what is true now under a new epoch, durable before it is given out. Fails, and the last edition goes on,
   * when the store fails or what there is does not fit into a state.
   */
  async advance(): Promise<void> {
    const issuedAtMs = this.#options.clock();
    const [revoked, live] = await Promise.all([this.#options.revoked(), this.#options.live()]);
    const epoch = await this.#options.store.nextEpoch(issuedAtMs);
    const mold = new StateMold({
      ...{ mesh: this.#options.mesh, epoch, nowMs: issuedAtMs },
      revokedDigests: revoked.digests.map((digest) => Buffer.from(digest, 'hex')),
      revokedInstances: revoked.instances,
      ...live,
    });
    // A proxy's own names add a kilobyte at most: what does not fit is found here, where it is reported.
    mold.encode('x'.repeat(512), '');
    this.#edition = { epoch, mold };
    this.#isRevoked = new Set([...revoked.digests, ...revoked.instances]);
    this.#made.clear();
  }

  /** Whether a certificate (hexadecimal digest) or instance (UUID) is revoked. */
  isRevoked(digestOrInstance: string): boolean {
    return this.#isRevoked.has(digestOrInstance);
  }

  /** The state for a proxy; undefined before the first epoch. */
  stateFor(reader: StateReader): Uint8Array | undefined {
    if (!this.#edition) return undefined;
    const key = `${reader.spiffeId},${subjectOf(reader)}`;
    const known = this.#made.get(key);
    if (known) return known;
    const bytes = this.#edition.mold.encode(reader.spiffeId, subjectOf(reader));
    this.#made.set(key, bytes);
    return bytes;
  }
}

/** The labels as the certificate's subject has them. */
function subjectOf({ labels }: StateReader): string {
  return Object.entries(labels)
    .map(([name, value]) => `OU=label.${name}=${value}`)
    .join(',');
}
