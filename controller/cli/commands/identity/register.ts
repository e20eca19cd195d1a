/** `dta identity register`, `unregister`: which workloads may get an identity, and what they have to prove. */
import { Command } from 'commander';

import { IdentityClient } from '../../../api/identity-client.ts';
import { dataDirOption, operatorClient } from '../../operator-option.ts';
import { outputOption, printJson } from '../../output.ts';
import { readPolicyFiles } from '../../policy-files.ts';

interface Options {
  readonly dataDir: string;
  readonly output: string;
}

export function registerCommand(): Command {
  return new Command('register')
    .description(
      'store the ServiceRegistration documents of files and folders, in place of those of the same names',
    )
    .argument('<path...>', 'files (.yaml, .yml, .json) or folders of them')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (paths: string[], { dataDir, output }: Options) => {
      const client = new IdentityClient(operatorClient(dataDir));
      const registrations = await client.register(readPolicyFiles(paths));
      if (output === 'json') return printJson(registrations);
      for (const { name, environment, service, attest } of registrations) {
        const how = attest.length === 0 ? 'join tokens only' : attest.join(' ');
        console.log(`registered ${name}: ${environment}/${service}, ${how}`);
      }
    });
}

export function unregisterCommand(): Command {
  return new Command('unregister')
    .description('let nobody join under a registration any more; who has joined stays')
    .argument('<name>', 'name of the registration')
    .addOption(dataDirOption())
    .action(async (name: string, { dataDir }: Options) => {
      await new IdentityClient(operatorClient(dataDir)).unregister(name);
      console.log(`unregistered ${name}`);
    });
}
