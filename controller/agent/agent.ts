/**
 * The agent of one workload: joins, rotates, serves secrets to its Envoy and relays its audit
 * batches.
 */
import { join as joinPath } from 'node:path';

import { type Clock, systemClock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Alarm, backoffMs, pause, systemAlarm } from './alarm.ts';
import { AuditForwarder } from './audit-forwarder.ts';
import { createAuditRelay } from './audit-relay.ts';
import { ControllerClient } from './controller-client.ts';
import { type HeldIdentity, keepIdentity, keptIdentity } from './identity.ts';
import { join, renew } from './join.ts';
import { Hurry, rotate } from './rotation.ts';
import { createSdsServer, type SdsServer } from './sds-server.ts';
import { openSocketDirectory, type SocketDirectory } from './socket-directory.ts';
import { Spool } from './spool.ts';
import { followTrust } from './trust-loop.ts';

/** What an agent needs. */
export interface AgentOptions {
  /** `https://<host>:<port>` of the controller's agent server. */
  readonly controllerUrl: string;
  /** One-time join token; needed unless an identity was kept in `keyDir`. */
  readonly token?: string;
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
  readonly log: Log;
}

/** A running agent. */
export interface AgentHandle {
  readonly sdsSocket: string;
  readonly auditSocket: string;
  /**
   * Resolves with the SPIFFE ID once secrets are served; rejects, and the agent has stopped, when
   * it cannot join.
   */
  readonly ready: Promise<string>;
  /**
   * Rejects when the identity can never be renewed again: renewal was denied, or the certificate has expired. What was
   * served goes on being served; only a new token helps.
   */
  readonly ended: Promise<never>;
  /** The certificate that is served now; undefined before the first. */
  current(): HeldIdentity | undefined;
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
  readonly ready: Promise<string>;
  readonly #options: Required<Pick<AgentOptions, 'clock' | 'alarm' | 'random'>> & AgentOptions;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  readonly #controller: ControllerClient;
  readonly #directory: SocketDirectory;
  readonly #uid: number;
  readonly #kept: HeldIdentity | undefined;
  readonly #becameReady = Promise.withResolvers<string>();
  readonly ended: Promise<never>;
  readonly #hasEnded = Promise.withResolvers<never>();
  #sds: SdsServer | undefined;
  #identity: HeldIdentity | undefined;
  /** Undoes what was opened, the last first. */
  readonly #closers: (() => Promise<void>)[] = [];
  #loops: Promise<unknown>[] = [];
  #stopped: Promise<void> | undefined;

  constructor(options: AgentOptions) {
    const { clock = systemClock, alarm = systemAlarm, random = Math.random } = options;
    this.#options = { ...options, clock, alarm, random };
    this.#log = options.log.child({ workload: options.workload });
    this.#uid = options.workloadUid ?? process.getuid?.() ?? 0;
    this.#controller = new ControllerClient(options.controllerUrl, this.#stopping.signal, clock);
    // Before anything is made on disk: an agent that cannot start leaves nothing behind.
    this.#kept = this.#keptIdentity();
    this.#directory = openSocketDirectory(options.socketDir, options.workload, this.#uid);
    this.ready = this.#becameReady.promise;
    this.ended = this.#hasEnded.promise;
    this.ended.catch(() => undefined);
    // Nobody has to wait for it: a refusal is logged in any case.
    this.ready.catch(() => undefined);
  }

  get sdsSocket(): string {
    return this.#directory.sdsSocket;
  }

  get auditSocket(): string {
    return this.#directory.auditSocket;
  }

  current(): HeldIdentity | undefined {
    return this.#identity;
  }

  async open(): Promise<void> {
    try {
      const forwarder = await this.#openRelay();
      this.#sds = await createSdsServer({
        socketPath: this.sdsSocket,
        uid: this.#uid,
        log: this.#log,
      });
      this.#closers.push(this.#sds.close);
      this.#loops = [forwarder.run(), this.#live(this.#kept)];
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
    this.#becameReady.reject(new DtaError('unreachable', 'the agent was stopped'));
    await Promise.all(this.#loops);
    for (const close of this.#closers.reverse()) await close();
  }

  #keptIdentity(): HeldIdentity | undefined {
    const { keyDir, workload, clock, token } = this.#options;
    const kept = keyDir === undefined ? undefined : keptIdentity(keyDir, workload, clock());
    if (kept || token !== undefined) return kept;
    throw new DtaError('usage', `workload \`${workload}\` has no identity and no join token`, {
      help: 'make a token with `dta identity issue`; without a key directory no key is kept',
    });
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
        const { rootPem, ...held } = this.#identity ?? notJoined();
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

  async #live(kept: HeldIdentity | undefined): Promise<void> {
    const { clock, alarm, random, workload } = this.#options;
    try {
      const first = kept ?? (await this.#joinPatiently());
      if (!first) return;
      this.#use(first);
      this.#log.info({ spiffeId: first.spiffeId, notAfterMs: first.notAfterMs }, 'ready');
      this.#becameReady.resolve(first.spiffeId);
      const hurry = new Hurry();
      this.#loops.push(this.#followTrust(hurry));
      await rotate({
        first,
        // Under the roots of now, which may be newer than those that came with the certificate.
        renew: (held) => renew(this.#controller, this.#identity ?? held),
        hurry,
        onRenewed: (next) => this.#use(next),
        clock,
        alarm,
        random,
        log: this.#log,
        signal: this.#stopping.signal,
      });
      if (this.#stopping.signal.aborted) return;
      this.#hasEnded.reject(
        new DtaError('denied', `the identity of workload \`${workload}\` cannot be renewed`, {
          help: 'its certificate runs out; join again with a new token of `dta identity issue`',
        }),
      );
    } catch (error) {
      this.#log.error({ err: error }, 'the agent cannot go on');
      this.#becameReady.reject(error);
      // Not awaited: stopping waits for this very loop.
      void this.stop();
    }
  }

  #followTrust(hurry: Hurry): Promise<void> {
    const { alarm, random } = this.#options;
    return followTrust({
      controller: this.#controller,
      current: () => this.#identity ?? notJoined(),
      onTrust: (rootPem, trustGeneration) => {
        this.#use({ ...(this.#identity ?? notJoined()), rootPem, trustGeneration });
      },
      onRenew: () => hurry.ask(),
      alarm,
      random,
      log: this.#log,
      signal: this.#stopping.signal,
    });
  }

  async #joinPatiently(): Promise<HeldIdentity | undefined> {
    const { token = '', alarm, random } = this.#options;
    const { signal } = this.#stopping;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        return await join(this.#controller, token);
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof DtaError) || error.code !== 'unreachable') throw error;
        // A clock that is wrong does not mend itself.
        const level = error.fields.skewMs === undefined ? 'warn' : 'error';
        this.#log[level]({ err: error, attempt }, 'cannot join yet, will try again');
        await pause(alarm, backoffMs(attempt, 250, 10_000, random()), signal);
      }
    }
    return undefined;
  }

  #use(identity: HeldIdentity): void {
    const { keyDir, workload } = this.#options;
    this.#identity = identity;
    this.#sds?.publish(identity);
    if (keyDir === undefined) return;
    try {
      keepIdentity(keyDir, workload, identity);
    } catch (error) {
      // A full disk costs the next start a token, not this one its service.
      this.#log.error({ err: error }, 'the identity cannot be kept');
    }
  }
}

function notJoined(): never {
  throw new DtaError('unreachable', 'not joined yet');
}
