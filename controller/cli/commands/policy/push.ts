/** `dta policy push`: publishes a policy set through the controller. */
import { Command } from 'commander';

import { dataDirOption, operatorClient } from '../../operator-option.ts';
import { outputOption, printJson } from '../../output.ts';
import { readPolicyFiles } from '../../policy-files.ts';

interface Options {
  readonly dataDir: string;
  readonly output: string;
}

/** The command. */
export function pushCommand(): Command {
  return new Command('push')
    .description('publish a policy set: all of it, in place of the one before, or nothing')
    .argument('<path...>', 'files or folders: together one policy set')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (paths: string[], { dataDir, output }: Options) => {
      const published = await operatorClient(dataDir).pushPolicies(readPolicyFiles(paths));
      if (output === 'json') {
        return printJson({ ...published, files: published.files.map(({ name }) => name) });
      }
      for (const { file, line, column, message, help } of published.warnings) {
        console.log(`${file}:${line}:${column}: warning: ${message}\n  help: ${help}`);
      }
      console.log(`published revision ${published.revision}: ${published.bundles.length} bundles`);
    });
}
