/** `make bench-bodies`: what masking a request body adds in a real Envoy, against a Lua script that does the same. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { orderList, secrets } from './bodies/order-list.ts';
import {
  printBodyBounds,
  printBodyTable,
  printIdleBound,
  type SizedRows,
} from './bodies/report.ts';
import { Upstream } from './bodies/upstream.ts';
import { BUFFER, makeBodyVariants, NO_FILTER } from './bodies/variants.ts';
import { callgrindCommand, hasCallgrind } from './callgrind.ts';
import { PinnedEnvoy } from './pinned-envoy.ts';
import { printHeading } from './report.ts';
import { type Amount, countRounds, measureRounds, type Row } from './rounds.ts';
import { Session, type Subject } from './session.ts';
import { chooseWorkerCost } from './worker-cost.ts';

const fullSpeed: Amount = {
  rounds: Number(process.env.BENCH_ROUNDS ?? 15),
  requests: Number(process.env.BENCH_REQUESTS ?? 100),
  warmUp: 200,
};
const underCallgrind: Amount = { rounds: 3, requests: 20, warmUp: 100 };
const loadCpu = 1;

const filterPath = new URL('../../build/filter.wasm', import.meta.url).pathname;
if (!existsSync(filterPath)) throw new Error('no build/filter.wasm: run `make build`');
// The load and the servers run in this process: on the other core, threads included.
spawnSync('taskset', ['-a', '-c', '-p', String(loadCpu), String(process.pid)]);

const upstream = await Upstream.listen();
try {
  printHeading(PinnedEnvoy.version());
  const [small, large] = [await compare(16 * 1024), await compare(256 * 1024)];
  printIdleBound(small.title, small, large);
} finally {
  upstream.close();
}

/** Full speed for the times, callgrind for the bounds where the kernel counts no instructions. */
async function compare(size: number): Promise<SizedRows & { readonly title: string }> {
  const body = orderList(size);
  const subject: Subject = {
    makeVariants: makeBodyVariants,
    request: requestWith(body),
    upstreamPort: upstream.port,
  };
  const session = await Session.open(filterPath, undefined, subject);
  const cost = chooseWorkerCost(session.envoy.workerTid());
  const measured = await measureRounds(session, cost, fullSpeed).finally(() => session.close());
  printBodyTable(cost.title, cost.unit, body.length, measured.rows, fullSpeed);
  if (cost.unit === 'instructions' || !hasCallgrind()) {
    printBodyBounds(cost.title, body.length, measured.rows);
    return { title: cost.title, bytes: body.length, rows: measured.rows };
  }
  const counted = await count(subject, measured.recordsPerBatch);
  const title = 'user instructions of the worker (callgrind)';
  printBodyTable(title, 'instructions', body.length, counted, underCallgrind);
  printBodyBounds(title, body.length, counted);
  return { title, bytes: body.length, rows: counted };
}

async function count(subject: Subject, recordsPerBatch: number): Promise<readonly Row[]> {
  const session = await Session.open(filterPath, callgrindCommand, subject);
  try {
    await checkMasked(session);
    return (await countRounds(session, recordsPerBatch, underCallgrind)).rows;
  } finally {
    await session.close();
  }
}

/** A filter that lets a secret through proves nothing by its speed. */
async function checkMasked(session: Session): Promise<void> {
  for (const { variant, send } of session.tracks) {
    await send(1);
    const isClear = secrets.some((secret) => upstream.lastBody.includes(secret));
    const passesAll =
      [NO_FILTER, BUFFER].includes(variant.name) ||
      variant.name.includes('nothing') ||
      variant.name.includes('no mask');
    if (isClear !== passesAll)
      throw new Error(`${variant.name}: secrets ${isClear ? 'came through' : 'are gone'}`);
  }
}

function requestWith(body: Buffer): Buffer {
  const head = [
    'POST /orders/1 HTTP/1.1',
    'host: orders',
    'user-agent: bench',
    'content-type: application/json',
    `content-length: ${body.length}`,
    '\r\n',
  ].join('\r\n');
  return Buffer.concat([Buffer.from(head), body]);
}
