/** One Envoy with all variants, and one open connection to each. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../envoy/envoy-process.ts';
import { TestMesh } from '../xds/mesh.ts';
import { AuditSink } from './audit-sink.ts';
import { AuthzServer } from './authz-server.ts';
import { benchBootstrap } from './bootstrap.ts';
import { Caller, REQUEST } from './caller.ts';
import { PinnedEnvoy } from './pinned-envoy.ts';
import { makeVariants, type Parties, type Variant } from './variants.ts';

/** Core of Envoy. */
export const ENVOY_CPU = 0;

/** A variant with its connection. */
export interface Track {
  readonly variant: Variant;
  /**
   * Sends the variant's share of `count` requests, at least one, one after another; done when their audit records have
   * arrived too. Returns how many it sent.
   */
  send(count: number): Promise<number>;
}

/** What is compared, by which request. */
export interface Subject {
  readonly makeVariants: (parties: Parties) => Variant[];
  /** Bytes of the request. */
  readonly request: Buffer;
  /** Server that answers `ok`; without it the route does. */
  readonly upstreamPort?: number;
}

/** What is measured; `close` ends all of it. */
export class Session {
  readonly envoy: PinnedEnvoy;
  readonly tracks: readonly Track[];
  readonly sink: AuditSink;
  readonly directory: string;
  readonly #callers: readonly Caller[];
  readonly #authz: AuthzServer;

  private constructor(
    envoy: PinnedEnvoy,
    sink: AuditSink,
    authz: AuthzServer,
    directory: string,
    links: readonly Link[],
  ) {
    this.envoy = envoy;
    this.sink = sink;
    this.#authz = authz;
    this.directory = directory;
    this.#callers = links.map(({ caller }) => caller);
    this.tracks = links.map((link) => ({ ...link, send: (count) => send(link, sink, count) }));
  }

  /** Starts Envoy, with `prefix` in front of its command, and connects to every listener. */
  static async open(
    filterPath: string,
    prefix: (directory: string) => string[] = () => [],
    subject: Subject = DECISIONS,
  ): Promise<Session> {
    const directory = await mkdtemp(join(tmpdir(), 'dta-bench-'));
    const auditSocket = join(directory, 'audit.sock');
    const sink = await AuditSink.listen(auditSocket);
    const authz = await AuthzServer.listen();
    let envoy: PinnedEnvoy | undefined;
    try {
      const mesh = new TestMesh();
      const client = mesh.leaf('checkout', { team: 'payments', ttlMs });
      const caPem = mesh.authority.rootPem;
      const variants = subject.makeVariants({ filterPath, client });
      const services = [...new Set(variants.map(({ service }) => service))];
      const servers = new Map(
        services.map((service) => [service, mesh.leaf(service, { team: 'fulfilment', ttlMs })]),
      );
      const ports: number[] = [];
      for (const _ of variants) ports.push(await freePort());
      const bootstrap = benchBootstrap(variants, {
        servers,
        caPem,
        auditSocket,
        authzPort: authz.port,
        ports,
        upstreamPort: subject.upstreamPort,
      });
      const command = ['taskset', '-c', String(ENVOY_CPU), ...prefix(directory)];
      envoy = await PinnedEnvoy.start(directory, bootstrap, command);
      const links: Link[] = [];
      for (const [index, variant] of variants.entries()) {
        links.push({
          variant,
          caller: await Caller.open(ports[index] ?? 0, client, caPem, subject.request),
        });
      }
      return new Session(envoy, sink, authz, directory, links);
    } catch (error) {
      await close(envoy, sink, authz, directory);
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const caller of this.#callers) caller.close();
    await close(this.envoy, this.sink, this.#authz, this.directory);
  }
}

interface Link {
  readonly variant: Variant;
  readonly caller: Caller;
}

/** Waits for the audit records so that the next variant does not pay for them. */
async function send({ variant, caller }: Link, sink: AuditSink, count: number): Promise<number> {
  const requests = Math.max(1, Math.round(count * variant.share));
  const records = sink.records + (variant.audits ? requests : 0);
  await caller.send(requests);
  await sink.waitFor(records);
  return requests;
}

async function close(
  envoy: PinnedEnvoy | undefined,
  sink: AuditSink,
  authz: AuthzServer,
  directory: string,
): Promise<void> {
  await envoy?.stop();
  sink.close();
  authz.close();
  await rm(directory, { recursive: true });
}

const ttlMs = 4 * 3_600_000;

const DECISIONS: Subject = { makeVariants, request: REQUEST };
