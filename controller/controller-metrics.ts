/** Metrics of the controller (docs/metrics.md); `/metrics` serves them in the Prometheus text format. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

import type { IngestObserver } from './audit/ingest.ts';
import type { FederationObserver } from './federation/model.ts';
import type { AttestationObserver } from './identity/attestation/attestation-desk.ts';
import type { XdsObserver } from './xds/model.ts';

/** Everything that is counted. */
export class ControllerMetrics {
  readonly registry = new Registry();
  readonly #pushes: Counter<'kind'>;
  readonly #answers: Counter<'result'>;
  readonly #ackSeconds: Histogram<'kind'>;
  readonly #refused: Counter;
  readonly #audit: Counter<'result'>;
  readonly #attestations: Counter<'method' | 'result'>;
  readonly #epoch: Gauge;
  readonly #bundleRefreshes: Counter<'trust_domain' | 'result'>;
  readonly #bundleRefreshed: Gauge<'trust_domain'>;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#pushes = new Counter({
      name: 'dta_xds_pushes_total',
      help: 'resources sent to proxies',
      labelNames: ['kind'],
      registers,
    });
    this.#answers = new Counter({
      name: 'dta_xds_answers_total',
      help: 'answers of proxies to what was sent',
      labelNames: ['result'],
      registers,
    });
    this.#ackSeconds = new Histogram({
      name: 'dta_xds_ack_seconds',
      help: 'from the change to the acknowledgement of a proxy',
      labelNames: ['kind'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers,
    });
    this.#refused = new Counter({
      name: 'dta_xds_refusals_total',
      help: 'streams and names that a proxy may not have',
      registers,
    });
    this.#audit = new Counter({
      name: 'dta_audit_batches_total',
      help: 'audit batches by what became of them',
      labelNames: ['result'],
      registers,
    });
    this.#attestations = new Counter({
      name: 'dta_attestations_total',
      help: 'attempts to join and to renew by what became of them',
      labelNames: ['method', 'result'],
      registers,
    });
    this.#bundleRefreshes = new Counter({
      name: 'dta_federation_refreshes_total',
      help: 'looks for newer bundles of federated trust domains by what became of them',
      labelNames: ['trust_domain', 'result'],
      registers,
    });
    this.#bundleRefreshed = new Gauge({
      name: 'dta_federation_bundle_refreshed_seconds',
      help: 'when the bundle of a federated trust domain was last found to be current, Unix time',
      labelNames: ['trust_domain'],
      registers,
    });
    this.#epoch = new Gauge({ name: 'dta_state_epoch', help: 'epoch of the state', registers });
  }

  /** Shows the epoch that is given out. */
  showEpoch(epoch: bigint): void {
    this.#epoch.set(Number(epoch));
  }

  /** For the xDS server. */
  get xds(): XdsObserver {
    return {
      onPush: ({ name }) => this.#pushes.inc({ kind: kindOf(name) }),
      onAck: ({ name, latencyMs }) => {
        this.#answers.inc({ result: 'ack' });
        this.#ackSeconds.observe({ kind: kindOf(name) }, latencyMs / 1000);
      },
      onNack: () => this.#answers.inc({ result: 'nack' }),
      onRefuse: () => this.#refused.inc(),
    };
  }

  /** For the identity service. */
  get identity(): AttestationObserver {
    return { onAttestation: (method, result) => this.#attestations.inc({ method, result }) };
  }

  /** For federation. */
  get federation(): FederationObserver {
    return {
      onRefresh: (trustDomain, result) =>
        this.#bundleRefreshes.inc({ trust_domain: trustDomain, result }),
      onStanding: (trustDomain, refreshedAtMs) => {
        const labels = { trust_domain: trustDomain };
        if (refreshedAtMs === undefined) this.#bundleRefreshed.remove(labels);
        else this.#bundleRefreshed.set(labels, refreshedAtMs / 1000);
      },
    };
  }

  /** For the audit service. */
  get audit(): IngestObserver {
    return {
      onIngest: () => this.#audit.inc({ result: 'stored' }),
      onGap: () => this.#audit.inc({ result: 'gap' }),
      onRefuse: () => this.#audit.inc({ result: 'refused' }),
    };
  }
}

/** Names are few kinds; a label of their own for each would grow without bound. */
function kindOf(name: string): string {
  return name === 'dta-state' ? 'state' : name.startsWith('dta/') ? 'bundle' : 'validation';
}
