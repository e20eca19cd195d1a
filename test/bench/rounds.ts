/** The two ways to measure: at full speed, and instruction by instruction under callgrind. */
import { Callgrind } from './callgrind.ts';
import type { Session, Track } from './session.ts';
import type { WorkerCost } from './worker-cost.ts';

/** Of one variant. */
export interface Row {
  readonly name: string;
  /** Cost of one request, one entry a round. */
  readonly costs: readonly number[];
}

/** Rounds at full speed. */
export interface Measured {
  readonly rows: readonly Row[];
  /** Over all variants that audit. */
  readonly recordsPerBatch: number;
}

/** Rounds under callgrind. */
export interface Counted {
  readonly rows: readonly Row[];
  /** Instructions of one audit batch with the tick that sends it, one entry a round and variant. */
  readonly batchCosts: readonly number[];
}

/** How much is sent. */
export interface Amount {
  readonly rounds: number;
  readonly requests: number;
  readonly warmUp: number;
}

/** Interleaved rounds A B C, A B C, ... with `cost` around each. */
export async function measureRounds(
  session: Session,
  cost: WorkerCost,
  amount: Amount,
): Promise<Measured> {
  const { tracks, sink } = session;
  for (const track of tracks) await track.send(amount.warmUp);
  const rows = tracks.map((track) => ({ name: track.variant.name, track, costs: [] as number[] }));
  const { records, batches } = sink;
  for (let round = 1; round <= amount.rounds; round++) {
    for (const { track, costs } of rows) {
      let requests = 0;
      const spent = await cost.during(async () => {
        requests = await track.send(amount.requests);
      });
      costs.push(spent / requests);
    }
    showProgress('full speed', round, amount.rounds);
  }
  return { rows, recordsPerBatch: (sink.records - records) / (sink.batches - batches) };
}

/**
 * The same under callgrind. Everything is slow there but the clock, so that few records share a
 * batch: what a batch costs is taken out of the requests and counted by its share at full speed,
 * `recordsPerBatch`.
 */
export async function countRounds(
  session: Session,
  recordsPerBatch: number,
  amount: Amount,
): Promise<Counted> {
  const { tracks } = session;
  for (const track of tracks) await track.send(amount.warmUp);
  const callgrind = new Callgrind(session.envoy.pid, session.directory);
  await callgrind.enable();
  for (const track of tracks) await track.send(amount.warmUp);
  const rows = tracks.map((track) => ({ name: track.variant.name, track, costs: [] as number[] }));
  const batchCosts: number[] = [];
  for (let round = 1; round <= amount.rounds; round++) {
    for (const { track, costs } of rows) {
      const dense = await countSends(session, callgrind, track, 1, amount.requests);
      if (!track.variant.audits) {
        costs.push(dense.spent / dense.requests);
        continue;
      }
      const sparse = await countSends(session, callgrind, track, sparseSends, 1);
      const { request, batch } = solve(dense, sparse);
      costs.push(request + batch / recordsPerBatch);
      batchCosts.push(batch);
    }
    showProgress('callgrind', round, amount.rounds);
  }
  return { rows, batchCosts };
}

interface Sends {
  readonly requests: number;
  readonly batches: number;
  readonly spent: number;
}

async function countSends(
  session: Session,
  callgrind: Callgrind,
  track: Track,
  times: number,
  requests: number,
): Promise<Sends> {
  const { batches } = session.sink;
  let sent = 0;
  const spent = await callgrind.during(async () => {
    for (let time = 0; time < times; time++) sent += await track.send(requests);
  });
  return { requests: sent, batches: session.sink.batches - batches, spent };
}

/** Two equations, `spent = requests * request + batches * batch`. */
function solve(dense: Sends, sparse: Sends): { request: number; batch: number } {
  const determinant = dense.requests * sparse.batches - sparse.requests * dense.batches;
  const batch = (dense.requests * sparse.spent - sparse.requests * dense.spent) / determinant;
  return { batch, request: (dense.spent - dense.batches * batch) / dense.requests };
}

function showProgress(what: string, round: number, rounds: number): void {
  process.stderr.write(`${what}: round ${round} of ${rounds}\n`);
}

/** Requests that each wait for a batch of their own. */
const sparseSends = 10;
