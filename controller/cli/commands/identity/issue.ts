/** `dta identity issue`: join tokens. */
import { Command } from 'commander';

import { IdentityClient } from '../../../api/identity-client.ts';
import type { TokenReply } from '../../../api/messages.ts';
import { DtaError } from '../../../errors.ts';
import { dataDirOption, operatorClient } from '../../operator-option.ts';
import { outputOption, printJson } from '../../output.ts';
import { collectLabel } from '../../parse-arguments.ts';

interface Options {
  readonly service?: string;
  readonly team?: string;
  readonly environment?: string;
  readonly label?: Record<string, string>;
  readonly host?: string;
  readonly agent?: string;
  readonly dataDir: string;
  readonly output: string;
}

export function issueCommand(): Command {
  return new Command('issue')
    .description('print a join token for one instance of a workload: good once, for ten minutes')
    .argument('[registration]', 'name of a registration; else name the workload')
    .option('--service <name>', 'service')
    .option('--team <name>', 'owning team')
    .option('--environment <name>', 'deployment environment')
    .option('--label <name=value>', 'label, may be given again', collectLabel)
    .option('--host <address>', 'only from this address, or from a name that resolves to it')
    .option('--agent <uuid>', 'only brought by this agent, or by one of <environment>/<service>')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (registration: string | undefined, options: Options) => {
      const issued = await issue(registration, options);
      if (options.output === 'json') printJson(issued);
      else console.log(issued.token);
    });
}

async function issue(registration: string | undefined, options: Options): Promise<TokenReply> {
  const { service, team, environment, label, host, agent, dataDir } = options;
  const bounds = { ...(host !== undefined && { host }), ...(agent !== undefined && { agent }) };
  const isNamed = [service, team, environment, label].some((option) => option !== undefined);
  if (registration !== undefined && !isNamed) {
    return await new IdentityClient(operatorClient(dataDir)).issueToken(registration, bounds);
  }
  if (registration === undefined && service && team && environment) {
    const request = { service, team, environment, labels: label ?? {}, ...bounds };
    return await operatorClient(dataDir).issueIdentity(request);
  }
  throw new DtaError('usage', 'name either a registration, or service, team and environment', {
    help: '`dta identity list --registrations` shows registrations',
  });
}
