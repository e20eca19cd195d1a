/**
 * What the store keeps of publishing: policy sets by content, version counters of bundles, the
 * epoch of the state.
 */

/** One document file of a policy set. */
export interface PolicyFile {
  readonly name: string;
  readonly text: string;
}

/** A policy set that was published. */
export interface Publication {
  /** Rising by one with each publication. */
  readonly number: number;
  /**
   * SHA-256, hexadecimal, of the files' JSON sorted by name: the same files have the same digest.
   */
  readonly digest: string;
  readonly publishedAtMs: number;
  /** Who published it. */
  readonly actor: string;
  readonly files: readonly PolicyFile[];
}

/**
 * Where publications are kept. Each method is one transaction, durable when its promise resolves.
 */
export interface BundleStore {
  /**
   * Makes the files the current policy set, also when they were current before. File names have to
   * differ (`usage`).
   */
  publish(files: readonly PolicyFile[], publishedAtMs: number, actor: string): Promise<Publication>;
  /** The newest publication; undefined before the first. */
  currentPolicySet(): Promise<Publication | undefined>;
  /** Publications without their files, newest first. */
  publications(limit: number): Promise<Omit<Publication, 'files'>[]>;
  /**
   * The next version of a bundle: max(last + 1, `nowMs`), never given twice. The clock is in it so
   * that proxies take the bundles of a store that was restored from an older backup.
   */
  nextVersion(bundleId: string, nowMs: number): Promise<bigint>;
}

/** Where the epoch of the state is kept. */
export interface StateStore {
  /** max(last + 1, `nowMs`), durable before it is given: it rises also when the clock goes back. */
  nextEpoch(nowMs: number): Promise<bigint>;
}
