/** `dta band`: the risk bands of services. */
import { Argument, Command } from 'commander';

import { type BandName, bandNames } from '../../api/live-value-messages.ts';
import { dataDirOption, operatorClient } from '../operator-option.ts';
import { outputOption, printJson, printTable, showTime } from '../output.ts';

interface Options {
  readonly reason: string;
  readonly dataDir: string;
  readonly output: string;
}

export function bandCommand(): Command {
  return new Command('band')
    .description('set, list and clear the risk bands of services')
    .addCommand(setCommand())
    .addCommand(listCommand())
    .addCommand(clearCommand());
}

function setCommand(): Command {
  return new Command('set')
    .description('set the band that `maxRisk` of rules is held against')
    .argument('<environment/service>', 'the service')
    .addArgument(new Argument('<band>', 'rising').choices(bandNames))
    .option('--reason <text>', 'recorded with the band', '')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (subject: string, band: BandName, { reason, dataDir, output }: Options) => {
      const set = await operatorClient(dataDir).setBand(subject, band, reason);
      if (output === 'json') return printJson(set);
      console.log(`${set.subject} is ${set.band}`);
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('list the bands; a service without one is critical')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ dataDir, output }: Options) => {
      const bands = await operatorClient(dataDir).bands();
      if (output === 'json') return printJson(bands);
      printTable(
        ['SERVICE', 'BAND', 'SET', 'BY', 'REASON'],
        bands.map((one) => [one.subject, one.band, showTime(one.atMs), one.actor, one.reason]),
      );
    });
}

function clearCommand(): Command {
  return new Command('clear')
    .description('clear the band of a service: it is critical again')
    .argument('<environment/service>', 'the service')
    .option('--reason <text>', 'recorded in the log', '')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (subject: string, { reason, dataDir, output }: Options) => {
      await operatorClient(dataDir).clearBand(subject, reason);
      if (output === 'json') return printJson({ subject, removed: true });
      console.log(`${subject} has no band`);
    });
}
