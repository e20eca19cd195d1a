/** One Envoy with all variants, and one open connection to each. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../envoy/envoy-process.ts';
import { TestMesh } from '../xds/mesh.ts';
import { AuditSink } from './audit-sink.ts';
import { benchBootstrap } from './bootstrap.ts';
import { Caller } from './caller.ts';
import { PinnedEnvoy } from './pinned-envoy.ts';
import { makeVariants, type Variant } from './variants.ts';

/** Core of Envoy. */
export const ENVOY_CPU = 0;

/** A variant with its connection. */
export interface Track {
  readonly variant: Variant;
  /** Sends requests one after another; done when their audit records have arrived too. */
  send(count: number): Promise<void>;
}

/** What is measured; `close` ends all of it. */
export class Session {
  readonly envoy: PinnedEnvoy;
  readonly tracks: readonly Track[];
  readonly sink: AuditSink;
  readonly directory: string;
  readonly #callers: readonly Caller[];

  private constructor(
    envoy: PinnedEnvoy,
    sink: AuditSink,
    directory: string,
    links: readonly Link[],
  ) {
    this.envoy = envoy;
    this.sink = sink;
    this.directory = directory;
    this.#callers = links.map(({ caller }) => caller);
    this.tracks = links.map((link) => ({ ...link, send: (count) => send(link, sink, count) }));
  }

  /** Starts Envoy, with `prefix` in front of its command, and connects to every listener. */
  static async open(
    filterPath: string,
    prefix: (directory: string) => string[] = () => [],
  ): Promise<Session> {
    const directory = await mkdtemp(join(tmpdir(), 'dta-bench-'));
    const auditSocket = join(directory, 'audit.sock');
    const sink = await AuditSink.listen(auditSocket);
    let envoy: PinnedEnvoy | undefined;
    try {
      const mesh = new TestMesh();
      const server = mesh.leaf('orders', { team: 'fulfilment', ttlMs });
      const client = mesh.leaf('checkout', { team: 'payments', ttlMs });
      const caPem = mesh.authority.rootPem;
      const variants = makeVariants({ filterPath, server, client });
      const ports: number[] = [];
      for (const _ of variants) ports.push(await freePort());
      const bootstrap = benchBootstrap(variants, { server, caPem, auditSocket, ports });
      const command = ['taskset', '-c', String(ENVOY_CPU), ...prefix(directory)];
      envoy = await PinnedEnvoy.start(directory, bootstrap, command);
      const links: Link[] = [];
      for (const [index, variant] of variants.entries()) {
        links.push({ variant, caller: await Caller.open(ports[index] ?? 0, client, caPem) });
      }
      return new Session(envoy, sink, directory, links);
    } catch (error) {
      await close(envoy, sink, directory);
      throw error;
    }
  }

  async close(): Promise<void> {
    for (const caller of this.#callers) caller.close();
    await close(this.envoy, this.sink, this.directory);
  }
}

interface Link {
  readonly variant: Variant;
  readonly caller: Caller;
}

/** Waits for the audit records so that the next variant does not pay for them. */
async function send({ variant, caller }: Link, sink: AuditSink, count: number): Promise<void> {
  const records = sink.records + (variant.audits ? count : 0);
  await caller.send(count);
  await sink.waitFor(records);
}

async function close(
  envoy: PinnedEnvoy | undefined,
  sink: AuditSink,
  directory: string,
): Promise<void> {
  await envoy?.stop();
  sink.close();
  await rm(directory, { recursive: true });
}

const ttlMs = 4 * 3_600_000;
