/**
 * What the API needs from the rest of the controller, as narrow as it uses it; `main.ts` supplies
 * it.
 */
import type { AuditQuery, IngestResult, StoredAuditRecord } from '../audit/model.ts';
import type { FederationDesk } from '../federation/federation-desk.ts';
import type { AuthorityDesk } from '../identity/authority-desk.ts';
import type { IdentityEvents } from '../identity/events.ts';
import type { Registrar } from '../identity/registrar.ts';
import type { StoredServiceRegistration } from '../identity/registrations.ts';
import type { RevocationDesk } from '../identity/revocation-desk.ts';
import type { RotationDesk } from '../identity/rotation-desk.ts';
import type { IdentityService } from '../identity/service.ts';
import type { TrustWatch } from '../identity/trust-watch.ts';
import type { MaskingKeys } from '../privacy/masking-keys.ts';
import type { RevealDesk } from '../privacy/reveal-desk.ts';
import type { LiveValueDesk } from '../risk/live-value-desk.ts';
import type { ControllerStatus, PolicyCheck, PolicyFile, PolicySetView } from './messages.ts';

/** What agents ask of the identity domain. */
export type AgentIdentities = Pick<
  IdentityService,
  | 'join'
  | 'attest'
  | 'challenge'
  | 'renew'
  | 'reportRefused'
  | 'standingOf'
  | 'crlPem'
  | 'rootPem'
  | 'trustGeneration'
  | 'trustDomain'
  | 'issuerOf'
>;

/** Where agents wait for news of the trust and for orders to renew. */
export type AgentTrust = Pick<TrustWatch, 'wait'>;

/** What operators ask of the certificate authority. */
export type OperatorAuthority = Pick<
  AuthorityDesk,
  'show' | 'prepare' | 'activate' | 'taint' | 'revoke'
>;

/** What operators ask of federation. */
export type OperatorFederation = Pick<
  FederationDesk,
  'list' | 'show' | 'add' | 'refresh' | 'remove'
> & {
  ownBundle(): { trustDomain: string; document: string };
};

/** What operators ask of the identity domain. */
export type OperatorIdentities = Pick<IdentityService, 'issueToken' | 'list' | 'revoke'> & {
  readonly registrar: Pick<Registrar, 'registrations' | 'unregister' | 'issueTokenFor'>;
  readonly rotations: Pick<RotationDesk, 'order' | 'open'>;
  readonly groups: Pick<RevocationDesk, 'revokeGroup' | 'liftGroup' | 'revokedGroups'>;
  readonly events: Pick<IdentityEvents, 'tail' | 'onAdded'>;
};

/** Reads and stores files of registrations. Mistakes in them are thrown as `policyInvalid`. */
export interface RegistrationIntake {
  register(files: readonly PolicyFile[], actor: string): Promise<StoredServiceRegistration[]>;
}

/** What operators ask of the risk domain. */
export type LiveValues = Pick<
  LiveValueDesk,
  | 'restrict'
  | 'release'
  | 'restrictions'
  | 'setBand'
  | 'clearBand'
  | 'bands'
  | 'setFact'
  | 'removeFact'
  | 'facts'
  | 'report'
  | 'removeSignal'
  | 'signals'
>;

/** What operators ask of the privacy domain. */
export interface Privacy {
  readonly keys: Pick<MaskingKeys, 'list' | 'rotate'>;
  readonly reveals: Pick<RevealDesk, 'reveal' | 'log'>;
}

/** Takes audit batches. */
export interface AuditIntake {
  /**
   * Decodes and stores a batch that the workload `reporter` (a SPIFFE ID, from its certificate)
   * relays. Fails with `usage` when the batch can never be read: the agent then gives it up.
   */
  ingest(reporter: string, batch: Uint8Array): Promise<IngestResult>;
}

/** Reads audit records. */
export interface AuditFeed {
  tail(query: AuditQuery): Promise<StoredAuditRecord[]>;
  /**
   * Calls `listener` after each batch that stored something; returns the end of the subscription.
   */
  onStored(listener: () => void): () => void;
}

/** Checks and publishes policy sets. Mistakes in them are thrown as `policyInvalid(errors)`. */
export interface PolicyPublisher {
  /** Everything that `push` does up to the point of no return. */
  check(files: readonly PolicyFile[]): Promise<PolicyCheck>;
  /** Publishes all of the set or nothing; `actor` goes into the record. */
  push(files: readonly PolicyFile[], actor: string): Promise<PolicySetView>;
  /** Undefined before the first push. */
  current(): Promise<PolicySetView | undefined>;
}

/** How the controller is. */
export interface StatusSource {
  status(): Promise<ControllerStatus>;
  /** What still keeps it from serving, one line each; empty: ready. */
  unready(): Promise<string[]> | string[];
}

/** Metrics in the Prometheus text format; prom-client's `Registry` is one. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}
