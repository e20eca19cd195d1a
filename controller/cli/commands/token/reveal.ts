/** `dta token reveal`: clear values of tokens and other masked values. */
import { createInterface } from 'node:readline';

import { Command, InvalidArgumentError, Option } from 'commander';

import type { RevealReply } from '../../../api/privacy-messages.ts';
import { DtaError } from '../../../errors.ts';
import { type MaskedKind, maskedKinds, type RevealResult } from '../../../privacy/model.ts';
import { readPrivate } from '../../../privacy/private-file.ts';
import { dataDirOption, operatorClient } from '../../operator-option.ts';
import { outputOption, printJson } from '../../output.ts';
import { parseKeyId } from '../../parse-key-id.ts';

interface Options {
  readonly reason: string;
  readonly clearanceFile: string;
  readonly as: MaskedKind;
  readonly key?: number;
  readonly maxShift?: number;
  readonly dataDir: string;
  readonly output: string;
}

export function revealCommand(): Command {
  return new Command('reveal')
    .description(
      'print clear values, one a line (as a JSON string where they have several); who asked and why is recorded',
    )
    .argument('[value...]', 'tokens, or what --as says; none: read from standard input')
    .requiredOption('--reason <text>', 'why, recorded')
    .addOption(
      new Option('--clearance-file <path>', 'what `dta token clear` wrote, mode 0600')
        .env('DTA_CLEARANCE_FILE')
        .makeOptionMandatory(),
    )
    .addOption(new Option('--as <kind>', 'how it was masked').choices(maskedKinds).default('token'))
    .option('--key <id>', 'keys that masked it; tokens say it themselves', parseKeyId)
    .option('--max-shift <days>', 'of dates: the greatest shift that the policy names', parseDays)
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async (given: string[], options: Options) => {
      checkOptions(options);
      const { as: kind, key: keyId, maxShift: maxShiftDays, reason, dataDir, output } = options;
      const texts = given.length > 0 ? given : await readLines();
      if (texts.length === 0) throw new DtaError('usage', 'there is no value to reveal');
      const clearance = await readClearance(options.clearanceFile);
      const client = operatorClient(dataDir);
      const replies: RevealReply[] = [];
      for (let at = 0; at < texts.length; at += mostAtOnce) {
        const values = texts
          .slice(at, at + mostAtOnce)
          .map((text) => ({ kind, text, keyId, maxShiftDays }));
        replies.push(...(await client.reveal({ values, reason }, clearance)));
      }
      if (output === 'json') printJson(replies);
      else for (const reply of replies) console.log(showClear(reply));
      reportRefused(replies);
    });
}

/** One line, whatever was masked: control characters could write over others, or move the terminal's cursor. */
function showClear({ clear, clearBase64 }: RevealReply): string {
  if (clear !== undefined) return /\p{Cc}/u.test(clear) ? JSON.stringify(clear) : clear;
  return clearBase64 ?? '-';
}

function checkOptions({ as, key, maxShift }: Options): void {
  if (as !== 'token' && key === undefined) {
    throw new DtaError('usage', `\`--as ${as}\` needs \`--key\``, {
      help: '`dta token keys` lists them; take the one that masked when the value was made',
    });
  }
  if (as === 'date' && maxShift === undefined) {
    throw new DtaError('usage', '`--as date` needs `--max-shift`', {
      help: 'the masking policy says it',
    });
  }
}

async function readClearance(path: string): Promise<string> {
  const text = await readPrivate(path);
  if (text !== undefined) return text.trim();
  throw new DtaError('usage', `there is no clearance in \`${path}\``, {
    help: '`dta token clear` makes one, on the host of the controller',
  });
}

async function readLines(): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() !== '') lines.push(line.trim());
  }
  return lines;
}

function reportRefused(replies: readonly RevealReply[]): void {
  const refused = replies.flatMap(({ result }, i) =>
    result === 'revealed' ? [] : [{ result, i }],
  );
  const first = refused[0];
  if (!first) return;
  const { result, i } = first;
  throw new DtaError(
    'notFound',
    `${refused.length} of ${replies.length} values cannot be revealed, the first is number ${i + 1}: ${explanations[result]}`,
  );
}

function parseDays(text: string): number {
  const days = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (days === 0) throw new InvalidArgumentError('expected a number of days, for example 30');
  return days;
}

const explanations: Readonly<Record<RevealResult, string>> = {
  revealed: '',
  notCleared: 'not cleared',
  noReason: 'no reason was given',
  malformed: 'it is no value of that kind',
  unknownKey: 'there is no key of that id',
  notOurs: 'it was not made with the keys of this mesh, or was changed',
};
const mostAtOnce = 100;
