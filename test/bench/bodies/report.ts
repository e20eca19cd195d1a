/** Prints the comparison of bodies and its bound, as Markdown. */
import type { Amount, Row } from '../rounds.ts';
import { type Spread, spreadOf } from '../statistics.ts';
import type { WorkerCost } from '../worker-cost.ts';
import { BUFFER, LUA, NO_FILTER, OURS, OURS_IDLE, OURS_NONE } from './variants.ts';

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

/** Whether masking is within its bound for one size. */
export function printBodyBounds(title: string, bodyBytes: number, rows: readonly Row[]): void {
  print(`\n## Bound for ${kilobytes(bodyBytes)}, by ${title}\n`);
  print('| what | bound | measured | |');
  print('|---|---|---|---|');
  const ratio = addedOf(rows, LUA, BUFFER).median / addedOf(rows, OURS, BUFFER).median;
  const verdict =
    ratio >= LUA_MULTIPLE ? 'pass' : `falls short by ${(LUA_MULTIPLE - ratio).toFixed(1)}x`;
  print(
    `| ${LUA} over ${OURS}, both over the buffer filter | at least ${LUA_MULTIPLE}x | ${ratio.toFixed(1)}x | ${verdict} |`,
  );
}

/** Rows of one size. */
export interface SizedRows {
  readonly bytes: number;
  readonly rows: readonly Row[];
}

/**
 * What a body callback costs that has nothing to do: what the filter adds to a large body more than to a small one, for
 * each chunk more.
 */
export function printIdleBound(title: string, small: SizedRows, large: SizedRows): void {
  print(`\n## Bound for bodies that need no masking, by ${title}\n`);
  print('| what | bound | measured | |');
  print('|---|---|---|---|');
  const chunks = chunksOf(large.bytes) - chunksOf(small.bytes);
  for (const name of [OURS_NONE, OURS_IDLE]) {
    const more = addedOf(large.rows, name, NO_FILTER).median;
    const less = addedOf(small.rows, name, NO_FILTER).median;
    const each = (more - less) / chunks;
    const verdict = each <= IDLE_MOST ? 'pass' : `falls short by ${(each - IDLE_MOST).toFixed(0)}`;
    print(
      `| ${name}, for each of ${chunks} chunks | at most ${IDLE_MOST} instructions | ${each.toFixed(0)} | ${verdict} |`,
    );
  }
}

function chunksOf(bytes: number): number {
  return Math.ceil(bytes / CHUNK_BYTES);
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
