/** What a worker that has just started pays for its first bundle: run in a process of its own by `policy.ts`. */
import { readFileSync } from 'node:fs';

import { filterEnvironment } from '../../controller/prove-bundle.ts';
import { loadModule } from '../../host/module.ts';
import { Vm } from '../../host/vm.ts';
import { BENCH_NOW_MS } from './policy-set.ts';

/** The line of JSON that this process prints. */
export interface FirstAccept {
  /** CPU time of the worker's thread, the compiler for functions that are called at last included, ms. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Memory of the VM afterwards; it never shrinks, so that is the peak. Millions of bytes. */
  readonly vmMegabytes: number;
}

const [, , file] = process.argv;
if (!file) throw new Error('name a bundle');
const configuration = new Uint8Array(readFileSync(file));
const module = await loadModule(new URL('../../build/filter.wasm', import.meta.url));
const now = (): bigint => BigInt(BENCH_NOW_MS) * 1_000_000n;
const vm = new Vm(module, { env: filterEnvironment, now });
const before = process.threadCpuUsage();
const start = performance.now();
const root = vm.startRoot({ rootId: 'dta', configuration });
const wallMs = performance.now() - start;
const { user, system } = process.threadCpuUsage(before);
if (!root.accepted) throw new Error(vm.logs.map(({ message }) => message).join('\n'));
const vmMegabytes = (vm.memoryPages * 65_536) / 1e6;
const result: FirstAccept = { cpuMs: (user + system) / 1_000, wallMs, vmMegabytes };
process.stdout.write(`${JSON.stringify(result)}\n`);
