/** The types of the federation domain: foreign trust domains, where their bundles come from, how they stand. */

/** Where the bundle of a trust domain comes from: the `https_web` profile of SPIFFE Federation, or a file. */
export type BundleSource =
  | {
      readonly kind: 'https_web';
      readonly url: string;
      /** PEM of the authorities that the server is checked against; absent: those of Node. */
      readonly caPem?: string | undefined;
    }
  | { readonly kind: 'file'; readonly path: string };

/** A federated trust domain as it is stored. */
export interface FederatedDomain {
  readonly trustDomain: string;
  readonly source: BundleSource;
  /** The last good document, as it came. */
  readonly document: string;
  /** Unix milliseconds at which it was last found to be current. */
  readonly refreshedAtMs: number;
  /** Unix milliseconds at which its content last changed. */
  readonly changedAtMs: number;
  /** Why the newest attempt failed; undefined: it did not. */
  readonly fault: string | undefined;
  readonly failingSinceMs: number | undefined;
  readonly addedAtMs: number;
  readonly actor: string;
}

/** Keeps federated domains; each method is durable when it resolves. */
export interface FederationStore {
  /** By name. */
  federatedDomains(): Promise<FederatedDomain[]>;
  /** Adds a domain, or puts another in its place. */
  keepFederated(domain: FederatedDomain): Promise<void>;
  /** Whether there was one. */
  removeFederated(trustDomain: string): Promise<boolean>;
}

/** A root of a foreign trust domain. */
export interface BundleRoot {
  readonly pem: string;
  /** SHA-256 of the certificate, hexadecimal. */
  readonly sha256: string;
  readonly subject: string;
  readonly notAfterMs: number;
}

/** What a bundle document says. */
export interface TrustBundle {
  /** Empty: nobody is trusted. */
  readonly roots: readonly BundleRoot[];
  readonly sequence: number | undefined;
  readonly refreshHintSeconds: number | undefined;
}

/** What happened, for metrics. */
export interface FederationObserver {
  onRefresh?(trustDomain: string, result: 'changed' | 'same' | 'failed'): void;
  /** `refreshedAtMs` undefined: the domain is federated no more. */
  onStanding?(trustDomain: string, refreshedAtMs: number | undefined): void;
}
