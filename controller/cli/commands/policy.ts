/** `dta policy`: everything about policy sets. */
import { Command } from 'commander';

import { checkCommand } from './policy/check.ts';
import { diffCommand } from './policy/diff.ts';
import { explainCommand } from './policy/explain.ts';
import { fmtCommand } from './policy/fmt.ts';
import { importCommand } from './policy/import.ts';
import { pushCommand } from './policy/push.ts';
import { suggestCommand } from './policy/suggest.ts';
import { testCommand } from './policy/test.ts';

export function policyCommand(): Command {
  return new Command('policy')
    .description('check, test, explain and publish policy sets')
    .addCommand(checkCommand())
    .addCommand(testCommand())
    .addCommand(explainCommand())
    .addCommand(diffCommand())
    .addCommand(fmtCommand())
    .addCommand(importCommand())
    .addCommand(suggestCommand())
    .addCommand(pushCommand());
}
