/** `dta token`: what masks made of values, turned back for who is cleared; the keys behind it, and who may. */
import { Command } from 'commander';

import { dataDirOption, operatorClient } from '../operator-option.ts';
import { outputOption, printJson, printTable, showTime } from '../output.ts';
import { showKeyId } from '../parse-key-id.ts';
import { clearCommand, clearedCommand, withdrawCommand } from './token/clear.ts';
import { revealCommand } from './token/reveal.ts';

interface Options {
  readonly dataDir: string;
  readonly output: string;
}

export function tokenCommand(): Command {
  return new Command('token')
    .description('reveal masked values, list and rotate the keys that mask, clear people for it')
    .addCommand(revealCommand())
    .addCommand(logCommand())
    .addCommand(keysCommand())
    .addCommand(rotateCommand())
    .addCommand(clearCommand())
    .addCommand(clearedCommand())
    .addCommand(withdrawCommand());
}

function logCommand(): Command {
  return new Command('log')
    .description('print who asked for clear values, the newest last')
    .option('-n, --limit <count>', 'how many, 1 to 1000', '20')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ limit, dataDir, output }: Options & { limit: string }) => {
      const reveals = await operatorClient(dataDir).reveals({ limit });
      if (output === 'json') return printJson(reveals);
      printTable(
        ['TIME', 'WHO', 'BY', 'KIND', 'KEY', 'RESULT', 'SHA-256 OF THE VALUE', 'REASON'],
        reveals.map((one) => [
          showTime(one.atMs),
          one.cleared ?? '(not cleared)',
          one.actor,
          one.kind,
          one.keyId === undefined ? '-' : showKeyId(one.keyId),
          one.result,
          one.valueSha256,
          one.reason,
        ]),
      );
    });
}

function keysCommand(): Command {
  return new Command('keys')
    .description('list the generations of masking keys')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ dataDir, output }: Options) => {
      const keys = await operatorClient(dataDir).maskingKeys();
      if (output === 'json') return printJson(keys);
      printTable(
        ['KEY', 'MADE', 'STATE', 'BY', 'REASON'],
        keys.map((key) => [
          showKeyId(key.keyId),
          showTime(key.madeAtMs),
          key.isActive ? 'masks' : 'reveals only',
          key.actor,
          key.reason,
        ]),
      );
    });
}

function rotateCommand(): Command {
  return new Command('rotate')
    .description('make a new generation of masking keys: equal values get other tokens from now on')
    .option('--reason <text>', 'recorded with the keys', '')
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ reason, dataDir, output }: Options & { reason: string }) => {
      const made = await operatorClient(dataDir).rotateMaskingKeys(reason);
      if (output === 'json') return printJson(made);
      console.log(`key ${showKeyId(made.keyId)} masks from now on; older ones still reveal`);
    });
}
