/** `dta federation`: foreign trust domains whose workloads may call, and our own bundle for others. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';

import { FederationClient } from '../../api/federation-client.ts';
import type { FederatedReply, FederationInput } from '../../api/federation-messages.ts';
import { DtaError } from '../../errors.ts';
import { dataDirOption, operatorClient } from '../operator-option.ts';
import { outputOption, printJson, printTable, showTime } from '../output.ts';

interface Options {
  readonly dataDir: string;
  readonly output: string;
}

/** The command with its subcommands. */
export function federationCommand(): Command {
  return new Command('federation')
    .description('trust other SPIFFE trust domains, and give out our own bundle')
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(refreshCommand())
    .addCommand(removeCommand())
    .addCommand(exportCommand());
}

function addCommand(): Command {
  return new Command('add')
    .description('federate a trust domain, or change where its bundle comes from')
    .argument('<trust-domain>', 'for example `partner.example`')
    .option('--url <https-url>', 'its bundle endpoint (https_web)')
    .option('--ca <file>', 'PEM of the authorities of that endpoint (default: those of Node)')
    .option('--file <path>', 'its bundle in a file that the controller reads, again and again')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (name: string, options: Options & SourceOptions) => {
      const added = await clientOf(options).add(name, sourceOf(options));
      if (options.output === 'json') return printJson(added);
      console.log(`${name} is federated: ${rootsOf(added)}`);
      console.log('its workloads may call where an allow rule names the domain');
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('list the federated trust domains')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (options: Options) => {
      const domains = await clientOf(options).list();
      if (options.output === 'json') return printJson(domains);
      printTable(
        ['TRUST DOMAIN', 'ROOTS', 'SEQUENCE', 'REFRESHED', 'STATE', 'FROM'],
        domains.map((domain) => [
          domain.trustDomain,
          String(domain.roots.length),
          String(domain.sequence ?? '-'),
          showTime(domain.refreshedAtMs),
          stateOf(domain),
          placeOf(domain),
        ]),
      );
    });
}

function showCommand(): Command {
  return new Command('show')
    .description('show a federated trust domain with its roots')
    .argument('<trust-domain>', 'as `dta federation list` shows it')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (name: string, options: Options) => {
      const domain = await clientOf(options).show(name);
      if (options.output === 'json') return printJson(domain);
      print(domain);
    });
}

function refreshCommand(): Command {
  return new Command('refresh')
    .description('look for a newer bundle now')
    .argument('<trust-domain>', 'as `dta federation list` shows it')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (name: string, options: Options) => {
      const domain = await clientOf(options).refresh(name);
      if (options.output === 'json') return printJson(domain);
      console.log(`${name}: ${rootsOf(domain)}, changed ${showTime(domain.changedAtMs)}`);
    });
}

function removeCommand(): Command {
  return new Command('remove')
    .description('end the trust in a domain, on open connections too')
    .argument('<trust-domain>', 'as `dta federation list` shows it')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (name: string, options: Options) => {
      await clientOf(options).remove(name);
      if (options.output === 'json') return printJson({ trustDomain: name, removed: true });
      console.log(`${name} is federated no more`);
    });
}

function exportCommand(): Command {
  return new Command('export')
    .description('write our own SPIFFE bundle, for others to federate this mesh')
    .option('--out <file>', 'where to (default: the standard output)')
    .addOption(dataDirOption())
    .action(async ({ out, ...options }: Options & { out?: string }) => {
      const { trustDomain, document } = await clientOf(options).ownBundle();
      if (out === undefined) {
        process.stdout.write(document);
        return;
      }
      writeFileSync(out, document);
      console.log(`the bundle of ${trustDomain} is in ${out}`);
    });
}

interface SourceOptions {
  readonly url?: string;
  readonly ca?: string;
  readonly file?: string;
}

function sourceOf({ url, ca, file }: SourceOptions): FederationInput['source'] {
  if ((url === undefined) === (file === undefined)) {
    throw new DtaError('usage', 'the bundle comes from one place', {
      help: 'give either `--url` or `--file`',
    });
  }
  if (file !== undefined) {
    if (ca === undefined) return { kind: 'file', path: resolve(file) };
    throw new DtaError('usage', '`--ca` goes with `--url`', { help: 'leave it out' });
  }
  const caPem = ca === undefined ? undefined : readPem(ca);
  return { kind: 'https_web', url: url ?? '', ...(caPem !== undefined && { caPem }) };
}

function readPem(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  } catch (cause) {
    throw new DtaError('usage', `\`${path}\` cannot be read`, { cause });
  }
  throw new DtaError('usage', `\`${path}\` has no certificate`, { help: 'expected PEM' });
}

function print(domain: FederatedReply): void {
  const { fault, sequence, refreshHintSeconds } = domain;
  console.log(`${domain.trustDomain}: ${stateOf(domain)}`);
  console.log(
    `from       ${placeOf(domain)}, added ${showTime(domain.addedAtMs)} by ${domain.actor}`,
  );
  console.log(
    `refreshed  ${showTime(domain.refreshedAtMs)}, next ${showTime(domain.nextRefreshMs)}`,
  );
  console.log(`changed    ${showTime(domain.changedAtMs)}`);
  console.log(`sequence   ${sequence ?? 'none'}, refresh hint ${refreshHintSeconds ?? 'none'}`);
  if (fault !== undefined) console.log(`fault      ${fault}`);
  for (const { subject, sha256, notAfterMs } of domain.roots) {
    console.log(`root       ${sha256.slice(0, 16)} until ${showTime(notAfterMs)}: ${subject}`);
  }
}

function stateOf({ fault, isStale, roots }: FederatedReply): string {
  if (isStale) return 'stale';
  if (fault !== undefined) return 'not refreshed';
  return roots.length === 0 ? 'trusts nobody' : 'current';
}

function placeOf({ source }: FederatedReply): string {
  return source.kind === 'file' ? source.path : source.url;
}

function rootsOf({ roots }: FederatedReply): string {
  if (roots.length === 0) return 'its bundle has no roots, so nobody is trusted';
  return roots.length === 1 ? '1 root' : `${roots.length} roots`;
}

function clientOf({ dataDir }: Pick<Options, 'dataDir'>): FederationClient {
  return new FederationClient(operatorClient(dataDir));
}
