/** What the thread of the traffic and its owner say to each other. */

/** Where requests go. */
export interface Target {
  /** Shown with failures. */
  readonly id: string;
  readonly port: number;
  /** Mutual TLS with the identity of the thread; else plaintext. */
  readonly tls: boolean;
  readonly path: string;
}

export type ToTraffic =
  | { readonly kind: 'add'; readonly target: Target }
  | { readonly kind: 'remove'; readonly id: string }
  | { readonly kind: 'rate'; readonly perSecond: number }
  | { readonly kind: 'report' }
  | { readonly kind: 'stop' };

/** Each `remove`, `report` and `stop` is answered by one. */
export interface FromTraffic {
  readonly report: TrafficReport;
}

/** What came of the requests since the last report. */
export interface TrafficReport {
  readonly requests: number;
  readonly perSecond: number;
  readonly failed: number;
  /** The first fifty. */
  readonly failures: readonly string[];
  readonly handshakes: number;
  /** Different certificates that servers showed. */
  readonly certificates: number;
  /** Different certificates that the traffic showed. */
  readonly ownCertificates: number;
  /** From the time when a request was due to its answer. */
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}
