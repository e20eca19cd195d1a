/**
 * The mesh's certificate authority: the issuing keys that are trusted, one of which signs (Figure 1,
 * "Identity Provider").
 */
import { X509Certificate } from 'node:crypto';

import { DtaError } from '../errors.ts';
import { Issuer, type LeafCertificate, type LeafRequest } from './issuer.ts';
import { makeIntermediate, makeRoot } from './make-issuer.ts';
import type { IssuerRecord } from './model.ts';
import { generateSigningKey } from './signing-key.ts';
import { checkTrustDomain } from './spiffe-id.ts';

/** An issuing key and how it stands: `prepared`, `active`, `retired` or `tainted`. */
export interface StandingIssuer {
  readonly issuer: Issuer;
  readonly record: IssuerRecord;
}

/** All issuing keys that peers are to trust. Where they are kept: `authority-files.ts`. */
export class Authority {
  readonly trustDomain: string;
  #standing: readonly StandingIssuer[] = [];
  #generation = 0;

  /** Fails with `setup` unless exactly one is active. */
  constructor(trustDomain: string, standing: readonly StandingIssuer[], generation: number) {
    this.trustDomain = trustDomain;
    this.replace(standing, generation);
  }

  /** A root and an intermediate in memory, for tests and tools. Keeps nothing. */
  static async make(trustDomain: string, nowMs: number): Promise<Authority> {
    checkTrustDomain(trustDomain);
    const { key } = generateSigningKey('P-256');
    const root = { key, pem: await makeRoot(trustDomain, key, nowMs) };
    const issuing = generateSigningKey('P-256');
    const certificates = await makeIntermediate(trustDomain, root, issuing.key, nowMs);
    return Authority.of(new Issuer(trustDomain, issuing.key, certificates), nowMs);
  }

  /** An authority of one issuing key. */
  static of(issuer: Issuer, nowMs: number): Authority {
    const record = recordOf(issuer, 'active', 1, nowMs);
    return new Authority(issuer.trustDomain, [{ issuer, record }], 1);
  }

  /** Puts others in place: what is given out from now on. */
  replace(standing: readonly StandingIssuer[], generation: number): void {
    if (standing.filter(({ record }) => record.state === 'active').length !== 1) {
      throw new DtaError('setup', 'the certificate authority has no active issuing key', {
        help: 'restore `ca/` and `controller.db` from one backup',
      });
    }
    // The active one first, then the newest: who looks at one only, looks at the right one.
    this.#standing = standing.toSorted(
      (a, b) => rank(a.record) - rank(b.record) || b.record.madeAtMs - a.record.madeAtMs,
    );
    this.#generation = generation;
  }

  /** Rises with every change of what is trusted. */
  get generation(): number {
    return this.#generation;
  }

  /** Every issuing key that is trusted, the active one first. */
  get standing(): readonly StandingIssuer[] {
    return this.#standing;
  }

  get active(): Issuer {
    return (this.#standing[0] as StandingIssuer).issuer;
  }

  /** What peers are checked against: one or several roots, PEM, the active one's first. */
  get rootPem(): string {
    return [...this.#roots().values()].map(({ issuer }) => issuer.rootPem).join('');
  }

  /** SHA-256 of the active root's DER SubjectPublicKeyInfo, hexadecimal: what join tokens name. */
  get caKeyHash(): string {
    return this.active.rootKeyHash;
  }

  /** Whether a root of that key hash is trusted. */
  trustsRoot(keyHash: string): boolean {
    return this.#roots().has(keyHash);
  }

  /**
   * For each trusted root the issuing key that signs certificates of the controller itself under
   * it, so that who knows only an older root still finds it; prepared ones sign nothing yet.
   */
  serverIssuers(): Issuer[] {
    return [...this.#roots().values()]
      .filter(({ record }) => record.state !== 'prepared')
      .map(({ issuer }) => issuer);
  }

  /** Signs a leaf with the active key: see `Issuer.issue`. */
  issue(request: LeafRequest): Promise<LeafCertificate> {
    return this.active.issue(request);
  }

  /** As `issue`, at once: see `Issuer.issueNow`. */
  issueNow(request: LeafRequest): LeafCertificate {
    return this.active.issueNow(request);
  }

  /** Which trusted key signed the certificate; says nothing about its dates. */
  issuerOf(certificate: X509Certificate): StandingIssuer | undefined {
    return this.#standing.find(({ issuer }) => issuer.signed(certificate));
  }

  /** Whether a trusted key signed the certificate; says nothing about its dates. */
  signed(certificate: X509Certificate | Uint8Array): boolean {
    const parsed =
      certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate);
    return this.issuerOf(parsed) !== undefined;
  }

  /** By key hash. In the order of `standing`, where one that signs comes before one that is only prepared. */
  #roots(): Map<string, StandingIssuer> {
    const roots = new Map<string, StandingIssuer>();
    for (const each of this.#standing) {
      if (!roots.has(each.issuer.rootKeyHash)) roots.set(each.issuer.rootKeyHash, each);
    }
    return roots;
  }
}

/** What the store keeps of an issuing key. */
export function recordOf(
  issuer: Issuer,
  state: IssuerRecord['state'],
  generation: number,
  nowMs: number,
): IssuerRecord {
  return {
    id: issuer.id,
    keyHash: issuer.keyHash,
    rootKeyHash: issuer.rootKeyHash,
    state,
    generation,
    madeAtMs: nowMs,
    changedAtMs: nowMs,
    notAfterMs: issuer.notAfterMs,
    reason: '',
    actor: '',
  };
}

function rank({ state }: IssuerRecord): number {
  return ['active', 'retired', 'tainted', 'prepared'].indexOf(state);
}
