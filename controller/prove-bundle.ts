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

/** A prover with the module at `filterPath`. */
export async function createProver(filterPath: string, clock: Clock): Promise<BundleProver> {
  const module = await loadModule(filterPath).catch((cause: unknown) => {
    throw new DtaError('setup', `the filter \`${filterPath}\` cannot be loaded`, {
      help: 'run `make wasm`, or name another file with `--filter`',
      cause,
    });
  });
  return (configuration) => {
    const now = () => BigInt(clock()) * 1_000_000n;
    const vm = new Vm(module, { env: filterEnvironment, now });
    const root = vm.startRoot({ rootId: 'dta', configuration });
    if (root.accepted) return undefined;
    return vm.logs.map(({ message }) => message).join('; ') || 'no reason was given';
  };
}
