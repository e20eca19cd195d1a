/** `dta mask test`: runs the cases of tests that ask what masking makes of bodies, headers and paths. */
import { Command } from 'commander';

import { DtaError } from '../../../errors.ts';
import { isMaskCase } from '../../../policy/kinds/policy-test.ts';
import { showMaskTests } from '../../policy-lab/show-tests.ts';
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
export function maskTestCommand(): Command {
  return new Command('test')
    .description('run the cases of the `*_test.yaml` files that are about masking')
    .argument('<path...>', 'files or folders: policies, together one set, and their tests')
    .option(
      '--min-coverage <percent>',
      'masking rules that have to mask in a case',
      parsePercent,
      0,
    )
    .addOption(testOutputOption())
    .action(run);
}

async function run(paths: string[], { minCoverage, output }: TestOptions): Promise<void> {
  const { set, tests, policyPaths } = readTested(paths);
  const masking = tests
    .map((test) => ({ ...test, cases: test.cases.filter(isMaskCase) }))
    .filter(({ cases }) => cases.length > 0);
  if (masking.length === 0) {
    throw new DtaError('usage', 'no case is about masking', {
      help: 'give a case a `body`, and let it expect for example `lacks: [4111]`',
    });
  }
  const done = await askCases(set, masking);
  printRun(done, policyPaths, output, showMaskTests);
  judgeRun(done, done.maskCoverage?.percent ?? 0, minCoverage, 'masking rules masked in');
}
