/** Prints the comparison and the bounds, as Markdown. */
import { cpus } from 'node:os';

import type { Amount, Row } from './rounds.ts';
import { type Spread, spreadOf } from './statistics.ts';
import {
  NO_FILTER,
  OURS_HEADER,
  OURS_MANY,
  OURS_PROPERTY,
  OURS_TEN,
  RBAC_HUNDRED,
  RBAC_ONE,
} from './variants.ts';
import type { WorkerCost } from './worker-cost.ts';

/** What audit batches add, where it was counted apart. */
export interface BatchShare {
  readonly batchCosts: readonly number[];
  readonly recordsPerBatch: number;
}

/** Most that `ours` may add, in multiples of what `theirs` adds. */
const bounds = [
  { ours: OURS_HEADER, theirs: RBAC_ONE, most: 3.3 },
  { ours: OURS_PROPERTY, theirs: RBAC_ONE, most: 4.5 },
  { ours: OURS_HEADER, theirs: RBAC_HUNDRED, most: 0.45 },
  { ours: OURS_MANY, theirs: OURS_TEN, most: 1.2 },
] as const;

/** On what it ran. */
export function printHeading(envoyVersion: string): void {
  const [cpu] = cpus();
  print(`Envoy ${envoyVersion}, one worker on a core of its own; ${cpus().length} x ${cpu?.model}`);
}

/** One table; `added` is taken against no filter in the same round. */
export function printTable(
  title: string,
  unit: WorkerCost['unit'],
  rows: readonly Row[],
  amount: Amount,
  share?: BatchShare,
): void {
  const shown = unit === 'ns' ? 'µs' : 'thousands';
  print(`\n## ${title}, ${shown} a request`);
  print(
    `${amount.rounds} interleaved rounds of ${amount.requests} requests; median (min to max)\n`,
  );
  print('| filter | whole request | added | times RBAC, 1 policy |');
  print('|---|---|---|---|');
  const one = addedOf(rows, RBAC_ONE).median;
  for (const { name, costs } of rows) {
    const added = addedOf(rows, name);
    const cells =
      name === NO_FILTER ? ' | ' : `${show(added)} | ${(added.median / one).toFixed(2)}`;
    print(`| ${name} | ${show(spreadOf(costs))} | ${cells} |`);
  }
  if (share === undefined) return;
  const { batchCosts, recordsPerBatch } = share;
  const records = Math.round(recordsPerBatch);
  print(
    `\nAn audit batch costs ${show(spreadOf(batchCosts))}, shared by ${records} records as above.`,
  );
}

/** Whether the filter is within its bounds. */
export function printBounds(title: string, rows: readonly Row[]): void {
  print(`\n## Bounds, by ${title}\n`);
  print('| what is added by | against | at most | measured | |');
  print('|---|---|---|---|---|');
  for (const { ours, theirs, most } of bounds) {
    const ratio = addedOf(rows, ours).median / addedOf(rows, theirs).median;
    const verdict = ratio <= most ? 'pass' : `falls short by ${(ratio - most).toFixed(2)}x`;
    print(`| ${ours} | ${theirs} | ${most}x | ${ratio.toFixed(2)}x | ${verdict} |`);
  }
}

function addedOf(rows: readonly Row[], name: string): Spread {
  const base = costsOf(rows, NO_FILTER);
  return spreadOf(costsOf(rows, name).map((cost, round) => cost - (base[round] ?? Number.NaN)));
}

function costsOf(rows: readonly Row[], name: string): readonly number[] {
  const row = rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`no row \`${name}\``);
  return row.costs;
}

function show({ median, min, max }: Spread): string {
  const thousand = (value: number) => (value / 1000).toFixed(1);
  return `${thousand(median)} (${thousand(min)} to ${thousand(max)})`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
