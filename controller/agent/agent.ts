/**
 * The agent of one workload: joins, rotates, serves secrets to its Envoy and relays its audit
 * batches.
 */
import { join as joinPath } from 'node:path';

import { type Clock, systemClock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Alarm, systemAlarm } from './alarm.ts';
import { type Attestation, attest, type TrustAnchor } from './attest.ts';
import { AuditForwarder } from './audit-forwarder.ts';
import { createAuditRelay } from './audit-relay.ts';
import { ClockComparison } from './clock-comparison.ts';
import { ControllerClient } from './controller-client.ts';
import { type HeldIdentity, keptIdentity } from './identity.ts';
import {
  IdentityKeeper,
  type IdentityState,
  type KeeperObserver,
  type Obtain,
} from './identity-keeper.ts';
import { join } from './join.ts';
import { createSdsServer, type SdsServer } from './sds-server.ts';
import { openSocketDirectory, type SocketDirectory } from './socket-directory.ts';
import { Spool } from './spool.ts';
import { createWorkloadApi, type WorkloadApi } from './workload-api/server.ts';

/** What an agent needs. */
export interface AgentOptions {
  /** `https://<host>:<port>` of the controller's agent server. */
  readonly controllerUrl: string;
  /** One-time join token; one of the two is needed unless an identity was kept in `keyDir`. */
  readonly token?: string;
  /** Other evidence of what the workload is; it is shown again when the certificate has expired. */
  readonly attestation?: { readonly how: Attestation; readonly trust: TrustAnchor };
  /** Holds `<workload>/spool/`, the audit batches that the controller has not got yet. */
  readonly stateDir: string;
  /** Holds `<workload>/agent.sock` (SDS) and `<workload>/audit.sock`. */
  readonly socketDir: string;
  /** Name of the workload on this host: 1 to 63 of `A-Z a-z 0-9 . _ -`. */
  readonly workload: string;
  /** User of the workload's Envoy; default: the agent's own. Another one takes root. */
  readonly workloadUid?: number;
  /**
   * Where the key is kept across restarts, in clear, mode 0600. Absent: it is in memory only, and
   * an agent that starts again takes a new token. What was kept goes before `token` until it
   * expires, so that a supervisor may start the agent again with the arguments that it first had.
   */
  readonly keyDir?: string;
  /** Bound of the spool; default 64 MiB. */
  readonly spoolMaxBytes?: number;
  readonly clock?: Clock;
  readonly alarm?: Alarm;
  readonly random?: () => number;
  readonly observer?: AgentObserver;
  readonly log: Log;
}

/** Hears what is worth counting. */
export interface AgentObserver extends KeeperObserver {
  /** A request on a socket was refused: for another workload's secrets, or without the header it needs. */
  onRefusal?(socket: 'sds' | 'workload'): void;
  /** How far this host's clock is ahead of the controller's. */
  onSkew?(skewMs: number): void;
}

/** How a workload is served. */
export interface AgentStatus {
  readonly workload: string;
  readonly spiffeId: string | undefined;
  readonly state: IdentityState;
  readonly notBeforeMs: number | undefined;
  readonly notAfterMs: number | undefined;
  /** Why the last attempt failed; undefined: it did not. */
  readonly lastError: string | undefined;
  readonly skewMs: number | undefined;
}

/** A running agent. */
export interface AgentHandle {
  readonly sdsSocket: string;
  readonly auditSocket: string;
  /** Where applications ask for their SVID (SPIFFE Workload API). */
  readonly workloadSocket: string;
  /**
   * Resolves with the SPIFFE ID once secrets are served; rejects, and the agent has stopped, when
   * it cannot join.
   */
  readonly ready: Promise<string>;
  /**
   * Rejects when the identity can never be renewed again: renewal was denied, or the certificate has expired, and the
   * workload cannot prove itself anew. What was served goes on being served; only a new token helps.
   */
  readonly ended: Promise<never>;
  /** The certificate that is served now; undefined before the first. */
  current(): HeldIdentity | undefined;
  status(): AgentStatus;
  /** Stops serving. What is spooled stays for the next start. */
  stop(): Promise<void>;
}

/**
 * Starts an agent; both sockets are there when it returns. A controller that is away is waited for.
 *
 * @throws DtaError `setup`, `usage` or `portInUse` when directories, address or sockets cannot be
 * used.
 */
export async function runAgent(options: AgentOptions): Promise<AgentHandle> {
  const agent = new Agent(options);
  await agent.open();
  return agent;
}

class Agent implements AgentHandle {
  readonly #options: Required<Pick<AgentOptions, 'clock' | 'alarm' | 'random'>> & AgentOptions;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  readonly #controller: ControllerClient;
  readonly #clocks: ClockComparison;
  readonly #directory: SocketDirectory;
  readonly #uid: number;
  readonly #keeper: IdentityKeeper;
  #sds: SdsServer | undefined;
  #api: WorkloadApi | undefined;
  /** Undoes what was opened, the last first. */
  readonly #closers: (() => Promise<void>)[] = [];
  #loops: Promise<unknown>[] = [];
  #stopped: Promise<void> | undefined;

  constructor(options: AgentOptions) {
    const { clock = systemClock, alarm = systemAlarm, random = Math.random } = options;
    this.#options = { ...options, clock, alarm, random };
    const { workload, keyDir, observer = {}, controllerUrl } = options;
    this.#log = options.log.child({ workload });
    this.#uid = options.workloadUid ?? process.getuid?.() ?? 0;
    this.#clocks = new ClockComparison(clock, this.#log, (skewMs) => observer.onSkew?.(skewMs));
    this.#controller = new ControllerClient(controllerUrl, this.#stopping.signal, this.#clocks);
    // Before anything is made on disk: an agent that cannot start leaves nothing behind.
    const kept = keyDir === undefined ? undefined : keptIdentity(keyDir, workload, clock());
    const obtain = this.#obtain(kept !== undefined);
    this.#directory = openSocketDirectory(options.socketDir, workload, this.#uid);
    this.#keeper = new IdentityKeeper({
      ...{ controller: this.#controller, workload, obtain, kept, keyDir, observer },
      ...{ clock, alarm, random, log: this.#log },
      onChange: (identity) => {
        this.#sds?.publish(identity);
        this.#api?.publish(identity);
      },
      signal: this.#stopping.signal,
    });
  }

  get ready(): Promise<string> {
    return this.#keeper.ready;
  }

  get ended(): Promise<never> {
    return this.#keeper.ended;
  }

  get sdsSocket(): string {
    return this.#directory.sdsSocket;
  }

  get auditSocket(): string {
    return this.#directory.auditSocket;
  }

  get workloadSocket(): string {
    return this.#directory.workloadSocket;
  }

  current(): HeldIdentity | undefined {
    return this.#keeper.current();
  }

  status(): AgentStatus {
    const { spiffeId, notBeforeMs, notAfterMs } = this.#keeper.current() ?? {};
    const { state, lastError } = this.#keeper;
    const { workload } = this.#options;
    const { skewMs } = this.#clocks;
    return { workload, spiffeId, state, notBeforeMs, notAfterMs, lastError, skewMs };
  }

  async open(): Promise<void> {
    try {
      const forwarder = await this.#openRelay();
      await this.#openSockets();
      this.#loops = [forwarder.run(), this.#live()];
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#close();
    return this.#stopped;
  }

  async #close(): Promise<void> {
    this.#stopping.abort();
    this.#keeper.giveUp(new DtaError('unreachable', 'the agent was stopped'));
    await Promise.all(this.#loops);
    for (const close of this.#closers.reverse()) await close();
  }

  #obtain(isKept: boolean): Obtain {
    const { workload, token, attestation } = this.#options;
    if (attestation) {
      const { how, trust } = attestation;
      return { isRepeatable: true, get: (held) => attest(this.#controller, how, trust, held) };
    }
    if (token !== undefined || isKept) {
      const get = () => join(this.#controller, token ?? '');
      return { isRepeatable: false, get };
    }
    throw new DtaError('usage', `workload \`${workload}\` has no identity and no join token`, {
      help: 'make a token with `dta identity issue`; without a key directory no key is kept',
    });
  }

  async #openSockets(): Promise<void> {
    const { observer = {} } = this.#options;
    const parts = { uid: this.#uid, log: this.#log };
    this.#sds = await createSdsServer({
      ...parts,
      socketPath: this.sdsSocket,
      onRefusal: () => observer.onRefusal?.('sds'),
    });
    this.#closers.push(this.#sds.close);
    this.#api = await createWorkloadApi({
      ...parts,
      socketPath: this.workloadSocket,
      onRefusal: () => observer.onRefusal?.('workload'),
    });
    this.#closers.push(this.#api.close);
  }

  async #openRelay(): Promise<AuditForwarder> {
    const { stateDir, workload, spoolMaxBytes, alarm, random } = this.#options;
    const spool = await Spool.open({
      directory: joinPath(stateDir, workload, 'spool'),
      ...(spoolMaxBytes === undefined ? {} : { maxBytes: spoolMaxBytes }),
      log: this.#log,
    });
    this.#closers.push(() => spool.close());
    const forwarder = new AuditForwarder({
      spool,
      send: async (batch) => {
        const { rootPem, ...held } = this.#keeper.current() ?? notJoined();
        await this.#controller.sendAudit(rootPem, held, batch);
      },
      alarm,
      random,
      log: this.#log,
      signal: this.#stopping.signal,
    });
    const relay = await createAuditRelay({
      socketPath: this.auditSocket,
      uid: this.#uid,
      spool,
      onSpooled: () => forwarder.notify(),
      log: this.#log,
    });
    this.#closers.push(relay.close);
    return forwarder;
  }

  async #live(): Promise<void> {
    try {
      await this.#keeper.run();
    } catch (error) {
      this.#log.error({ err: error }, 'the agent cannot go on');
      // Not awaited: stopping waits for this very loop.
      void this.stop();
    }
  }
}

function notJoined(): never {
  throw new DtaError('unreachable', 'not joined yet');
}
