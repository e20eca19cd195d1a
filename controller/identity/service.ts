/**
 * Gives, renews and takes away identities: joins the certificate authority with the store (Figure
 * 1, "Identity Provider").
 */
import { randomUUID, X509Certificate } from 'node:crypto';

import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import {
  type AttemptMethod,
  AttestationDesk,
  type AttestationObserver,
  type AttestationRequest,
} from './attestation/attestation-desk.ts';
import type { AttestationContext, Attested, Attestor } from './attestation/attestor.ts';
import type { Challenge } from './attestation/challenges.ts';
import { JoinTokenAttestor } from './attestation/join-token-attestor.ts';
import type { Authority } from './authority.ts';
import { digestOf } from './certificate-digests.ts';
import { type ControllerCertificate, makeControllerCertificate } from './controller-certificate.ts';
import { parseCsr, type SigningRequest } from './csr.ts';
import { denied } from './denied.ts';
import { IdentityEvents } from './events.ts';
import type { LeafCertificate } from './issuer.ts';
import type { MeshIdentityStore } from './mesh-identity-store.ts';
import type {
  AttestationMethod,
  Instance,
  InstanceView,
  IssuedCertificate,
  Registration,
  Revocation,
  Revocations,
  SignedCertificate,
} from './model.ts';
import {
  type IssuedToken,
  Registrar,
  type RegistrationRequest,
  type TokenBounds,
} from './registrar.ts';
import { RevocationDesk } from './revocation-desk.ts';
import type { GroupRevocation } from './revoked-groups.ts';
import { RotationDesk } from './rotation-desk.ts';
import type { RotationOrder } from './rotations.ts';
import { formatMeshIdentity, type MeshIdentity } from './spiffe-id.ts';

/** What a workload gets when it joins or renews. */
export interface IssuedIdentity {
  /** UUID of the instance. */
  readonly instance: string;
  readonly spiffeId: string;
  /** The leaf alone. */
  readonly certificatePem: string;
  /** What a TLS server or client presents: the leaf, then what leads to the root. */
  readonly chainPem: string;
  /** What peers are checked against: one or several roots. */
  readonly rootPem: string;
  /** Generation of the trust that `rootPem` is of. */
  readonly trustGeneration: number;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface IdentityServiceOptions {
  readonly store: MeshIdentityStore;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly log: Log;
  /** Life of a leaf; default one hour, at most 24 hours. */
  readonly leafTtlMs?: number | undefined;
  /** Beside join tokens, which are taken always. */
  readonly attestors?: readonly Attestor[];
  readonly observer?: AttestationObserver;
}

/** Everything the controller does with identities; safe to call concurrently. */
export class IdentityService {
  /** What happens, as it happens. */
  readonly events: IdentityEvents;
  /** Who may join. */
  readonly registrar: Registrar;
  /** Revocation of many at once. */
  readonly groups: RevocationDesk;
  /** Forced rotation. */
  readonly rotations: RotationDesk;
  readonly #store: MeshIdentityStore;
  readonly #authority: Authority;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #leafTtlMs: number;
  readonly #controllerUuid = randomUUID();
  readonly #attestation: AttestationDesk;

  constructor(options: IdentityServiceOptions) {
    const { attestors = [], observer = {}, ...parts } = options;
    this.#store = options.store;
    this.#authority = options.authority;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#leafTtlMs = options.leafTtlMs ?? defaultLeafTtlMs;
    const events = new IdentityEvents(options.clock);
    this.events = events;
    const caKeyHash = () => this.caKeyHash;
    this.registrar = new Registrar({
      ...{ ...parts, events, caKeyHash },
      trustDomain: this.trustDomain,
    });
    const tokens = new JoinTokenAttestor(options.store, (keyHash) =>
      options.authority.trustsRoot(keyHash),
    );
    this.#attestation = new AttestationDesk({
      ...{ events, observer, log: options.log },
      attestors: [tokens, ...attestors],
    });
    this.groups = new RevocationDesk({ ...parts, events });
    this.rotations = new RotationDesk({ ...parts, events });
  }

  /** The trust domain that all identities here belong to. */
  get trustDomain(): string {
    return this.#authority.trustDomain;
  }

  /** The root certificates that peers are checked against, the active one first. */
  get rootPem(): string {
    return this.#authority.rootPem;
  }

  /** Rises with every change of what is trusted. */
  get trustGeneration(): number {
    return this.#authority.generation;
  }

  /** SHA-256 of the active root's public key, as the last part of a token names it. */
  get caKeyHash(): string {
    return this.#authority.caKeyHash;
  }

  /**
   * Stores a registration or gives the one with the same names and labels. Fails with `usage` on a
   * bad name.
   */
  async createRegistration(request: RegistrationRequest): Promise<Registration> {
    return await this.registrar.createRegistration(request);
  }

  /** Makes a one-time token for one instance, good for ten minutes, and only from within `bounds`. */
  async issueToken(request: RegistrationRequest, bounds?: TokenBounds): Promise<IssuedToken> {
    return await this.registrar.issueToken(request, bounds);
  }

  /**
   * Trades a token and a signing request (PKCS#10, DER or PEM) for an identity. Every fault of the
   * token is `denied` with the same message; `fields.reason` says which, for the log only. A faulty
   * request is `usage` and does not use the token up.
   */
  async join(
    token: string,
    csr: Uint8Array | string,
    peer: AttestationPeer = {},
  ): Promise<IssuedIdentity> {
    return await this.attest({ method: 'join_token', evidence: { token }, csr }, peer);
  }

  /** The same with the evidence of any method that is configured. */
  async attest(request: AttestationRequest, peer: AttestationPeer = {}): Promise<IssuedIdentity> {
    const context = { ...peer, nowMs: this.#clock() };
    return await this.#attestation.attest(request, context, async (attested, method) => {
      const signing = parseCsr(request.csr);
      signing.refuseNames(undefined);
      return await this.#admit(signing, attested, method);
    });
  }

  /**
   * Gives a fresh certificate to the instance whose certificate the peer presented (and proved in
   * TLS). `denied` unless that is ours, unexpired and neither it nor its instance is revoked;
   * `conflict` when fifty certificates of the instance have not ended; `usage` on a faulty request.
   */
  async renew(
    peerCertificateDer: Uint8Array,
    csr: Uint8Array | string,
    address?: string,
  ): Promise<IssuedIdentity> {
    const grant = () => this.#renew(peerCertificateDer, csr);
    return await this.#attestation.renew(address, grant);
  }

  /** Counts and logs an attempt to join or renew that did not get as far as here. */
  reportRefused(error: DtaError, method: AttemptMethod, address: string): void {
    this.#attestation.refused(error, method, address);
  }

  async #renew(peerCertificateDer: Uint8Array, csr: Uint8Array | string): Promise<IssuedIdentity> {
    const previous = await this.#presented(peerCertificateDer);
    const instance = await this.#store.instance(previous.instance);
    const registration = instance && (await this.#store.registration(instance.registrationId));
    if (!instance || !registration) throw denied('renewal', 'instance unknown');
    const request = parseCsr(csr);
    request.refuseNames(instance.spiffeId);
    const { leaf, certificate } = await this.#sign(request, registration, instance.uuid);
    const bound = { nowMs: this.#clock(), most: mostLiveCertificates };
    const outcome = await this.#store.addCertificate(certificate, previous.sha256, bound);
    if (outcome === 'tooMany') throw tooManyLive(instance.uuid);
    if (outcome === 'revoked') throw denied('renewal', 'revoked', { instance: instance.uuid });
    const { uuid, spiffeId } = instance;
    this.events.add({ kind: 'renewed', instance: uuid, spiffeId, notAfterMs: leaf.notAfterMs });
    return this.#identity(instance.uuid, instance.spiffeId, leaf);
  }

  /**
   * Revokes an instance (UUID) or one certificate (SHA-256 digest or serial, hexadecimal, colons
   * allowed). Committed before it is announced, announced before it is answered. Fails with `usage`
   * on anything else and with `notFound`.
   */
  async revoke(target: string, reason: string, actor: string): Promise<Revocation> {
    return await this.groups.revoke(target, reason, actor);
  }

  /**
   * The order that the certificate which a peer proved to own has still to follow; undefined: none.
   * `denied` when it or its instance is revoked, or it is not known.
   */
  async rotationDue(peerCertificateDer: Uint8Array): Promise<RotationOrder | undefined> {
    const standing = await this.standingOf(peerCertificateDer);
    if (standing === 'inForce') return await this.rotations.due(digestOf(peerCertificateDer));
    throw denied('renewal', standing);
  }

  /**
   * How the certificate (DER) that a peer proved to own stands. `unknown` is what was signed with our
   * key and not given out here, or has its signature written in another way.
   */
  async standingOf(peerCertificateDer: Uint8Array): Promise<'inForce' | 'revoked' | 'unknown'> {
    const certificate = await this.#store.certificateBySha256(digestOf(peerCertificateDer));
    const instance = certificate && (await this.#store.instance(certificate.instance));
    if (!instance) return 'unknown';
    const revokedAtMs = certificate.revokedAtMs ?? instance.revokedAtMs;
    return revokedAtMs === undefined ? 'inForce' : 'revoked';
  }

  /** Every instance with its newest certificate, oldest first. */
  async list(): Promise<InstanceView[]> {
    return await this.#store.instances();
  }

  /** What proxies have to refuse now; see `revocationGraceMs` for when an entry goes. */
  async revocations(): Promise<Revocations> {
    return await this.groups.current();
  }

  /**
   * The signed revocation list; the same text until what it names changes or half its life is over.
   */
  async crlPem(): Promise<string> {
    return await this.groups.crlPem();
  }

  /** Calls `listener` after each new revocation is committed; gives the function that ends it. */
  onRevoked(listener: (revocation: Revocation | GroupRevocation) => void): () => void {
    return this.groups.onRevoked(listener);
  }

  /** Which trusted issuing key signed the certificate (DER); undefined: none. */
  issuerOf(der: Uint8Array): string | undefined {
    return this.#authority.issuerOf(new X509Certificate(der))?.issuer.id;
  }

  /** Whether an issuing key is trusted now. */
  trustsIssuer(id: string): boolean {
    return this.#authority.standing.some(({ issuer }) => issuer.id === id);
  }

  /**
   * A fresh key and TLS certificate for the controller; to be asked for again before half of its
   * life is over, and when what is trusted changes.
   */
  async controllerCertificate(
    dnsNames: readonly string[],
    ips: readonly string[],
  ): Promise<ControllerCertificate> {
    const names = { dnsNames, ips };
    return await makeControllerCertificate(
      this.#authority,
      this.#controllerUuid,
      names,
      this.#clock(),
    );
  }

  /** Forgets tokens and unrevoked certificates that ended a week ago; gives how many. */
  async forgetEnded(): Promise<number> {
    return await this.#store.forgetEnded(this.#clock() - endedKeptMs);
  }

  /** A nonce that evidence of `method` has to be made with; fails with `usage` when it needs none. */
  challenge(method: string): Challenge {
    return this.#attestation.challenge(method);
  }

  async #admit(
    request: SigningRequest,
    { selectors, evidence, token }: Attested,
    method: AttestationMethod,
  ): Promise<IssuedIdentity> {
    const registration = token
      ? await this.#store.registration(token.registrationId)
      : await this.registrar.select(selectors);
    if (!registration) throw denied('join', 'no registration', { selectors });
    const uuid = randomUUID();
    const { leaf, certificate } = await this.#sign(request, registration, uuid);
    const spiffeId = formatMeshIdentity(identityOf(registration, uuid));
    const nowMs = this.#clock();
    const instance: Instance = {
      ...{ uuid, spiffeId, method, evidence },
      registrationId: registration.id,
      joinedAtMs: nowMs,
    };
    const outcome = token
      ? await this.#store.consumeToken(token.id, nowMs, instance, certificate)
      : await this.#store.admit(instance, certificate);
    if (outcome !== 'consumed' && outcome !== 'admitted') {
      const what = token ? `token ${outcome}` : `evidence ${outcome}`;
      throw denied('join', what, { tokenId: token?.id, evidence, registration: registration.id });
    }
    const { notAfterMs } = leaf;
    this.#log.info({ instance: uuid, spiffeId, method, tokenId: token?.id }, 'instance joined');
    this.events.add({ kind: 'joined', instance: uuid, spiffeId, method, notAfterMs });
    return this.#identity(uuid, spiffeId, leaf);
  }

  async #presented(der: Uint8Array): Promise<IssuedCertificate> {
    const sha256 = digestOf(der);
    const certificate = await this.#store.certificateBySha256(sha256);
    if (!certificate) throw denied('renewal', 'certificate unknown', { sha256 });
    if (!this.#authority.signed(new X509Certificate(der))) {
      throw denied('renewal', 'certificate not of this authority', { sha256 });
    }
    if (certificate.notAfterMs <= this.#clock()) throw denied('renewal', 'certificate expired');
    return certificate;
  }

  async #sign(request: SigningRequest, registration: Registration, uuid: string): Promise<Signed> {
    // Asked before it is signed: a key that is revoked meanwhile takes what is not stored yet with it.
    const keyRevision = await this.#store.keyRevision();
    const leaf = await this.#authority.issue({
      publicKeySpki: request.publicKeySpki,
      identity: identityOf(registration, uuid),
      labels: registration.labels,
      ttlMs: this.#leafTtlMs,
      nowMs: this.#clock(),
    });
    const { serial, sha256, issuer, notBeforeMs, notAfterMs } = leaf;
    const names = { serial, sha256, issuer, instance: uuid };
    return { leaf, certificate: { ...names, notBeforeMs, notAfterMs, keyRevision } };
  }

  #identity(instance: string, spiffeId: string, leaf: LeafCertificate): IssuedIdentity {
    const { certificatePem, chainPem, notBeforeMs, notAfterMs } = leaf;
    const { rootPem, trustGeneration } = this;
    return {
      instance,
      spiffeId,
      certificatePem,
      chainPem,
      rootPem,
      trustGeneration,
      notBeforeMs,
      notAfterMs,
    };
  }
}

/** What is known of who joins, beside what it shows. */
export type AttestationPeer = Pick<AttestationContext, 'address' | 'agent'>;

interface Signed {
  readonly leaf: LeafCertificate;
  readonly certificate: SignedCertificate;
}

function identityOf(registration: Registration, instance: string): MeshIdentity {
  const { trustDomain, environment, team, service } = registration;
  return { trustDomain, environment, team, service, instance };
}

/** Nothing is taken away: it mends itself when the first of them ends. */
function tooManyLive(instance: string): DtaError {
  return new DtaError(
    'conflict',
    `${mostLiveCertificates} certificates of this instance are live`,
    {
      help: 'wait until some have ended, and look who renews it so often',
      fields: { reason: 'too many live certificates', instance },
    },
  );
}

/** Each may have to be revoked, and stand in lists and states then. */
const mostLiveCertificates = 50;
const defaultLeafTtlMs = 3_600_000;
const endedKeptMs = 7 * 86_400_000;
