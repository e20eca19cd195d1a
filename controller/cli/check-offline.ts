/** Checks a policy set without a controller: parse, compile, and run every bundle through the filter itself. */
import { policyInvalid } from '../api/problem.ts';
import { systemClock } from '../clock.ts';
import { DtaError } from '../errors.ts';
import { Direction } from '../layout.ts';
import { findingsOf } from '../policy/analysis/analyse.ts';
import type { Finding } from '../policy/analysis/finding.ts';
import { compileBundle } from '../policy/compile.ts';
import { parsePolicySet } from '../policy/parse.ts';
import type { PolicyError } from '../policy/policy-error.ts';
import { destinationsOf } from '../policy/select.ts';
import { findUnknownDomains } from '../policy/unknown-domains.ts';
import type { PolicyFile } from '../policy/yaml-file.ts';
import { createProver } from '../prove-bundle.ts';
import { filterPath } from './project-paths.ts';

/** What a check found. */
export interface OfflineCheck {
  readonly policies: number;
  readonly bundles: readonly {
    readonly service: string;
    readonly environment: string;
    readonly direction: 'inbound' | 'outbound';
    readonly sizeBytes: number;
  }[];
  readonly warnings: readonly PolicyError[];
  /** What the rules say together, in the order of files and lines. */
  readonly findings: readonly Finding[];
}

/**
 * Throws `policyInvalid` with all mistakes. A destination without an environment is compiled for one named `any`. With
 * `domains`, our own and the federated ones, rules about other trust domains are warned of.
 */
export async function checkOffline(
  files: readonly PolicyFile[],
  domains: readonly string[] = [],
): Promise<OfflineCheck> {
  const { set, errors, warnings: ofSet } = parsePolicySet(files);
  const warnings = [...ofSet, ...(domains.length > 0 ? findUnknownDomains(set, domains) : [])];
  if (errors.length > 0) throw policyInvalid(errors);
  const prove = await createProver(filterPath(), systemClock, BUNDLES_PER_VM);
  const bundles = [];
  for (const { service, environment = 'any' } of destinationsOf(set)) {
    for (const [name, direction] of [
      ['inbound', Direction.Inbound],
      ['outbound', Direction.Outbound],
    ] as const) {
      const target = { mesh: 'check.invalid', environment, service, direction };
      const bytes = compileBundle(set, target, { version: 1n, nowMs: systemClock() });
      const refusal = prove(bytes);
      if (refusal !== undefined) {
        throw new DtaError(
          'internal',
          `the filter refuses the bundle of \`${service}\`: ${refusal}`,
        );
      }
      bundles.push({ service, environment, direction: name, sizeBytes: bytes.length });
    }
  }
  const policies = set.access.length + set.classifications.length + set.masking.length;
  return { policies, bundles, warnings, findings: findingsOf(set, systemClock()) };
}

const BUNDLES_PER_VM = 50;
