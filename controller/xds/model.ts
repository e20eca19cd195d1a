/** The types of the xDS domain: who asks, what there is to give, how it went. */

/** A proxy as its certificate names it. */
export interface ProxyIdentity {
  /** The URI SAN, as in the certificate. */
  readonly spiffeId: string;
  readonly trustDomain: string;
  readonly environment: string;
  readonly team: string;
  readonly service: string;
  /** UUID, lower case. */
  readonly instance: string;
}

/** What a subscribed name stands for; every other name is refused (`resource-names.ts`). */
export type ResourceKey =
  | { readonly kind: 'inbound' }
  | { readonly kind: 'outbound'; readonly environment: string; readonly service: string }
  | { readonly kind: 'state' }
  | {
      readonly kind: 'validation';
      /** Absent: any workload of the mesh; else only instances of this service are trusted. */
      readonly destination?: { readonly environment: string; readonly service: string };
    };

/** A bundle or a state in its wire form. */
export interface WasmResource {
  readonly kind: 'wasm';
  /** Equal versions of one name mean equal bytes: they are not sent again. */
  readonly version: string;
  /** Bundle or state, with its 512 reserved bytes. */
  readonly configuration: Uint8Array;
}

/** Whom a proxy trusts. */
export interface ValidationResource {
  readonly kind: 'validation';
  readonly version: string;
  readonly trustDomain: string;
  /** One or several roots. */
  readonly trustedCaPem: string;
  /** One list for each issuing key. */
  readonly crlPem: string | undefined;
  /** Foreign trust domains whose workloads may call, each under its own roots only; absent or empty: none. */
  readonly federated?: readonly FederatedRoots[];
  /** One list for each root that signs no leaves itself; absent: not to be had. Used with federated domains only. */
  readonly rootCrlPem?: string | undefined;
}

/** A foreign trust domain and its roots, PEM, at least one. */
export interface FederatedRoots {
  readonly trustDomain: string;
  readonly rootPem: string;
}

export type XdsResource = WasmResource | ValidationResource;

/** A change that proxies have to hear of. */
export interface ResourceChange {
  /** Kinds that may have changed; the server compares versions and sends only what differs. */
  readonly kinds: readonly ResourceKey['kind'][];
  /** Revocations go out at once; everything else may be coalesced for 10 ms. */
  readonly urgent: boolean;
  /** Unix milliseconds of the commit that caused it, where latencies count from; absent: now. */
  readonly sinceMs?: number;
}

/** Where the server finds resources: chosen by the identity in the proxy's certificate, never by what it says. */
export interface ResourceSource {
  /**
   * What `proxy` may have under `key` now; undefined: nothing (yet). `wasm` for inbound, outbound and state,
   * `validation` for validation (with or without a destination: the server adds whom to trust). Called synchronously
   * on each push: keep compiled bytes at hand, and give the same `Uint8Array` to proxies that share a bundle.
   */
  resource(proxy: ProxyIdentity, key: ResourceKey): XdsResource | undefined;
  /** Calls `listener` on each change; returns the end of the subscription. */
  subscribe(listener: (change: ResourceChange) => void): () => void;
}

/** How one resource stands at one proxy. */
export interface ResourceStatus {
  readonly name: string;
  /** Version sent last; undefined: nothing sent yet. */
  readonly sentVersion: string | undefined;
  /** Version that the proxy said it uses. */
  readonly ackedVersion: string | undefined;
  /** Set while the newest version sent is refused: the proxy goes on with `ackedVersion`. */
  readonly nack: { readonly version: string; readonly message: string } | undefined;
  /** Milliseconds from the change to the acknowledgement of `ackedVersion`. */
  readonly ackLatencyMs: number | undefined;
}

/** One proxy: a certificate and what the proxy calls itself. */
export interface ProxyStatus {
  readonly spiffeId: string;
  /** What the proxy calls itself: shown, never trusted. */
  readonly nodeId: string;
  /** Unix milliseconds; of its oldest stream. */
  readonly connectedAtMs: number;
  readonly resources: readonly ResourceStatus[];
}

/** What happened on a stream, for metrics. */
export interface XdsObserver {
  onPush?(event: { spiffeId: string; name: string; version: string; bytes: number }): void;
  onAck?(event: { spiffeId: string; name: string; version: string; latencyMs: number }): void;
  onNack?(event: { spiffeId: string; name: string; version: string; message: string }): void;
  /** A stream was turned away, or a name was asked for that the proxy may not have. */
  onRefuse?(event: { spiffeId: string | undefined; reason: string }): void;
}
