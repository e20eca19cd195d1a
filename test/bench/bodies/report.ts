/** Prints the comparison of bodies and its bound, as Markdown. */
import type { Amount, Row } from '../rounds.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import type { WorkerCost } from '../worker-cost.ts';
import { BUFFER, LUA, OURS, OURS_IDLE, OURS_NONE } from './variants.ts';

/** Least that the script adds, in multiples of what the filter adds. */
const LUA_MULTIPLE = 15;
/** Pieces that Envoy's worker reads a body in: its buffer slices. */
const CHUNK_BYTES = 16_384;
/** Most instructions of a body callback that has nothing to do. */
const IDLE_MOST = 2_500;

/** One table; `added` is taken against the buffer filter in the same round. */
export function printBodyTable(
  title: string,
  unit: WorkerCost['unit'],
  bodyBytes: number,
  rows: readonly Row[],
  amount: Amount,
): void {
  print(
    `\n## A body of ${kilobytes(bodyBytes)}: ${title}, ${unit === 'ns' ? 'µs' : 'thousands'} a request`,
  );
  print(
    `${amount.rounds} interleaved rounds of ${amount.requests} requests; median (min to max)\n`,
  );
  print('| filter | whole request | over the buffer filter | for each byte |');
  print('|---|---|---|---|');
  for (const { name, costs } of rows) {
    const added = addedOf(rows, name, BUFFER);
    const each = (added.median / bodyBytes).toFixed(2);
    print(`| ${name} | ${show(spreadOf(costs))} | ${show(added)} | ${each} |`);
  }
}

/** Whether the filter is within its bounds. */
export function printBodyBounds(title: string, bodyBytes: number, rows: readonly Row[]): void {
  print(`\n## Bounds for ${kilobytes(bodyBytes)}, by ${title}\n`);
  print('| what | bound | measured | |');
  print('|---|---|---|---|');
  const ratio = addedOf(rows, LUA, BUFFER).median / addedOf(rows, OURS, BUFFER).median;
  print(
    `| ${LUA} over ${OURS}, both over the buffer filter | at least ${LUA_MULTIPLE}x | ${ratio.toFixed(1)}x | ${
      ratio >= LUA_MULTIPLE ? 'pass' : `falls short by ${(LUA_MULTIPLE - ratio).toFixed(1)}x`
    } |`,
  );
  const callbacks = Math.ceil(bodyBytes / CHUNK_BYTES);
  const idle = addedOf(rows, OURS_IDLE, OURS_NONE).median / callbacks;
  print(
    `| ${OURS_IDLE} over ${OURS_NONE}, for each of ${callbacks} chunks | at most ${IDLE_MOST} instructions | ${idle.toFixed(0)} | ${
      idle <= IDLE_MOST ? 'pass' : 'falls short'
    } |`,
  );
}

function addedOf(rows: readonly Row[], name: string, over: string): Spread {
  const base = costsOf(rows, over);
  return spreadOf(costsOf(rows, name).map((cost, round) => cost - (base[round] ?? Number.NaN)));
}

function costsOf(rows: readonly Row[], name: string): readonly number[] {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`no row \`${name}\``);
  return row.costs;
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1024)} KB`;
}

function show({ median, min, max }: Spread): string {
  const thousand = (value: number) => (value / 1000).toFixed(1);
  return `${thousand(median)} (${thousand(min)} to ${thousand(max)})`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
