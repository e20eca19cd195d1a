/** The state of every proxy: one epoch for all, bytes for each (policy-model, "Bundle and state"). */
import type { Clock } from '../clock.ts';
import type { StateStore } from '../store/publications.ts';
import { encodeState } from './encode-state.ts';

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
  readonly clock: Clock;
}

/** A proxy, as its certificate names it. */
export interface StateReader {
  readonly spiffeId: string;
  /** Its labels; they decide on its outbound side. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Makes states. Before the first `advance` there is none. */
export class StateDesk {
  readonly #options: StateDeskOptions;
  readonly #made = new Map<string, Uint8Array>();
  #epoch = 0n;
  #issuedAtMs = 0;
  #revoked: RevokedNow = { digests: [], instances: [] };
  #isRevoked = new Set<string>();

  constructor(options: StateDeskOptions) {
    this.#options = options;
  }

  /** Epoch of the states that are given out; 0: none yet. */
  get epoch(): bigint {
    return this.#epoch;
  }

  /** Takes up what is true now under a new epoch, durable before it is given out. */
  async advance(): Promise<void> {
    const nowMs = this.#options.clock();
    const revoked = await this.#options.revoked();
    this.#epoch = await this.#options.store.nextEpoch(nowMs);
    this.#issuedAtMs = nowMs;
    this.#revoked = revoked;
    this.#isRevoked = new Set([...revoked.digests, ...revoked.instances]);
    this.#made.clear();
  }

  /** Whether a certificate (hexadecimal digest) or instance (UUID) is revoked. */
  isRevoked(digestOrInstance: string): boolean {
    return this.#isRevoked.has(digestOrInstance);
  }

  /** The state for a proxy; undefined before the first epoch. */
  stateFor(reader: StateReader): Uint8Array | undefined {
    if (this.#epoch === 0n) return undefined;
    const labels = Object.entries(reader.labels).map(
      ([name, value]) => `OU=label.${name}=${value}`,
    );
    const key = [reader.spiffeId, ...labels].join(',');
    const known = this.#made.get(key);
    if (known) return known;
    const bytes = encodeState({
      mesh: this.#options.mesh,
      self: reader.spiffeId,
      selfSubject: labels.join(','),
      epoch: this.#epoch,
      nowMs: this.#issuedAtMs,
      revokedDigests: this.#revoked.digests.map((digest) => Buffer.from(digest, 'hex')),
      revokedInstances: this.#revoked.instances,
      signals: [],
      bands: [],
    });
    this.#made.set(key, bytes);
    return bytes;
  }
}
