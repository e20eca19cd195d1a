/** `dta policy suggest`: the narrowest policies for what was seen. */
import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';

import type { OperatorClient } from '../../../api/client.ts';
import type { AuditRecordReply } from '../../../api/messages.ts';
import { DtaError } from '../../../errors.ts';
import { type SuggestedPolicy, suggestPolicies } from '../../../policy/suggest/suggest-policies.ts';
import { writeSuggestedPolicies } from '../../../policy/suggest/write-suggestion.ts';
import { type Coverage, coverCalls } from '../../covered-calls.ts';
import { observedCalls, readRecordLines } from '../../observed-calls.ts';
import { dataDirOption, operatorClient } from '../../operator-option.ts';
import { outputOption, printJson } from '../../output.ts';
import { readPolicyFiles } from '../../policy-files.ts';

interface Options {
  readonly records?: string;
  readonly include: readonly 'denied'[];
  readonly policy?: string[];
  readonly distinct: number;
  readonly dataDir: string;
  readonly output: string;
}

/** The command. Prints policies on standard output and what was not suggested on standard error. */
export function suggestCommand(): Command {
  return new Command('suggest')
    .description('write the narrowest policies that allow the calls of the audit records')
    .option('--records <file>', 'read records from a file of `dta audit tail -o json`')
    .addOption(
      new Option('--include <calls...>', 'also calls that no rule permitted')
        .choices(['denied'])
        .default([], 'none'),
    )
    .option('--policy <path...>', 'print only what these policies lack, and rules that nobody used')
    .option(
      '--distinct <count>',
      'different texts at one place of paths that make an identifier of it',
      parseCount,
      10,
    )
    .addOption(dataDirOption())
    .addOption(outputOption())
    .action(async ({ records: file, include, policy, distinct, dataDir, output }: Options) => {
      const records = file ? readFile(file) : await allRecords(operatorClient(dataDir));
      const { allowed, unpermitted, passedOver } = observedCalls(records);
      const known = include.includes('denied') ? [...allowed, ...unpermitted] : allowed;
      const coverage: Coverage = policy
        ? await coverCalls(readPolicyFiles(policy), known)
        : { missing: known, unused: [] };
      const { policies, left } = suggestPolicies(coverage.missing, known, distinct);
      if (output === 'json') {
        const unused = coverage.unused.map(({ name, rule }) => ({ name, ...rule.origin }));
        return printJson({ policies, unused, left: left.length, passedOver });
      }
      printText(policies, coverage);
      if (left.length > 0)
        console.error(`${left.length} calls have a method or path that no rule can name`);
      if (passedOver > 0) console.error(`${passedOver} records are no calls to suggest rules for`);
    });
}

function printText(policies: readonly SuggestedPolicy[], { unused }: Coverage): void {
  for (const { name, rule } of unused) {
    console.log(`# ${rule.origin.file}:${rule.origin.line}: no recorded call needed rule ${name}`);
  }
  if (policies.length === 0) console.log('# nothing is missing');
  process.stdout.write(writeSuggestedPolicies(policies));
}

async function allRecords(client: OperatorClient): Promise<AuditRecordReply[]> {
  const records: AuditRecordReply[] = [];
  for (;;) {
    const page = await client.audit({
      after: String(records.at(-1)?.id ?? 0),
      limit: String(PAGE),
    });
    records.push(...page);
    if (page.length < PAGE) return records;
  }
}

function readFile(name: string): AuditRecordReply[] {
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch (cause) {
    throw new DtaError('notFound', `\`${name}\` cannot be read`, {
      help: 'name a file with one audit record a line',
      cause,
    });
  }
  return readRecordLines(name, text);
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text) && Number(text) > 1) return Number(text);
  throw new InvalidArgumentError('expected a number from 2');
}

const PAGE = 1_000;
