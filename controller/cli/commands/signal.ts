/** `dta signal`: measured values of services and instances, which conditions read as `source.cpu` and so on. */
import { Command, InvalidArgumentError } from 'commander';

import { Severity } from '../../layout.ts';
import { dataDirOption, operatorClient } from '../operator-option.ts';
import { outputOption, printJson, printTable, showTime } from '../output.ts';
import { parseAmount, parseDuration } from '../parse-arguments.ts';

interface Options {
  readonly maxAge: number;
  readonly dataDir: string;
  readonly output: string;
}

export function signalCommand(): Command {
  return new Command('signal')
    .description('report, list and remove signals')
    .addCommand(reportCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand());
}

function reportCommand(): Command {
  return new Command('report')
    .description('report a value that was measured now')
    .argument('<subject>', '<environment>/<service>, or the UUID of an instance')
    .argument('<name>', 'for example source.cpu or destination.load')
    .argument('<value>', 'a number; for source.worstCve a severity', parseValue)
    .option('--max-age <duration>', 'it is unknown after that', parseDuration, 5 * 60_000)
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (subject: string, name: string, value: number, options: Options) => {
      const report = { subject, name, value, maxAgeMs: options.maxAge };
      const signal = await operatorClient(options.dataDir).reportSignal(report);
      if (options.output === 'json') return printJson(signal);
      const until = showTime(signal.observedAtMs + signal.maxAgeMs);
      console.log(`${signal.name} of ${signal.subject} is ${signal.value} until ${until}`);
    });
}

function listCommand(): Command {
  return new Command('list')
    .description('list the signals that are young enough to count')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ dataDir, output }: Options) => {
      const signals = await operatorClient(dataDir).signals();
      if (output === 'json') return printJson(signals);
      printTable(
        ['SUBJECT', 'SIGNAL', 'VALUE', 'OBSERVED', 'UNTIL', 'BY'],
        signals.map((one) => [
          one.subject,
          one.name,
          String(one.value),
          showTime(one.observedAtMs),
          showTime(one.observedAtMs + one.maxAgeMs),
          one.actor,
        ]),
      );
    });
}

function removeCommand(): Command {
  return new Command('remove')
    .description('remove a signal: it is unknown then')
    .argument('<subject>', 'as `dta signal list` shows it')
    .argument('<name>', 'of the signal')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (subject: string, name: string, { dataDir, output }: Options) => {
      await operatorClient(dataDir).removeSignal(subject, name);
      if (output === 'json') return printJson({ subject, name, removed: true });
      console.log(`${name} of ${subject} is unknown`);
    });
}

function parseValue(text: string): number {
  const severity = Object.entries(Severity).find(([name]) => name === text);
  if (severity) return severity[1];
  try {
    return parseAmount(text);
  } catch {
    throw new InvalidArgumentError(
      `expected a number or one of ${Object.keys(Severity).join(', ')}`,
    );
  }
}
