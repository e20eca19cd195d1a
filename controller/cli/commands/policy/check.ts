/** `dta policy check`: mistakes of a policy set, and what looks like one. */
import { Command } from 'commander';

import { DtaError } from '../../../errors.ts';
import { checkOffline, type OfflineCheck } from '../../check-offline.ts';
import { outputOption, printJson } from '../../output.ts';
import { readPolicyFiles } from '../../policy-files.ts';

interface Options {
  readonly strict: boolean;
  readonly notes: boolean;
  readonly domains?: string[];
  readonly output: string;
}

/** The command. With `--strict` a warning ends it with 4; notes never do. */
export function checkCommand(): Command {
  return new Command('check')
    .description(
      'check policy files, look for rules of no use and run their bundles through the filter; needs no controller',
    )
    .argument('<path...>', 'files or folders: together one policy set')
    .option('--strict', 'fail when there are warnings', false)
    .option(
      '--domains <name...>',
      'trust domains that can call, our own and federated ones: warn of rules about others',
    )
    .option('--notes', 'also show where a deny rule takes requests back from allow rules', false)
    .addOption(outputOption())
    .action(async (paths: string[], { strict, notes, domains, output }: Options) => {
      const checked = await checkOffline(readPolicyFiles(paths), domains);
      if (output === 'json') printJson(checked);
      else print(checked, notes);
      const count = warningsIn(checked);
      if (!strict || count === 0) return;
      throw new DtaError(
        'policyInvalid',
        count === 1 ? 'there is a warning' : `there are ${count} warnings`,
        {
          help: 'mend the policies, or check without `--strict`',
        },
      );
    });
}

function print(checked: OfflineCheck, notes: boolean): void {
  for (const { file, line, column, message, help } of checked.warnings) {
    console.log(`${file}:${line}:${column}: warning: ${message}`);
    console.log(`  help: ${help}`);
  }
  // An overlap is what deny rules are for.
  const findings = checked.findings.filter(({ kind }) => kind !== 'overlap' || notes);
  for (const { file, line, column, severity, message, help } of findings.slice(0, SHOWN_MAX)) {
    const kind = severity === 'warning' ? 'warning' : 'note';
    console.log(`${file}:${line}:${column}: ${kind}: ${message}`);
    console.log(`  help: ${help}`);
  }
  const left = findings.length - SHOWN_MAX;
  if (left > 0) console.log(`... and ${left} more; \`-o json\` has all of them`);
  const bytes = checked.bundles.reduce((sum, bundle) => sum + bundle.sizeBytes, 0);
  console.log(
    `ok: ${checked.policies} policies, ${checked.bundles.length} bundles, ${bytes} bytes`,
  );
}

function warningsIn({ warnings, findings }: OfflineCheck): number {
  return warnings.length + findings.filter(({ severity }) => severity === 'warning').length;
}

const SHOWN_MAX = 100;
