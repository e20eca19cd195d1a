/** Prints the comparison and the two bounds. */
import { cpus } from 'node:os';

import { type Spread, spreadOf } from './statistics.ts';
import { NO_FILTER, OURS_HEADER, OURS_PROPERTY, RBAC_ONE } from './variants.ts';
import type { WorkerCost } from './worker-cost.ts';

/** Everything that was measured. */
export interface Measured {
  /** Cost of one request, one entry a round; rounds have the same index in every row. */
  readonly rows: readonly { readonly name: string; readonly costs: readonly number[] }[];
  readonly cost: WorkerCost;
  readonly envoyVersion: string;
  readonly rounds: number;
  readonly requests: number;
}

/** Most that the filter may add, in multiples of what one RBAC policy adds. */
const bounds = [
  { name: OURS_HEADER, label: 'connection-manager identity', most: 3.5 },
  { name: OURS_PROPERTY, label: 'property identity', most: 4.5 },
] as const;

/** Writes the table to standard output. */
export function printReport(measured: Measured): void {
  const { cost, rounds, requests } = measured;
  const [cpu] = cpus();
  const unit = cost.unit === 'ns' ? 'µs' : 'k instructions';
  print(`envoy ${measured.envoyVersion}, 1 worker on a core of its own, ${cpu?.model ?? 'CPU'}`);
  print(`measured: ${cost.description}`);
  print(`${rounds} interleaved rounds of ${requests} requests on one mutual-TLS connection`);
  print(`${unit} a request; added: against \`${NO_FILTER}\` in the same round; median (min to max)\n`);
  print('| filter | whole request | added | ratio to RBAC, 1 policy |');
  print('|---|---|---|---|');
  const rbacAdded = spreadOf(addedOf(measured, RBAC_ONE)).median;
  for (const { name, costs } of measured.rows) {
    const added = spreadOf(addedOf(measured, name));
    const ratio = name === NO_FILTER ? '' : (added.median / rbacAdded).toFixed(2);
    const shown = name === NO_FILTER ? '' : show(added);
    print(`| ${name} | ${show(spreadOf(costs))} | ${shown} | ${ratio} |`);
  }
  print('\n| bound | at most | measured | |');
  print('|---|---|---|---|');
  for (const { name, label, most } of bounds) {
    const ratio = spreadOf(addedOf(measured, name)).median / rbacAdded;
    const verdict = ratio <= most ? 'pass' : `falls short by ${(ratio - most).toFixed(2)}`;
    print(`| ${label} | ${most}x | ${ratio.toFixed(2)}x | ${verdict} |`);
  }
}

function addedOf(measured: Measured, name: string): number[] {
  const base = costsOf(measured, NO_FILTER);
  return costsOf(measured, name).map((cost, round) => cost - (base[round] ?? Number.NaN));
}

function costsOf(measured: Measured, name: string): readonly number[] {
  const row = measured.rows.find((candidate) => candidate.name === name);
  if (row === undefined) throw new Error(`no row \`${name}\``);
  return row.costs;
}

function show({ median, min, max }: Spread): string {
  const thousand = (value: number) => (value / 1000).toFixed(2);
  return `${thousand(median)} (${thousand(min)} to ${thousand(max)})`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
