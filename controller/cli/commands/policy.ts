/** `dta policy`: check policies here, push them to the controller. */
import { Command } from 'commander';

import { checkOffline } from '../check-offline.ts';
import { dataDirOption, operatorClient } from '../operator-option.ts';
import { outputOption, printJson } from '../output.ts';
import { readPolicyFiles } from '../policy-files.ts';

interface Options {
  readonly dataDir: string;
  readonly output: string;
}

export function policyCommand(): Command {
  return new Command('policy')
    .description('check and publish policy sets')
    .addCommand(checkCommand())
    .addCommand(pushCommand());
}

function checkCommand(): Command {
  return new Command('check')
    .description('check policy files and run their bundles through the filter; needs no controller')
    .argument('<path...>', 'files or folders: together one policy set')
    .addOption(outputOption())
    .action(async (paths: string[], { output }: Options) => {
      const checked = await checkOffline(readPolicyFiles(paths));
      if (output === 'json') return printJson(checked);
      for (const { file, line, column, message } of checked.warnings) {
        console.log(`${file}:${line}:${column}: warning: ${message}`);
      }
      const bytes = checked.bundles.reduce((sum, bundle) => sum + bundle.sizeBytes, 0);
      console.log(
        `ok: ${checked.policies} policies, ${checked.bundles.length} bundles, ${bytes} bytes`,
      );
    });
}

function pushCommand(): Command {
  return new Command('push')
    .description('publish a policy set: all of it, in place of the one before, or nothing')
    .argument('<path...>', 'files or folders: together one policy set')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (paths: string[], { dataDir, output }: Options) => {
      const published = await operatorClient(dataDir).pushPolicies(readPolicyFiles(paths));
      if (output === 'json')
        return printJson({ ...published, files: published.files.map(({ name }) => name) });
      console.log(`published revision ${published.revision}: ${published.bundles.length} bundles`);
    });
}
