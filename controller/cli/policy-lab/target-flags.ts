/** The options of a command line that say who is called. */
import { InvalidArgumentError, Option } from 'commander';

import { DtaError } from '../../errors.ts';
import type { Direction } from '../../layout.ts';
import type { BundleTarget } from '../../policy/compile.ts';
import { parseName } from '../../policy/kinds/leaf.ts';
import { parseDomain } from '../../policy/kinds/question.ts';
import type { PolicySet } from '../../policy/policy-set.ts';
import { Problem } from '../../policy/problem.ts';
import { destinationsOf } from '../../policy/select.ts';

/** What commander makes of the options. */
export interface TargetOptions {
  readonly destination?: { readonly service: string; readonly environment: string };
  readonly service?: string;
  readonly environment?: string;
  readonly mesh?: string;
  readonly federated?: string[];
}

/** Options for a destination. */
export function targetOptions(): Option[] {
  return [
    new Option('--destination <service@environment>', 'who is called').argParser(destination),
    new Option('--service <name>', 'who is called').argParser(name),
    new Option('--environment <name>', 'where it runs').argParser(name),
    new Option(
      '--mesh <domain>',
      'trust domain; default that of --spiffe-id, or mesh.test',
    ).argParser(mesh),
    new Option('--federated <domain...>', 'foreign trust domains whose workloads may call'),
  ];
}

/** The destination; `domain` is the trust domain of the source. Throws DtaError `usage` where it is not said. */
export function targetFromOptions(
  options: TargetOptions,
  direction: Direction,
  domain = 'mesh.test',
): BundleTarget {
  const service = options.destination?.service ?? options.service;
  const environment = options.destination?.environment ?? options.environment;
  if (service === undefined || environment === undefined) {
    throw new DtaError('usage', 'it is not said who is called', {
      help: 'write `--destination <service>@<environment>`, for example `orders@prod`',
    });
  }
  const own = options.mesh ?? domain;
  const federatedDomains = options.federated?.map(mesh).filter((name) => name !== own);
  return { mesh: own, service, environment, direction, federatedDomains };
}

/** Everything is denied where there are no policies: that is more often a slip than a question. Throws DtaError `usage`. */
export function checkDestination(set: PolicySet, { service, environment }: BundleTarget): void {
  const known = destinationsOf(set);
  const isKnown = known.some(
    (one) =>
      one.service === service && (one.environment === undefined || one.environment === environment),
  );
  if (isKnown) return;
  const names = known.map((one) => `${one.service}@${one.environment ?? '<any>'}`);
  throw new DtaError('usage', `no policy is for \`${service}@${environment}\``, {
    help: `the policies are for ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', ...' : ''}`,
  });
}

function destination(text: string): { service: string; environment: string } {
  const [service = '', environment, ...more] = text.split('@');
  if (environment === undefined || more.length > 0) {
    throw new InvalidArgumentError('expected <service>@<environment>, for example orders@prod');
  }
  return { service: name(service), environment: name(environment) };
}

function name(text: string): string {
  return checked(parseName(text));
}

function mesh(text: string): string {
  return checked(parseDomain(text));
}

function checked(read: string | Problem): string {
  if (read instanceof Problem) throw new InvalidArgumentError(`${read.message}: ${read.help}`);
  return read;
}
