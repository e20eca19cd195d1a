/** `dta restrict`: takes something from a service's calls, or from the calls to it, at once and for a while. */
import { Command, Option } from 'commander';

import {
  type RestrictionReply,
  restrictingVerdicts,
  restrictionSides,
} from '../../api/live-value-messages.ts';
import { DtaError } from '../../errors.ts';
import { dataDirOption, operatorClient } from '../operator-option.ts';
import { outputOption, printJson, printTable, showTime } from '../output.ts';
import { parseAmount, parseCount, parseDuration } from '../parse-arguments.ts';

interface Options {
  readonly as?: RestrictionReply['as'];
  readonly verdict?: RestrictionReply['verdict'];
  readonly rate?: number;
  readonly burst?: number;
  readonly readOnly?: boolean;
  /** Commander's reading of `--no-clearance`. */
  readonly clearance: boolean;
  readonly retryAfter?: number;
  readonly for?: number;
  readonly reason: string;
  readonly dataDir: string;
  readonly output: string;
}

export function restrictCommand(): Command {
  return new Command('restrict')
    .description('isolate, break, throttle or degrade a service at once')
    .argument('<environment/service>', 'the service')
    .addOption(
      new Option('--as <side>', 'restrict the calls that it makes, or the calls to it').choices(
        restrictionSides,
      ),
    )
    .addOption(
      new Option('--verdict <verdict>', 'what to do with them').choices(restrictingVerdicts),
    )
    .option('--rate <number>', 'requests a second of each caller: throttle, degrade', parseAmount)
    .option('--burst <number>', 'requests at once; by default those of a second', parseCount)
    .option('--read-only', 'only GET, HEAD and OPTIONS: degrade')
    .option('--no-clearance', 'mask everything that is classified: degrade')
    .option('--retry-after <seconds>', 'what callers are told to wait: throttle, break', parseCount)
    .option('--for <duration>', 'for 90s, 15m, 24h; by default until it is released', parseDuration)
    .option('--reason <text>', 'recorded with the restriction', '')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(restrict)
    .addCommand(listCommand())
    .addCommand(releaseCommand());
}

async function restrict(subject: string, options: Options): Promise<void> {
  const { rate, burst, retryAfter, reason, output } = options;
  const as = needed('--as <side>', options.as);
  const verdict = needed('--verdict <verdict>', options.verdict);
  const restriction = await operatorClient(options.dataDir).restrict({
    subject,
    as,
    verdict,
    readOnly: options.readOnly === true,
    noClearance: !options.clearance,
    ...(rate !== undefined && { ratePerSecond: rate }),
    ...(burst !== undefined && { burst }),
    ...(retryAfter !== undefined && { retryAfterSeconds: retryAfter }),
    ...(options.for !== undefined && { forMs: options.for }),
    reason,
  });
  if (output === 'json') return printJson(restriction);
  console.log(`restriction ${restriction.id}: ${verdict} ${subject} as ${as}, ${end(restriction)}`);
}

/** Commander would ask for it in `restrict list` too. */
function needed<T>(option: string, value: T | undefined): T {
  if (value !== undefined) return value;
  throw new DtaError('usage', `required option \`${option}\` not specified`, {
    help: '`dta restrict --help` shows an option for each effect',
  });
}

function listCommand(): Command {
  return new Command('list')
    .description('list the restrictions in force')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (_: object, command: Command) => {
      const { dataDir, output } = command.optsWithGlobals<Options>();
      const restrictions = await operatorClient(dataDir).restrictions();
      if (output === 'json') return printJson(restrictions);
      printTable(
        ['ID', 'SERVICE', 'AS', 'VERDICT', 'TAKES', 'END', 'SET', 'BY', 'REASON'],
        restrictions.map((one) => [
          one.id,
          one.subject,
          one.as,
          one.verdict,
          effect(one),
          end(one),
          showTime(one.atMs),
          one.actor,
          one.reason,
        ]),
      );
    });
}

function releaseCommand(): Command {
  return new Command('release')
    .description('release a restriction before its end')
    .argument('<id>', 'as `dta restrict list` shows it')
    .option('--reason <text>', 'recorded with the release', '')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (id: string, _: object, command: Command) => {
      const { dataDir, output, reason } = command.optsWithGlobals<Options>();
      const released = await operatorClient(dataDir).release(id, reason);
      if (output === 'json') return printJson(released);
      console.log(`released ${released.id}: ${released.verdict} ${released.subject}`);
    });
}

function effect(one: RestrictionReply): string {
  const parts = [
    ...(one.ratePerSecond > 0 ? [`over ${one.ratePerSecond}/s, burst ${one.burst}`] : []),
    ...(one.readOnly ? ['writing'] : []),
    ...(one.noClearance ? ['clearance'] : []),
    ...(one.retryAfterSeconds > 0 ? [`retry after ${one.retryAfterSeconds} s`] : []),
  ];
  return parts.join('; ') || '-';
}

function end({ untilMs }: RestrictionReply): string {
  return untilMs === undefined ? 'until released' : `until ${showTime(untilMs)}`;
}
