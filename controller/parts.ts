/** What a controller is started with, and the parts that `main.ts` makes of it. */
import type { OperatorAddress } from './api/operator-server.ts';
import type { Clock } from './clock.ts';
import type { Closers } from './closers.ts';
import type { ControllerMetrics } from './controller-metrics.ts';
import type { Facade } from './facade.ts';
import type { FederationDesk } from './federation/federation-desk.ts';
import type { IssuerWish } from './identity/make-issuer.ts';
import type { Log } from './log.ts';
import type { MeshSource } from './mesh-source.ts';
import type { FederationAddress } from './open-federation.ts';
import type { IdentityParts } from './open-identities.ts';
import type { PolicyPublisher } from './policy/publisher.ts';
import type { MaskingKeys } from './privacy/masking-keys.ts';
import type { RevealDesk } from './privacy/reveal-desk.ts';
import type { LiveValueDesk } from './risk/live-value-desk.ts';
import type { StateDesk } from './risk/state-desk.ts';

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

/** The privacy domain. */
export interface PrivacyParts {
  readonly keys: MaskingKeys;
  readonly reveals: RevealDesk;
}

/** The domains of a controller, and what joins them. */
export interface Parts extends IdentityParts {
  readonly options: ControllerOptions;
  readonly clock: Clock;
  readonly federation: FederationDesk;
  readonly privacy: PrivacyParts;
  readonly live: LiveValueDesk;
  readonly states: StateDesk;
  readonly policies: PolicyPublisher;
  readonly source: MeshSource;
  readonly metrics: ControllerMetrics;
  readonly facade: Facade;
  readonly closers: Closers;
}
