/** `dta identity`: who may join the mesh, who has joined, who has to leave it. */
import { Command } from 'commander';

import { dataDirOption, operatorClient } from '../operator-option.ts';
import { outputOption, printJson, printTable, showTime } from '../output.ts';
import { collectLabel } from '../parse-arguments.ts';
import { inspectCommand } from './inspect.ts';

export function identityCommand(): Command {
  const command = new Command('identity').description(
    'issue, list, revoke and explain service identities',
  );
  command.addCommand(issueCommand());
  command.addCommand(listCommand());
  command.addCommand(revokeCommand());
  command.addCommand(inspectCommand());
  return command;
}

interface IssueOptions {
  readonly service: string;
  readonly team: string;
  readonly environment: string;
  readonly label?: Record<string, string>;
  readonly dataDir: string;
  readonly output: string;
}

function issueCommand(): Command {
  return new Command('issue')
    .description(
      'register a workload and print a join token for one instance of it: good once, for ten minutes',
    )
    .requiredOption('--service <name>', 'service')
    .requiredOption('--team <name>', 'owning team')
    .requiredOption('--environment <name>', 'deployment environment')
    .option('--label <name=value>', 'label, may be given again', collectLabel)
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ service, team, environment, label, dataDir, output }: IssueOptions) => {
      const request = { service, team, environment, labels: label ?? {} };
      const issued = await operatorClient(dataDir).issueIdentity(request);
      if (output === 'json') printJson(issued);
      else console.log(issued.token);
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('list the instances that have joined')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ dataDir, output }: { dataDir: string; output: string }) => {
      const identities = await operatorClient(dataDir).listIdentities();
      if (output === 'json') return printJson(identities);
      printTable(
        ['INSTANCE', 'ENVIRONMENT', 'TEAM', 'SERVICE', 'EXPIRES', 'STATE'],
        identities.map((i) => [
          i.uuid,
          i.environment,
          i.team,
          i.service,
          i.certificate ? showTime(i.certificate.notAfterMs) : '-',
          i.revokedAtMs === undefined
            ? 'valid'
            : `revoked ${showTime(i.revokedAtMs)}: ${i.revokedReason ?? ''}`,
        ]),
      );
    });
}

function revokeCommand(): Command {
  return new Command('revoke')
    .description(
      'revoke an instance (UUID) or one certificate (SHA-256 digest or serial), at once and for good',
    )
    .argument('<id>', 'UUID, digest or serial')
    .option('--reason <text>', 'recorded with the revocation', '')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(
      async (
        id: string,
        { reason, dataDir, output }: { reason: string; dataDir: string; output: string },
      ) => {
        const revocation = await operatorClient(dataDir).revoke(id, reason);
        if (output === 'json') return printJson(revocation);
        const what = revocation.repeated ? 'was revoked before' : 'revoked';
        console.log(
          `${revocation.kind} ${revocation.instance} ${what}, ${revocation.digests.length} live certificate(s)`,
        );
      },
    );
}
