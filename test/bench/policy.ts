/** `make bench-policy`: what sets of up to 100,000 rules cost to compile, to accept and to decide by. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Direction } from '../../controller/layout.ts';
import { compileBundle } from '../../controller/policy/compile.ts';
import { parsePolicySet } from '../../controller/policy/parse.ts';
import { filterEnvironment } from '../../controller/prove-bundle.ts';
import { MESH, Mesh } from '../filter/mesh.ts';
import type { FirstAccept } from './accept.ts';
import { type BenchedSet, policyBounds } from './policy-bounds.ts';
import { Asker, FEW_DECISIONS, REQUESTS_PER_ROUND, ROUNDS } from './policy-requests.ts';
import { BENCH_NOW_MS, BENCH_SERVICE, bigPolicySet } from './policy-set.ts';
import type { Spread } from './statistics.ts';
import { measureVm, VM_REQUESTS, VM_ROUNDS, type VmCosts } from './vm-decisions.ts';
import { compileVmModule } from './vm-module.ts';

const counts = (process.env.BENCH_RULES ?? '10,100,1000,10000,100000').split(',').map(Number);

const vmModule = await compileVmModule();
const folder = mkdtempSync(join(tmpdir(), 'dta-bench-'));

print('#### A set: s and ms of CPU, millions of bytes\n');
print(
  '| rules | text | parse s | compile s | bundle | accept ms | first ms | baseline code ms | VM |',
);
print('|---|---|---|---|---|---|---|---|---|');
const benched: BenchedSet[] = [];
const hostLines: string[] = [];
try {
  for (const count of counts) benched.push(await benchSet(count));
} finally {
  rmSync(folder, { recursive: true });
}
printVmTable();
print('\n#### One decision in the Node host, µs of CPU: headers in, verdict and audit out');
print(`${ROUNDS} rounds of ${REQUESTS_PER_ROUND} requests; median (min to max)\n`);
print('| rules | new caller and path | known caller and path, not cached | cached |');
print('|---|---|---|---|');
for (const line of hostLines) print(line);
print('\n#### Bounds\n');
print('| what | bound | measured | |');
print('|---|---|---|---|');
for (const line of policyBounds(benched)) print(line);

/** Prints what the set costs once; the decisions are printed behind all sets. */
async function benchSet(count: number): Promise<BenchedSet> {
  const files = bigPolicySet(count);
  const parsed = timed(() => parsePolicySet(files));
  const { set, errors } = parsed.result;
  const [error] = errors;
  if (error) throw new Error(`${error.file}:${error.line}:${error.column} ${error.message}`);
  const target = { mesh: MESH, environment: 'prod', service: BENCH_SERVICE };
  const compiled = timed(() =>
    compileBundle(
      set,
      { ...target, direction: Direction.Inbound },
      { version: 1n, nowMs: BENCH_NOW_MS },
    ),
  );
  const bundle = compiled.result;
  const first = firstAccept(bundle);
  const baseline = firstAccept(bundle, '--no-wasm-tier-up');
  const { acceptMs } = await startMesh(bundle);
  const megabytes = bundle.length / 1e6;
  const costs = [
    (files.reduce((sum, { text }) => sum + text.length, 0) / 1e6).toFixed(2),
    (parsed.ms / 1_000).toFixed(2),
    (compiled.ms / 1_000).toFixed(2),
    megabytes.toFixed(2),
    ...[acceptMs, first.cpuMs, baseline.cpuMs].map((ms) => ms.toFixed(0)),
    first.vmMegabytes.toFixed(1),
  ];
  print(`| ${count} | ${costs.join(' | ')} |`);
  const vm = measureVm(vmModule, bundle, count);
  hostLines.push(await hostLine(count, bundle));
  const compileSeconds = (parsed.ms + compiled.ms) / 1_000;
  return { count, compileSeconds, megabytes, acceptMs: baseline.cpuMs, vm };
}

async function hostLine(count: number, bundle: Uint8Array): Promise<string> {
  const full = await startMesh(bundle);
  const forgetful = await startMesh(bundle, FEW_DECISIONS);
  const asker = new Asker(full.mesh, full.root, count);
  const made = asker.timeNew();
  const forgetter = new Asker(forgetful.mesh, forgetful.root, count);
  const evaluated = forgetter.timeKnown();
  if (asker.hitRate > 0.05 || forgetter.hitRate > 0.05) throw new Error('decisions were known');
  return `| ${count} | ${[made, evaluated, asker.timeKnown()].map((spread) => show(spread, 1)).join(' | ')} |`;
}

function printVmTable(): void {
  print('\n#### One decision inside the VM, µs of CPU');
  print(`${VM_ROUNDS} rounds of ${VM_REQUESTS} requests; median (min to max)\n`);
  const columns = [
    ...['rules', 'reading the headers', 'whole decision, cached', 'rules, cached'],
    ...['rules, evaluated', 'evaluated, memory cold (median)', 'path is new'],
    'caller and path are new, whole decision',
  ];
  print(`| ${columns.join(' | ')} |`);
  print(`|${columns.map(() => '---').join('|')}|`);
  for (const { count, vm } of benched) print(`| ${count} | ${vmCells(vm).join(' | ')} |`);
}

function vmCells(vm: VmCosts): string[] {
  const { headers, whole, cached, evaluated, cold, newPath, newCaller } = vm;
  return [
    ...[headers, whole, cached, evaluated].map((spread) => show(spread, 2)),
    cold.median.toFixed(2),
    ...[newPath, newCaller].map((spread) => show(spread, 2)),
  ];
}

/** A bundle as the first one of a process: nothing is compiled yet. `flags` are V8's. */
function firstAccept(bundle: Uint8Array, ...flags: string[]): FirstAccept {
  const file = join(folder, 'bundle');
  writeFileSync(file, bundle);
  const script = join(import.meta.dirname, 'accept.ts');
  const all = ['--disable-warning=ExperimentalWarning', ...flags, script, file];
  return JSON.parse(execFileSync(process.execPath, all, { encoding: 'utf8' })) as FirstAccept;
}

async function startMesh(bundle: Uint8Array, env: Readonly<Record<string, string>> = {}) {
  const mesh = await Mesh.start({ env: { ...filterEnvironment, ...env } });
  mesh.nowMs = BENCH_NOW_MS;
  const { result: root, ms: acceptMs } = timed(() => mesh.bundle(bundle));
  if (!root.accepted) throw new Error(mesh.vm.logs.map(({ message }) => message).join('\n'));
  return { mesh, root, acceptMs };
}

/** CPU time of this thread, like all times here: other work on the machine does not count. */
function timed<T>(work: () => T): { readonly result: T; readonly ms: number } {
  const before = process.threadCpuUsage();
  const result = work();
  const { user, system } = process.threadCpuUsage(before);
  return { result, ms: (user + system) / 1_000 };
}

function show({ median, min, max }: Spread, digits: number): string {
  const [least, greatest] = [min, max].map((value) => value.toFixed(digits));
  return `${median.toFixed(digits)} (${least} to ${greatest})`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
