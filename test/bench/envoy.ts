/** `make bench-envoy`: what the filter adds to a request in a real Envoy, against native RBAC in the same run. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../envoy/envoy-process.ts';
import { TestMesh } from '../xds/mesh.ts';
import { AuditSink } from './audit-sink.ts';
import { benchBootstrap } from './bootstrap.ts';
import { Caller } from './caller.ts';
import { PinnedEnvoy } from './pinned-envoy.ts';
import { printReport } from './report.ts';
import { makeVariants, type Variant } from './variants.ts';
import { chooseWorkerCost, type WorkerCost } from './worker-cost.ts';

const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const requests = Number(process.env.BENCH_REQUESTS ?? 20_000);
const warmUp = Number(process.env.BENCH_WARMUP ?? 5_000);
const certificateLifeMs = 4 * 3_600_000;
const envoyCpu = 0;
const loadCpu = 1;

interface Track {
  readonly variant: Variant;
  readonly caller: Caller;
  /** Cost of one request, one entry a round. */
  readonly costs: number[];
}

const filterPath = new URL('../../build/filter.wasm', import.meta.url).pathname;
if (!existsSync(filterPath)) throw new Error('no build/filter.wasm: run `make build`');
// The load and the audit server run in this process: on the other core, threads included.
spawnSync('taskset', ['-a', '-c', '-p', String(loadCpu), String(process.pid)]);
const directory = await mkdtemp(join(tmpdir(), 'dta-bench-'));
const auditSocket = join(directory, 'audit.sock');
const sink = await AuditSink.listen(auditSocket);
let envoy: PinnedEnvoy | undefined;
try {
  const mesh = new TestMesh();
  const ttlMs = certificateLifeMs;
  const server = mesh.leaf('orders', { team: 'fulfilment', ttlMs });
  const client = mesh.leaf('checkout', { team: 'payments', ttlMs });
  const caPem = mesh.authority.rootPem;
  const variants = makeVariants({ filterPath, server, client });
  const ports: number[] = [];
  for (const _ of variants) ports.push(await freePort());
  const bootstrap = benchBootstrap(variants, { server, caPem, auditSocket, ports });
  envoy = await PinnedEnvoy.start(directory, bootstrap, envoyCpu);
  const tracks: Track[] = [];
  for (const [index, variant] of variants.entries()) {
    const caller = await Caller.open(ports[index] ?? 0, client, caPem);
    tracks.push({ variant, caller, costs: [] });
  }
  const cost = chooseWorkerCost(envoy.workerTid());
  for (const track of tracks) await send(track, warmUp);
  for (let round = 0; round < rounds; round++) {
    for (const track of tracks) track.costs.push(await costOf(track, cost));
    process.stderr.write(`\rround ${round + 1} of ${rounds}`);
  }
  process.stderr.write('\n');
  for (const { caller } of tracks) caller.close();
  const rows = tracks.map(({ variant, costs }) => ({ name: variant.name, costs }));
  printReport({ rows, cost, envoyVersion: envoy.version, rounds, requests });
} finally {
  await envoy?.stop();
  sink.close();
  await rm(directory, { recursive: true });
}

async function costOf(track: Track, cost: WorkerCost): Promise<number> {
  return (await cost.during(() => send(track, requests))) / requests;
}

/** Sends requests; done when their audit records have arrived too, so that the next variant does not pay for them. */
async function send(track: Track, count: number): Promise<void> {
  const wanted = sink.received + (track.variant.audits ? count : 0);
  await track.caller.send(count);
  await sink.waitFor(wanted);
}
