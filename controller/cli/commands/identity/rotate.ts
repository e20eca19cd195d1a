/** `dta identity rotate`: has certificates renewed before their time. */
import { Command } from 'commander';
import { IdentityClient } from '../../../api/identity-client.ts';
import type { RotateInput } from '../../../api/identity-messages.ts';
import { DtaError } from '../../../errors.ts';
import { dataDirOption, operatorClient } from '../../operator-option.ts';
import { outputOption, printJson } from '../../output.ts';
import { parseDuration } from '../../parse-arguments.ts';

interface Options {
  readonly service?: string;
  readonly issuingKey?: string;
  readonly all: boolean;
  readonly spread?: number;
  readonly reason: string;
  readonly dataDir: string;
  readonly output: string;
}

export function rotateCommand(): Command {
  return new Command('rotate')
    .description('have certificates renewed now, with new keys; agents hear of it within a second')
    .argument('[uuid]', 'instance')
    .option('--service <environment/service>', 'every instance of a service')
    .option('--issuing-key <key id>', 'every certificate that this key signed')
    .option('--all', 'everything', false)
    .option(
      '--spread <duration>',
      'over which time (default: 1s, of one instance none)',
      parseDuration,
    )
    .option('--reason <text>', 'recorded with the order', '')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (uuid: string | undefined, options: Options) => {
      const { reason, dataDir, output, spread } = options;
      const target = readTarget(uuid, options);
      const spreadMs = spread ?? (target.kind === 'instance' ? 0 : 1_000);
      const client = new IdentityClient(operatorClient(dataDir));
      const order = await client.rotate({ ...target, spreadMs, reason });
      if (output === 'json') return printJson(order);
      console.log(`order ${order.number}: ${order.concerned} instance(s) renew now`);
      if (order.concerned === 0) {
        console.log('  it concerns nobody: `dta identity list` shows who is there');
      }
    });
}

function readTarget(
  uuid: string | undefined,
  options: Options,
): Pick<RotateInput, 'kind' | 'name'> {
  const { service, issuingKey, all } = options;
  const targets: Pick<RotateInput, 'kind' | 'name'>[] = [];
  if (uuid !== undefined) targets.push({ kind: 'instance', name: uuid.toLowerCase() });
  if (service !== undefined) targets.push({ kind: 'service', name: service });
  if (issuingKey !== undefined) targets.push({ kind: 'key', name: issuingKey.toLowerCase() });
  if (all) targets.push({ kind: 'all' });
  const [target, ...others] = targets;
  if (target && others.length === 0) return target;
  throw new DtaError('usage', 'name one thing to rotate', {
    help: 'a UUID, `--service`, `--issuing-key` or `--all`',
  });
}
