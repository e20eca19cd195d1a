/** `dta version`: this build and what it runs on. */
import { Command } from 'commander';

import { FORMAT_VERSION } from '../../layout.ts';
import { version } from '../../version.ts';
import { outputOption, printJson } from '../output.ts';

export function versionCommand(): Command {
  return new Command('version')
    .description('print the version, the format of bundles and the runtime')
    .addOption(outputOption())
    .action(({ output }: { output: string }) => {
      const facts = { version, format: FORMAT_VERSION, node: process.versions.node };
      if (output === 'json') printJson(facts);
      else
        console.log(
          `dta ${version} (bundle format ${FORMAT_VERSION}, node ${process.versions.node})`,
        );
    });
}
