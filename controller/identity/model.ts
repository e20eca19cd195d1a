/**
 * What the identity domain stores, answers and announces: registrations, instances, certificates,
 * revocations.
 */

/** Free metadata of a workload: at most 16 pairs, names and values `[A-Za-z0-9._-]{1,63}`. */
export type Labels = Readonly<Record<string, string>>;

/** A kind of workload that may get an identity; instances join under it. */
export interface Registration {
  /** Lower-case UUID. */
  readonly id: string;
  readonly trustDomain: string;
  readonly environment: string;
  readonly team: string;
  readonly service: string;
  readonly labels: Labels;
  /** Unix milliseconds. */
  readonly createdAtMs: number;
}

/** A one-time token as the store keeps it: never the secret itself. */
export interface StoredToken {
  /** 20 lower-case hexadecimal digits. */
  readonly id: string;
  /**
   * SHA-256 of the secret as it stands in the token, hexadecimal; a slow hash would add nothing at
   * that entropy.
   */
  readonly secretSha256: string;
  readonly registrationId: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** Set once, in the transaction that stores the instance. */
  readonly consumedAtMs: number | undefined;
  /** Address, or name that resolves to it, that it has to come from. */
  readonly host?: string | undefined;
  /** UUID, or `<environment>/<service>`, of the agent that has to bring it. */
  readonly agent?: string | undefined;
}

/** How a workload proved what it is. */
export type AttestationMethod = 'join_token' | 'x509pop' | 'unix' | 'k8s';

/** One running workload that has joined. */
export interface Instance {
  /** Lower-case UUID; the last segment of its SPIFFE ID. */
  readonly uuid: string;
  readonly registrationId: string;
  readonly spiffeId: string;
  readonly joinedAtMs: number;
  /** How it joined; absent: with a token. */
  readonly method?: AttestationMethod | undefined;
  /** What proved it, the same for the same workload (a pod, a certificate); absent: nothing that could come back. */
  readonly evidence?: string | undefined;
  readonly revokedAtMs?: number | undefined;
  readonly revokedReason?: string | undefined;
  readonly revokedBy?: string | undefined;
}

/** A leaf certificate that the authority signed for an instance. */
export interface IssuedCertificate {
  /** 40 lower-case hexadecimal digits. */
  readonly serial: string;
  /** UUID of its instance. */
  readonly instance: string;
  /** SHA-256 of the DER, lower-case hexadecimal: the digest that Envoy shows. */
  readonly sha256: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Id of the issuing key; undefined only in what the first version stored. */
  readonly issuer?: string | undefined;
  readonly revokedAtMs?: number | undefined;
}

/** A certificate that was signed and is not stored yet. */
export interface SignedCertificate extends IssuedCertificate {
  /** `keyRevision` of the store from before it was signed; absent: unknown, so any revocation of its key counts. */
  readonly keyRevision?: number | undefined;
}

/** Why, when and by whom something was revoked. */
export interface RevocationCause {
  readonly atMs: number;
  readonly reason: string;
  readonly actor: string;
}

/** What one revocation did; also what `onRevoked` announces. */
export interface Revocation extends RevocationCause {
  readonly kind: 'instance' | 'certificate';
  /** UUID of the instance that was named, or whose certificate was. */
  readonly instance: string;
  /**
   * UUIDs of the instances that this took something of, sorted: beside the one that was named every
   * other that was proved by the same evidence. Empty: all of it was revoked before.
   */
  readonly instances: readonly string[];
  /** SHA-256 digests, hexadecimal, of the certificates concerned that have not expired. */
  readonly digests: readonly string[];
  /** What was named was revoked before: the first cause is given, and only others were taken, if any. */
  readonly repeated: boolean;
}

/** Everything that a proxy has to refuse at this moment. */
export interface Revocations {
  /** SHA-256 digests, lower-case hexadecimal, sorted. */
  readonly digests: readonly string[];
  /** UUIDs, sorted. */
  readonly instances: readonly string[];
}

/** A revoked certificate as the revocation list names it. */
export interface RevokedCertificate {
  readonly serial: string;
  readonly sha256: string;
  readonly instance: string;
  readonly revokedAtMs: number;
  readonly notAfterMs: number;
  /** Id of the issuing key, whose list names it. */
  readonly issuer: string | undefined;
  /** The whole instance is revoked, not only this certificate. */
  readonly wholeInstance: boolean;
}

/** One line of `dta identity list`. */
export interface InstanceView extends Instance {
  readonly environment: string;
  readonly team: string;
  readonly service: string;
  readonly labels: Labels;
  /** Of the newest certificate. */
  readonly certificate: IssuedCertificate | undefined;
}

/**
 * Which authority this store's identities belong to; written once, before the authority's files
 * take their place.
 */
export interface AuthorityRecord {
  readonly trustDomain: string;
  /** SHA-256 of the DER SubjectPublicKeyInfo of the first root, lower-case hexadecimal. */
  readonly keyHash: string;
  readonly createdAtMs: number;
}

/**
 * How an issuing key stands. `prepared`: trusted, signs nothing yet. `active`: signs. `retired`:
 * trusted until what it signed has ended. `tainted`: the same, and who holds what it signed renews
 * at once. `revoked` and `gone`: no longer trusted, by decision or because nothing of it lives.
 */
export type IssuerState = 'prepared' | 'active' | 'retired' | 'tainted' | 'revoked' | 'gone';

/** An issuing key as the store keeps it. */
export interface IssuerRecord {
  /** The first 16 hexadecimal digits of `keyHash`; the name of its folder. */
  readonly id: string;
  /** SHA-256 of the DER SubjectPublicKeyInfo, lower-case hexadecimal. */
  readonly keyHash: string;
  /** The same of its root's key. */
  readonly rootKeyHash: string;
  readonly state: IssuerState;
  /** Generation of the trust in which it came; who has that one or a later one knows it. */
  readonly generation: number;
  readonly madeAtMs: number;
  /** When it came to this state. */
  readonly changedAtMs: number;
  /** No leaf of it ends later. */
  readonly notAfterMs: number;
  /** Of the last change. */
  readonly reason: string;
  readonly actor: string;
}

/** What lives of an issuing key. */
export interface IssuerLeaves {
  /** Certificates that have not ended and are not revoked. */
  readonly live: number;
  /** Instances whose newest certificate is one of them. */
  readonly instances: number;
}

/** A change of state, and what it does to the generation of the trust. */
export interface IssuerChange {
  readonly id: string;
  readonly state: IssuerState;
  readonly cause: RevocationCause;
}

/** Where the states of issuing keys are kept. Each method is one transaction. */
export interface IssuerStore {
  authority(): Promise<AuthorityRecord | undefined>;
  /**
   * Stores the record with the first issuing key. Fails with `conflict` if there is a record
   * already.
   */
  recordAuthority(record: AuthorityRecord, first: Omit<IssuerRecord, 'generation'>): Promise<void>;
  /** Every issuing key that ever was, oldest first, and the generation of the trust; 0 before the first. */
  issuers(): Promise<{ records: IssuerRecord[]; generation: number }>;
  /** Adds a key in a new generation, which it gives. Fails with `conflict` if there is one of that id. */
  addIssuer(record: Omit<IssuerRecord, 'generation'>): Promise<number>;
  /**
   * Changes the states, all or none of them. `revoked` revokes every certificate of that key that
   * has not ended, for `cause`; `revoked` and `gone` begin a new generation. Gives the generation.
   */
  changeIssuers(changes: readonly IssuerChange[]): Promise<number>;
  issuerLeaves(id: string, nowMs: number): Promise<IssuerLeaves>;
  /** What the first version stored belongs to this key. Gives the number of certificates. */
  adoptCertificates(id: string): Promise<number>;
}

/** What became of an attempt to use up a token. */
export type TokenOutcome = 'consumed' | 'unknown' | 'expired' | 'used' | 'blocked';

/** What became of an attempt to store an instance: `revoked` says that what proved it has been revoked before. */
export type AdmissionOutcome = 'admitted' | 'blocked' | 'revoked';

/** What became of an attempt to store a renewed certificate; `tooMany`: as many as may be of its instance have not ended. */
export type RenewalOutcome = 'renewed' | 'revoked' | 'tooMany';

/** Where identities are kept. Each method is one transaction, durable when its promise resolves. */
export interface IdentityStore {
  /**
   * Gives the registration with the same names and labels if there is one, else stores this one.
   */
  findOrAddRegistration(registration: Registration): Promise<Registration>;
  registration(id: string): Promise<Registration | undefined>;
  registrations(): Promise<Registration[]>;

  addToken(token: StoredToken): Promise<void>;
  token(id: string): Promise<StoredToken | undefined>;
  /**
   * Uses the token up and stores what was bought with it, both or neither; only one of several
   * callers wins. `blocked`: its service, team or domain is revoked, or the key that signed the
   * certificate, since `keyRevision`.
   */
  consumeToken(
    id: string,
    nowMs: number,
    instance: Instance,
    certificate: SignedCertificate,
  ): Promise<TokenOutcome>;

  /** Stores an instance that proved itself without a token, with its first certificate, or nothing. */
  admit(instance: Instance, certificate: SignedCertificate): Promise<AdmissionOutcome>;

  instance(uuid: string): Promise<Instance | undefined>;
  instances(): Promise<InstanceView[]>;
  certificateBySha256(sha256: string): Promise<IssuedCertificate | undefined>;
  certificateBySerial(serial: string): Promise<IssuedCertificate | undefined>;
  /** Rises whenever everything that a key signed is revoked. */
  keyRevision(): Promise<number>;
  /**
   * Stores a renewed certificate, or nothing: `revoked` if its instance, `previousSha256` or the key
   * that signed it is revoked by now, `tooMany` if `most` of the instance have not ended at `nowMs`.
   */
  addCertificate(
    certificate: SignedCertificate,
    previousSha256: string,
    bound: { readonly nowMs: number; readonly most: number },
  ): Promise<RenewalOutcome>;

  /**
   * Revokes it with all unrevoked instances of the same evidence, if it has any. Undefined if there
   * is no such instance. `digests` holds what had not expired at `cause.atMs`.
   */
  revokeInstance(uuid: string, cause: RevocationCause): Promise<Revocation | undefined>;
  /** Undefined if there is no such certificate. */
  revokeCertificate(sha256: string, cause: RevocationCause): Promise<Revocation | undefined>;
  /** Revoked certificates that end after `endAfterMs`, ordered by serial. */
  revokedCertificates(endAfterMs: number): Promise<RevokedCertificate[]>;

  /**
   * Removes tokens and never-revoked certificates that ended before `endBeforeMs`; gives the number
   * of rows.
   */
  forgetEnded(endBeforeMs: number): Promise<number>;
}
