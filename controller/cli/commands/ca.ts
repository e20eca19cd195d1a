/** `dta ca`: the certificate authority, and the rotation of its issuing keys. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';

import type { IssuerReply } from '../../api/authority-messages.ts';
import { DtaError } from '../../errors.ts';
import type { UpstreamIssuer } from '../../identity/make-issuer.ts';
import type { Curve } from '../../identity/signing-key.ts';
import { initAuthority } from '../../init-authority.ts';
import { dataDirOption, operatorClient } from '../operator-option.ts';
import { outputOption, printJson, printTable, showTime } from '../output.ts';
import { keyCommandOption, splitCommand } from './key-command-option.ts';

export function caCommand(): Command {
  const command = new Command('ca').description('the certificate authority and its issuing keys');
  command.addCommand(initCommand());
  command.addCommand(showCommand());
  command.addCommand(prepareCommand());
  command.addCommand(activateCommand());
  command.addCommand(taintCommand());
  command.addCommand(revokeCommand());
  return command;
}

interface UpstreamOptions {
  readonly upstreamCert?: string;
  readonly upstreamKey?: string;
  readonly upstreamRoot?: string;
}

interface InitOptions extends UpstreamOptions {
  readonly trustDomain: string;
  readonly rootCurve?: Curve;
  readonly keyCommand?: string;
  readonly dataDir: string;
}

function initCommand(): Command {
  const command = new Command('init')
    .description('make the authority of a new mesh, before the controller is started on it')
    .requiredOption('--trust-domain <name>', 'trust domain of the mesh; cannot be changed')
    .addOption(rootCurveOption())
    .addOption(keyCommandOption());
  return upstreamOptions(command)
    .addOption(dataDirOption())
    .action(async (options: InitOptions) => {
      const { dataDir, trustDomain, rootCurve, keyCommand } = options;
      const { active } = await initAuthority(resolve(dataDir), trustDomain, {
        rootCurve,
        upstream: readUpstream(options),
        keyCommand: keyCommand === undefined ? undefined : splitCommand(keyCommand),
      });
      console.log(`authority of ${trustDomain}: issuing key ${active.id}`);
    });
}

interface Options {
  readonly dataDir: string;
  readonly output: string;
}

interface ChangeOptions extends Options {
  readonly reason: string;
  readonly force?: boolean;
}

function showCommand(): Command {
  return new Command('show')
    .description('list the issuing keys, what lives of each, and who does not know it yet')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ dataDir, output }: Options) => {
      const authority = await operatorClient(dataDir).authority();
      if (output === 'json') return printJson(authority);
      printTable(
        ['KEY', 'STATE', 'SINCE', 'ENDS', 'CERTIFICATES', 'INSTANCES', 'NOT KNOWN TO'],
        authority.issuers.map((issuer) => [
          issuer.id,
          issuer.state,
          showTime(issuer.changedAtMs),
          showTime(issuer.notAfterMs),
          String(issuer.live),
          String(issuer.instances),
          issuer.lacking.length === 0 ? '-' : String(issuer.lacking.length),
        ]),
      );
      for (const { id, lacking } of authority.issuers) {
        for (const { who, what } of lacking)
          console.log(`${id} is not known to the ${what} of ${who}`);
      }
    });
}

interface PrepareOptions extends ChangeOptions, UpstreamOptions {
  readonly sameRoot?: boolean;
  readonly rootCurve?: Curve;
}

function prepareCommand(): Command {
  const command = new Command('prepare')
    .description('make the next issuing key and have it trusted everywhere; it signs nothing yet')
    .option('--same-root', 'under the active root, whose key has to be here', false)
    .addOption(rootCurveOption());
  return upstreamOptions(command)
    .option('--reason <text>', 'recorded with the key', '')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (options: PrepareOptions) => {
      const { sameRoot = false, rootCurve, reason, dataDir, output } = options;
      const upstream = readUpstream(options);
      const prepared = await operatorClient(dataDir).prepareIssuer({
        ...{ sameRoot, reason },
        ...(rootCurve && { rootCurve }),
        ...(upstream && { upstream }),
      });
      if (output === 'json') return printJson(prepared);
      console.log(`issuing key ${prepared.id} is prepared; ${waitingFor(prepared)}`);
    });
}

function activateCommand(): Command {
  return changeCommand('activate', 'let the prepared key sign, and retire the one before')
    .option('--force', 'though somebody who is connected does not know it', false)
    .action(async ({ reason, force = false, dataDir, output }: ChangeOptions) => {
      const active = await operatorClient(dataDir).activateIssuer({ reason, force });
      if (output === 'json') return printJson(active);
      console.log(`issuing key ${active.id} signs from now on`);
    });
}

function taintCommand(): Command {
  return changeCommand('taint', 'have everybody renew at once who lives on a retired key')
    .argument('<key>', 'key, or how it begins')
    .action(async (key: string, { reason, dataDir, output }: ChangeOptions) => {
      const tainted = await operatorClient(dataDir).taintIssuer(key, { reason });
      if (output === 'json') return printJson(tainted);
      console.log(`issuing key ${tainted.id} is tainted; ${tainted.instances} instances renew`);
    });
}

function revokeCommand(): Command {
  return changeCommand('revoke', 'end the trust in a key at once, and revoke all it signed')
    .argument('<key>', 'key, or how it begins')
    .option('--force', 'though instances live on it: they have to join again', false)
    .action(async (key: string, { reason, force = false, dataDir, output }: ChangeOptions) => {
      const revoked = await operatorClient(dataDir).revokeIssuer(key, { reason, force });
      if (output === 'json') return printJson(revoked);
      console.log(`issuing key ${revoked.id} is revoked with all it signed`);
    });
}

function changeCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--reason <text>', 'recorded with the change', '')
    .addOption(dataDirOption())
    .addOption(outputOption());
}

function rootCurveOption(): Option {
  return new Option('--root-curve <curve>', 'of a new root').choices(['P-256', 'P-384']);
}

function upstreamOptions(command: Command): Command {
  return command
    .option('--upstream-cert <file>', 'PEM: an intermediate of your own authority, and its chain')
    .option('--upstream-key <file>', 'PEM: its private key, on P-256')
    .option('--upstream-root <file>', 'PEM: the root that it leads to');
}

function readUpstream(options: UpstreamOptions): UpstreamIssuer | undefined {
  const { upstreamCert, upstreamKey, upstreamRoot } = options;
  if (upstreamCert === undefined && upstreamKey === undefined && upstreamRoot === undefined) {
    return undefined;
  }
  if (upstreamCert === undefined || upstreamKey === undefined || upstreamRoot === undefined) {
    throw new DtaError('usage', 'an upstream authority needs certificate, key and root', {
      help: 'give --upstream-cert, --upstream-key and --upstream-root',
    });
  }
  return {
    certificatesPem: read(upstreamCert),
    keyPem: read(upstreamKey),
    rootPem: read(upstreamRoot),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new DtaError('notFound', `\`${path}\` cannot be read`, { cause });
  }
}

function waitingFor({ lacking }: IssuerReply): string {
  return lacking.length === 0
    ? 'everybody who is connected knows it: `dta ca activate`'
    : `${lacking.length} of those who are connected do not know it yet: \`dta ca show\``;
}
