/** Proves bundles: runs each through the very module that proxies load, in a VM of its own. */
import { loadModule } from '../host/module.ts';
import { Vm } from '../host/vm.ts';
import type { Clock } from './clock.ts';
import { DtaError } from './errors.ts';
import type { BundleProver } from './policy/publisher.ts';

/** What our own Envoy configuration promises to the filter. */
export const filterEnvironment = {
  DTA_IDENTITY: 'header',
  DTA_HOLD_HEADERS: 'true',
  DTA_AUDIT_CLUSTER: 'dta-agent',
} as const;

/** What only the host knows that starts Envoy: the number of its workers, as `--concurrency` has it. */
export const hostEnvironment = ['DTA_WORKERS'] as const;

/**
 * A prover with the module at `filterPath`. A VM takes `bundlesPerVm` bundles one after another, as a proxy's does: many
 * VMs of which each takes one cost time where the heap is large.
 */
export async function createProver(
  filterPath: string,
  clock: Clock,
  bundlesPerVm = 1,
): Promise<BundleProver> {
  const module = await loadModule(filterPath).catch((cause: unknown) => {
    throw new DtaError('setup', `the filter \`${filterPath}\` cannot be loaded`, {
      help: 'run `make wasm`, or name another file with `--filter`',
      cause,
    });
  });
  const now = () => BigInt(clock()) * 1_000_000n;
  const start = () => new Vm(module, { env: filterEnvironment, now });
  let vm = start();
  let proved = 0;
  return (configuration) => {
    if (proved++ % bundlesPerVm === 0) vm = start();
    vm.logs.length = 0;
    const root = vm.startRoot({ rootId: 'dta', configuration });
    if (root.accepted) {
      vm.deleteRoot(root);
      return undefined;
    }
    proved = 0;
    return vm.logs.map(({ message }) => message).join('; ') || 'no reason was given';
  };
}
