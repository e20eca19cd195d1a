/** `dta fact`: facts of the environment, which conditions read as `environment.<name>`. */
import { Command, InvalidArgumentError } from 'commander';

import { dataDirOption, operatorClient } from '../operator-option.ts';
import { outputOption, printJson, printTable, showTime } from '../output.ts';

interface Options {
  readonly reason: string;
  readonly dataDir: string;
  readonly output: string;
}

export function factCommand(): Command {
  return new Command('fact')
    .description('set, list and remove facts of the environment')
    .addCommand(setCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand());
}

function setCommand(): Command {
  return new Command('set')
    .description('set a fact; it holds until it is removed')
    .argument('<name>', 'letters, digits and underscores')
    .argument('<value>', 'a number, true (1) or false (0)', parseFact)
    .option('--reason <text>', 'recorded with the fact', '')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (name: string, value: number, { reason, dataDir, output }: Options) => {
      const fact = await operatorClient(dataDir).setFact(name, value, reason);
      if (output === 'json') return printJson(fact);
      console.log(`environment.${fact.name} is ${fact.value}`);
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('list the facts')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ dataDir, output }: Options) => {
      const facts = await operatorClient(dataDir).facts();
      if (output === 'json') return printJson(facts);
      printTable(
        ['FACT', 'VALUE', 'SET', 'BY', 'REASON'],
        facts.map((one) => [
          one.name,
          String(one.value),
          showTime(one.atMs),
          one.actor,
          one.reason,
        ]),
      );
    });
}

function removeCommand(): Command {
  return new Command('remove')
    .description('remove a fact: conditions that read it are unknown then')
    .argument('<name>', 'as `dta fact list` shows it')
    .option('--reason <text>', 'recorded in the log', '')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (name: string, { reason, dataDir, output }: Options) => {
      await operatorClient(dataDir).removeFact(name, reason);
      if (output === 'json') return printJson({ name, removed: true });
      console.log(`environment.${name} is unknown`);
    });
}

function parseFact(text: string): number {
  if (text === 'true') return 1;
  if (text === 'false') return 0;
  const value = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new InvalidArgumentError('expected a number, true or false');
  return value;
}
