/** The agent of a host: an identity of its own if it vouches for others, and one agent for each workload. */
import { type Clock, systemClock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type AgentHandle, type AgentOptions, type AgentStatus, runAgent } from './agent.ts';
import { AgentMetrics } from './agent-metrics.ts';
import { type Alarm, systemAlarm } from './alarm.ts';
import { attest } from './attest.ts';
import { ClockComparison } from './clock-comparison.ts';
import { ControllerClient } from './controller-client.ts';
import type { HostConfig, JoinConfig, WorkloadConfig } from './host-config.ts';
import { keptIdentity } from './identity.ts';
import { IdentityKeeper, type Obtain } from './identity-keeper.ts';
import { createStatusServer } from './status-server.ts';

/** What a host's agent needs. */
export interface HostAgentOptions {
  readonly config: HostConfig;
  readonly clock?: Clock;
  readonly alarm?: Alarm;
  readonly random?: () => number;
  readonly log: Log;
}

/** A running agent of a host. */
export interface HostAgentHandle {
  /** By name of the workload; one that could not be started is not there. */
  readonly workloads: ReadonlyMap<string, AgentHandle>;
  /** Every workload, also those that could not be started, and the agent itself as `(agent)`. */
  statuses(): AgentStatus[];
  stop(): Promise<void>;
}

/**
 * Starts everything. Workloads are each other's business in nothing: one that cannot start, or is
 * refused, is logged and shown in the status, and the others go on.
 *
 * @throws DtaError `setup`, `usage` or `portInUse` when none of them can start.
 */
export async function runHostAgent(options: HostAgentOptions): Promise<HostAgentHandle> {
  const agent = new HostAgent(options);
  await agent.open();
  return agent;
}

class HostAgent implements HostAgentHandle {
  readonly workloads = new Map<string, AgentHandle>();
  readonly #options: Required<Pick<HostAgentOptions, 'clock' | 'alarm' | 'random'>> &
    HostAgentOptions;
  readonly #failed = new Map<string, AgentStatus>();
  readonly #metrics: AgentMetrics;
  readonly #stopping = new AbortController();
  #own: IdentityKeeper | undefined;
  #running: Promise<unknown> = Promise.resolve();
  #closeStatus = async (): Promise<void> => undefined;

  constructor(options: HostAgentOptions) {
    const { clock = systemClock, alarm = systemAlarm, random = Math.random } = options;
    this.#options = { ...options, clock, alarm, random };
    this.#metrics = new AgentMetrics(() => this.statuses(), clock);
  }

  async open(): Promise<void> {
    const { config, log } = this.#options;
    try {
      if (config.agent) this.#startOwn(config.agent.join);
      const errors: unknown[] = [];
      for (const workload of config.workloads) {
        const error = await this.#start(workload);
        if (error !== undefined) errors.push(error);
      }
      if (this.workloads.size === 0) throw errors[0];
      this.#closeStatus = await createStatusServer({
        socketPath: config.statusSocket,
        statuses: () => this.statuses(),
        metrics: this.#metrics.registry,
        log,
      });
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  statuses(): AgentStatus[] {
    const running = Array.from(this.workloads.values(), (agent) => agent.status());
    return [...this.#ownStatus(), ...running, ...this.#failed.values()];
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#closeStatus();
    for (const agent of this.workloads.values()) await agent.stop();
    await this.#running;
  }

  async #start(workload: WorkloadConfig): Promise<unknown> {
    const { config, log, clock, alarm, random } = this.#options;
    const { name, uid } = workload;
    try {
      const agent = await runAgent({
        controllerUrl: config.controller,
        workload: name,
        ...(uid !== undefined && { workloadUid: uid }),
        ...{ stateDir: config.stateDir, socketDir: config.socketDir },
        ...(config.keyDir !== undefined && { keyDir: config.keyDir }),
        ...this.#joinOptions(workload),
        observer: this.#metrics.observerOf(name),
        ...{ clock, alarm, random, log },
      });
      this.workloads.set(name, agent);
      return undefined;
    } catch (error) {
      log.error({ workload: name, err: error }, 'a workload cannot be served');
      const lastError = error instanceof Error ? error.message : String(error);
      this.#failed.set(name, { ...nothing, workload: name, state: 'ended', lastError });
      return error;
    }
  }

  #joinOptions({ name, uid, join: how }: WorkloadConfig): Partial<AgentOptions> {
    const agent = () => this.#own?.current();
    // A token names the root, and the agent's own roots go before it: it is not looked at then.
    const { trust = { keyHash: '' } } = this.#options.config;
    if (how.method === 'token') return { attestation: { how: { ...how, agent }, trust } };
    if (how.method !== 'unix') return { attestation: { how, trust } };
    const owner = uid ?? process.getuid?.() ?? 0;
    return { attestation: { how: { method: 'unix', workload: name, uid: owner, agent }, trust } };
  }

  #startOwn(how: Exclude<JoinConfig, { method: 'unix' }>): void {
    const { config, clock, alarm, random } = this.#options;
    const log = this.#options.log.child({ workload: ownName });
    const { signal } = this.#stopping;
    const observer = this.#metrics.observerOf(ownName);
    const clocks = new ClockComparison(clock, log, (skewMs) => observer.onSkew?.(skewMs));
    const controller = new ControllerClient(config.controller, signal, clocks);
    const { keyDir } = config;
    const kept = keyDir === undefined ? undefined : keptIdentity(keyDir, ownName, clock());
    const keeper = new IdentityKeeper({
      ...{ controller, workload: ownName, kept, keyDir, observer, signal },
      obtain: obtainOwn(controller, how, config),
      onChange: () => undefined,
      ...{ clock, alarm, random, log },
    });
    this.#own = keeper;
    this.#running = keeper.run().catch((error: unknown) => {
      log.error({ err: error }, 'the agent itself gets no identity: it vouches for nobody');
    });
  }

  #ownStatus(): AgentStatus[] {
    if (!this.#own) return [];
    const { state, lastError } = this.#own;
    const { spiffeId, notBeforeMs, notAfterMs } = this.#own.current() ?? {};
    return [{ ...nothing, workload: ownName, spiffeId, state, notBeforeMs, notAfterMs, lastError }];
  }
}

function obtainOwn(
  controller: ControllerClient,
  how: Exclude<JoinConfig, { method: 'unix' }>,
  { trust }: HostConfig,
): Obtain {
  if (how.method === 'token') {
    const token = { ...how, agent: () => undefined };
    return { isRepeatable: true, get: () => attest(controller, token, { keyHash: '' }) };
  }
  if (!trust) throw new DtaError('usage', 'nothing says which controller is meant');
  return { isRepeatable: true, get: (held) => attest(controller, how, trust, held) };
}

/** No workload can be called so. */
const ownName = '(agent)';
const nothing = {
  spiffeId: undefined,
  notBeforeMs: undefined,
  notAfterMs: undefined,
  lastError: undefined,
  skewMs: undefined,
} as const;
