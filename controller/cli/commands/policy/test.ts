/** `dta policy test`: runs tests of policies through the filter. */
import { Command } from 'commander';

import { showTests } from '../../policy-lab/show-tests.ts';
import {
  askCases,
  judgeRun,
  parsePercent,
  printRun,
  readTested,
  type TestOptions,
  testOutputOption,
} from '../../policy-lab/test-command.ts';

/** The command. A case that fails, and too little coverage, end it with 4. */
export function testCommand(): Command {
  return new Command('test')
    .description('ask the filter every case of the `*_test.yaml` files; needs no controller')
    .argument('<path...>', 'files or folders: policies, together one set, and their tests')
    .option('--min-coverage <percent>', 'rules that have to decide a case', parsePercent, 0)
    .addOption(testOutputOption())
    .action(run);
}

async function run(paths: string[], { minCoverage, output }: TestOptions): Promise<void> {
  const { set, tests, policyPaths } = readTested(paths);
  const done = await askCases(set, tests);
  printRun(done, policyPaths, output, showTests);
  judgeRun(done, done.coverage.percent, minCoverage, 'rules decided');
}
