/** Revocation of many at once: a service, a team, the whole domain, everything that one key signed. */
import type { RevocationCause } from './model.ts';

/** What can be revoked as a whole. */
export type GroupKind = 'service' | 'team' | 'domain' | 'key';

/** Names a group: `<environment>/<service>`, a team, the trust domain, or the id of an issuing key. */
export interface GroupTarget {
  readonly kind: GroupKind;
  readonly name: string;
}

/** One such revocation. While it is in force nobody of a service, team or domain can join. */
export interface RevokedGroup extends GroupTarget, RevocationCause {
  /** UUID. */
  readonly id: string;
  readonly liftedAtMs?: number | undefined;
  readonly liftedBy?: string | undefined;
  readonly liftReason?: string | undefined;
}

/** What revoking a group did; also announced by `onRevoked`. */
export interface GroupRevocation extends RevokedGroup {
  /** UUIDs of the instances that this took, sorted; of a key: those with a certificate of it. */
  readonly instances: readonly string[];
  /** Certificates concerned that have not expired, by number: a domain has too many to list. */
  readonly certificates: number;
  /** It was in force before: its first cause is given, and what has joined meanwhile by mistake was taken too. */
  readonly repeated: boolean;
}

/** Where they are kept. Each method is one transaction, durable when its promise resolves. */
export interface RevokedGroupStore {
  /**
   * Revokes every instance of the group (of a key: every certificate of it that ends after
   * `cause.atMs`) and, but for a key, keeps others from joining until it is lifted.
   */
  revokeGroup(id: string, target: GroupTarget, cause: RevocationCause): Promise<GroupRevocation>;
  /** Lets others join again; what was revoked stays so. Undefined: none of that id is in force. */
  liftGroup(id: string, cause: RevocationCause): Promise<RevokedGroup | undefined>;
  /** Those in force, oldest first. */
  revokedGroups(): Promise<RevokedGroup[]>;
}
