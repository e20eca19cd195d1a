/** Metrics of an agent (docs/metrics.md), in the Prometheus text format. */
import { Counter, Gauge, Registry } from 'prom-client';

import type { AgentObserver, AgentStatus } from './agent.ts';

/** Everything that is counted on a host. */
export class AgentMetrics {
  readonly registry = new Registry();
  readonly #renewals: Counter<'workload' | 'result'>;
  readonly #refusals: Counter<'workload' | 'socket'>;
  readonly #skew: Gauge;

  /** `statuses` is asked whenever the metrics are read. */
  constructor(statuses: () => readonly AgentStatus[], clock: () => number) {
    const registers = [this.registry];
    this.#renewals = new Counter({
      name: 'dta_agent_renewals_total',
      help: 'attempts to renew a certificate by what became of them',
      labelNames: ['workload', 'result'],
      registers,
    });
    this.#refusals = new Counter({
      name: 'dta_agent_refusals_total',
      help: 'requests on the sockets of a workload that were refused',
      labelNames: ['workload', 'socket'],
      registers,
    });
    this.#skew = new Gauge({
      name: 'dta_agent_clock_skew_seconds',
      help: 'how far the clock of this host is ahead of the controller',
      registers,
    });
    this.#addGauges(statuses, clock, registers);
  }

  /** For one workload. */
  observerOf(workload: string): AgentObserver {
    return {
      onRenewal: (result) => this.#renewals.inc({ workload, result }),
      onRefusal: (socket) => this.#refusals.inc({ workload, socket }),
      onSkew: (skewMs) => this.#skew.set(skewMs / 1000),
    };
  }

  #addGauges(
    statuses: () => readonly AgentStatus[],
    clock: () => number,
    registers: Registry[],
  ): void {
    new Gauge({
      name: 'dta_agent_certificate_left_seconds',
      help: 'time until the certificate of a workload ends; absent: it has none',
      labelNames: ['workload'],
      registers,
      collect() {
        this.reset();
        for (const { workload, notAfterMs } of statuses()) {
          if (notAfterMs !== undefined) this.set({ workload }, (notAfterMs - clock()) / 1000);
        }
      },
    });
    new Gauge({
      name: 'dta_agent_identity',
      help: '1 for the state that the identity of a workload is in',
      labelNames: ['workload', 'state'],
      registers,
      collect() {
        this.reset();
        for (const { workload, state } of statuses()) this.set({ workload, state }, 1);
      },
    });
  }
}
