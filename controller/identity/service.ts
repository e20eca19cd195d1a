/**
 * Gives, renews and takes away identities: joins the certificate authority with the store (Figure
 * 1, "Identity Provider").
 */
import { createHash, randomUUID, X509Certificate } from 'node:crypto';

import type { Clock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Authority } from './authority.ts';
import {
  type ControllerCertificate,
  makeControllerCertificate,
  systemEnvironment,
} from './controller-certificate.ts';
import { parseCsr, type SigningRequest } from './csr.ts';
import type { LeafCertificate } from './issuer.ts';
import { createToken, parseToken, secretMatches, tokenLifetimeMs } from './join-token.ts';
import type {
  IdentityStore,
  InstanceView,
  IssuedCertificate,
  Labels,
  Registration,
  Revocation,
  Revocations,
} from './model.ts';
import { checkLabels, checkName } from './names.ts';
import { RevocationDesk } from './revocation-desk.ts';
import { formatMeshIdentity, type MeshIdentity } from './spiffe-id.ts';

/** What a token is asked for. */
export interface RegistrationRequest {
  /** Absent: the authority's own; another one is refused. */
  readonly trustDomain?: string | undefined;
  readonly environment: string;
  readonly team: string;
  readonly service: string;
  readonly labels?: Labels | undefined;
}

/** A token to hand to one agent, once. */
export interface IssuedToken {
  /** `dta1.<id>.<secret>.<caKeyHash>`; a secret. */
  readonly token: string;
  readonly registration: Registration;
  readonly expiresAtMs: number;
}

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
  readonly store: IdentityStore;
  readonly authority: Authority;
  readonly clock: Clock;
  readonly log: Log;
  /** Life of a leaf; default one hour, at most 24 hours. */
  readonly leafTtlMs?: number | undefined;
}

/** Everything the controller does with identities; safe to call concurrently. */
export class IdentityService {
  readonly #store: IdentityStore;
  readonly #authority: Authority;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #leafTtlMs: number;
  readonly #controllerUuid = randomUUID();
  readonly #revocations: RevocationDesk;

  constructor(options: IdentityServiceOptions) {
    this.#store = options.store;
    this.#authority = options.authority;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#leafTtlMs = options.leafTtlMs ?? defaultLeafTtlMs;
    this.#revocations = new RevocationDesk(options);
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
    const trustDomain = request.trustDomain ?? this.trustDomain;
    if (trustDomain !== this.trustDomain) {
      throw new DtaError('usage', `trust domain \`${trustDomain}\` is not this authority's`, {
        help: `leave it out, or use \`${this.trustDomain}\``,
      });
    }
    const environment = checkName('environment', request.environment);
    if (environment === systemEnvironment) {
      throw new DtaError(
        'usage',
        `environment \`${systemEnvironment}\` is kept for the controller`,
        {
          help: 'choose another name for the environment',
        },
      );
    }
    return await this.#store.findOrAddRegistration({
      id: randomUUID(),
      trustDomain,
      environment,
      team: checkName('team', request.team),
      service: checkName('service', request.service),
      labels: checkLabels(request.labels ?? {}),
      createdAtMs: this.#clock(),
    });
  }

  /** Makes a one-time token for one instance, good for ten minutes. */
  async issueToken(request: RegistrationRequest): Promise<IssuedToken> {
    const registration = await this.createRegistration(request);
    const nowMs = this.#clock();
    const { token, id, secretSha256 } = createToken(this.caKeyHash);
    const expiresAtMs = nowMs + tokenLifetimeMs;
    await this.#store.addToken({
      id,
      secretSha256,
      registrationId: registration.id,
      createdAtMs: nowMs,
      expiresAtMs,
      consumedAtMs: undefined,
    });
    return { token, registration, expiresAtMs };
  }

  /**
   * Trades a token and a signing request (PKCS#10, DER or PEM) for an identity. Every fault of the
   * token is `denied` with the same message; `fields.reason` says which, for the log only. A faulty
   * request is `usage` and does not use the token up.
   */
  async join(token: string, csr: Uint8Array | string): Promise<IssuedIdentity> {
    const request = parseCsr(csr);
    request.refuseNames(undefined);
    const registration = await this.#redeemable(token);
    const uuid = randomUUID();
    const { leaf, certificate } = await this.#sign(request, registration, uuid);
    const spiffeId = formatMeshIdentity(identityOf(registration, uuid));
    const nowMs = this.#clock();
    const instance = { uuid, registrationId: registration.id, spiffeId, joinedAtMs: nowMs };
    const id = parseToken(token)?.id ?? '';
    const outcome = await this.#store.consumeToken(id, nowMs, instance, certificate);
    if (outcome !== 'consumed') throw denied('join', `token ${outcome}`, { tokenId: id });
    this.#log.info({ instance: uuid, spiffeId, tokenId: id }, 'instance joined');
    return this.#identity(uuid, spiffeId, leaf);
  }

  /**
   * Gives a fresh certificate to the instance whose certificate the peer presented (and proved in
   * TLS). `denied` unless that is ours, unexpired and neither it nor its instance is revoked;
   * `usage` on a faulty request.
   */
  async renew(peerCertificateDer: Uint8Array, csr: Uint8Array | string): Promise<IssuedIdentity> {
    const previous = await this.#presented(peerCertificateDer);
    const instance = await this.#store.instance(previous.instance);
    const registration = instance && (await this.#store.registration(instance.registrationId));
    if (!instance || !registration) throw denied('renewal', 'instance unknown');
    const request = parseCsr(csr);
    request.refuseNames(instance.spiffeId);
    const { leaf, certificate } = await this.#sign(request, registration, instance.uuid);
    if (!(await this.#store.addCertificate(certificate, previous.sha256))) {
      throw denied('renewal', 'revoked', { instance: instance.uuid });
    }
    return this.#identity(instance.uuid, instance.spiffeId, leaf);
  }

  /**
   * Revokes an instance (UUID) or one certificate (SHA-256 digest or serial, hexadecimal, colons
   * allowed). Committed before it is announced, announced before it is answered. Fails with `usage`
   * on anything else and with `notFound`.
   */
  async revoke(target: string, reason: string, actor: string): Promise<Revocation> {
    return await this.#revocations.revoke(target, reason, actor);
  }

  /** Every instance with its newest certificate, oldest first. */
  async list(): Promise<InstanceView[]> {
    return await this.#store.instances();
  }

  /** What proxies have to refuse now; see `revocationGraceMs` for when an entry goes. */
  async revocations(): Promise<Revocations> {
    return await this.#revocations.current();
  }

  /**
   * The signed revocation list; the same text until what it names changes or half its life is over.
   */
  async crlPem(): Promise<string> {
    return await this.#revocations.crlPem();
  }

  /** Calls `listener` after each new revocation is committed; gives the function that ends it. */
  onRevoked(listener: (revocation: Revocation) => void): () => void {
    return this.#revocations.onRevoked(listener);
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

  async #redeemable(text: string): Promise<Registration> {
    const token = parseToken(text);
    if (!token) throw denied('join', 'token malformed');
    const { id } = token;
    if (!this.#authority.trustsRoot(token.caKeyHash)) {
      throw denied('join', 'token of another authority', { id });
    }
    const stored = await this.#store.token(id);
    if (!stored) throw denied('join', 'token unknown', { id });
    if (!secretMatches(token, stored)) throw denied('join', 'token secret wrong', { id });
    if (stored.consumedAtMs !== undefined) throw denied('join', 'token used', { id });
    if (stored.expiresAtMs <= this.#clock()) throw denied('join', 'token expired', { id });
    const registration = await this.#store.registration(stored.registrationId);
    if (!registration) throw denied('join', 'registration unknown', { id });
    return registration;
  }

  async #presented(der: Uint8Array): Promise<IssuedCertificate> {
    const sha256 = createHash('sha256').update(der).digest('hex');
    const certificate = await this.#store.certificateBySha256(sha256);
    if (!certificate) throw denied('renewal', 'certificate unknown', { sha256 });
    if (!this.#authority.signed(new X509Certificate(der))) {
      throw denied('renewal', 'certificate not of this authority', { sha256 });
    }
    if (certificate.notAfterMs <= this.#clock()) throw denied('renewal', 'certificate expired');
    return certificate;
  }

  async #sign(request: SigningRequest, registration: Registration, uuid: string): Promise<Signed> {
    const leaf = await this.#authority.issue({
      publicKeySpki: request.publicKeySpki,
      identity: identityOf(registration, uuid),
      labels: registration.labels,
      ttlMs: this.#leafTtlMs,
      nowMs: this.#clock(),
    });
    const { serial, sha256, issuer, notBeforeMs, notAfterMs } = leaf;
    const certificate = { serial, sha256, issuer, notBeforeMs, notAfterMs, instance: uuid };
    return { leaf, certificate };
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

interface Signed {
  readonly leaf: LeafCertificate;
  readonly certificate: IssuedCertificate;
}

function identityOf(registration: Registration, instance: string): MeshIdentity {
  const { trustDomain, environment, team, service } = registration;
  return { trustDomain, environment, team, service, instance };
}

function denied(what: string, reason: string, fields: Record<string, unknown> = {}): DtaError {
  return new DtaError('denied', `${what} denied`, { fields: { reason, ...fields } });
}

const defaultLeafTtlMs = 3_600_000;
const endedKeptMs = 7 * 86_400_000;
