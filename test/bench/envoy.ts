/** `make bench-envoy`: what the filter adds to a request in a real Envoy, against native RBAC. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { callgrindCommand, hasCallgrind } from './callgrind.ts';
import { PinnedEnvoy } from './pinned-envoy.ts';
import { printBounds, printHeading, printTable } from './report.ts';
import { countRounds, measureRounds } from './rounds.ts';
import { Session } from './session.ts';
import { chooseWorkerCost } from './worker-cost.ts';

const fullSpeed = {
  rounds: Number(process.env.BENCH_ROUNDS ?? 31),
  requests: Number(process.env.BENCH_REQUESTS ?? 2_000),
  warmUp: 5_000,
};
const underCallgrind = { rounds: 3, requests: 1_000, warmUp: 200 };
const loadCpu = 1;

const filterPath = new URL('../../build/filter.wasm', import.meta.url).pathname;
if (!existsSync(filterPath)) throw new Error('no build/filter.wasm: run `make build`');
// The load and the audit server run in this process: on the other core, threads included.
spawnSync('taskset', ['-a', '-c', '-p', String(loadCpu), String(process.pid)]);

const { measured, cost } = await runFullSpeed();
printHeading(PinnedEnvoy.version());
printTable(cost.title, cost.unit, measured.rows, fullSpeed);
if (cost.unit === 'instructions' || !hasCallgrind()) {
  printBounds(cost.title, measured.rows);
} else {
  const counted = await runCallgrind(measured.recordsPerBatch);
  const title = 'user instructions of the worker (callgrind)';
  printTable(title, 'instructions', counted.rows, underCallgrind, {
    batchCosts: counted.batchCosts,
    recordsPerBatch: measured.recordsPerBatch,
  });
  printBounds(title, counted.rows);
}

async function runFullSpeed() {
  const session = await Session.open(filterPath);
  try {
    const cost = chooseWorkerCost(session.envoy.workerTid());
    const measured = await measureRounds(session, cost, fullSpeed);
    return { measured, cost };
  } finally {
    await session.close();
  }
}

async function runCallgrind(recordsPerBatch: number) {
  const session = await Session.open(filterPath, callgrindCommand);
  try {
    return await countRounds(session, recordsPerBatch, underCallgrind);
  } finally {
    await session.close();
  }
}
