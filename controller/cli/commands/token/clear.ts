/** `dta token clear`, `cleared`, `withdraw`: who may see clear values. On the host of the controller, without asking it. */
import { existsSync, lstatSync } from 'node:fs';

import { Command } from 'commander';

import { systemClock } from '../../../clock.ts';
import { DtaError } from '../../../errors.ts';
import { Clearances, maskingDir } from '../../../privacy/clearances.ts';
import { createPrivate } from '../../../privacy/private-file.ts';
import { dataDirOption } from '../../operator-option.ts';
import { outputOption, printJson, printTable, showTime } from '../../output.ts';

export function clearCommand(): Command {
  return new Command('clear')
    .description(
      "clear somebody: writes a secret to a file that is theirs; needs the controller's own files",
    )
    .argument('<name>', 'who; recorded with every reveal')
    .requiredOption('--file <path>', 'where the secret goes, made with mode 0600')
    .addOption(dataDirOption())
    .action(async (name: string, { file, dataDir }: { file: string; dataDir: string }) => {
      const clearances = openClearances(dataDir);
      // Before anybody is cleared with a secret that goes nowhere.
      if (lstatSync(file, { throwIfNoEntry: false })) {
        throw new DtaError('conflict', `\`${file}\` is there already`);
      }
      const secret = await clearances.clear(name);
      try {
        await createPrivate(file, `${secret}\n`);
      } catch (error) {
        await clearances.withdraw(name);
        if (error instanceof DtaError) throw error;
        throw new DtaError('setup', `cannot write \`${file}\``, { cause: error });
      }
      console.log(`${name} is cleared; the secret is in ${file}, and nowhere else`);
    });
}

export function clearedCommand(): Command {
  return new Command('cleared')
    .description('list who may see clear values')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ dataDir, output }: { dataDir: string; output: string }) => {
      const cleared = await openClearances(dataDir).list();
      if (output === 'json') return printJson(cleared);
      printTable(
        ['NAME', 'SINCE'],
        cleared.map(({ name, madeAtMs }) => [name, showTime(madeAtMs)]),
      );
    });
}

export function withdrawCommand(): Command {
  return new Command('withdraw')
    .description('take a clearance away, at once')
    .argument('<name>', 'who')
    .addOption(dataDirOption())
    .action(async (name: string, { dataDir }: { dataDir: string }) => {
      await openClearances(dataDir).withdraw(name);
      console.log(`${name} is not cleared any more`);
    });
}

function openClearances(dataDir: string): Clearances {
  if (!existsSync(dataDir)) {
    throw new DtaError('setup', `there is no data directory \`${dataDir}\``, {
      help: 'run this on the host of the controller, with its `--data-dir`',
    });
  }
  return new Clearances(maskingDir(dataDir), systemClock);
}
