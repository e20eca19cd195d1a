/** `dta policy test`: runs tests of policies through the filter. */
import { Command, InvalidArgumentError, Option } from 'commander';

import { policyInvalid } from '../../../api/problem.ts';
import { DtaError } from '../../../errors.ts';
import { parsePolicySet } from '../../../policy/parse.ts';
import { printJson } from '../../output.ts';
import { readPolicyFiles } from '../../policy-files.ts';
import { loadFilter } from '../../policy-lab/laboratory.ts';
import { isTestFile, parseTests, readTestFiles } from '../../policy-lab/read-tests.ts';
import { runTests, type TestRun } from '../../policy-lab/run-tests.ts';
import { isFailed, junitReport, showTests } from '../../policy-lab/show-tests.ts';
import { filterPath } from '../../project-paths.ts';

interface Options {
  readonly minCoverage: number;
  readonly output: 'table' | 'json' | 'junit';
}

/** The command. A case that fails, and too little coverage, end it with 4. */
export function testCommand(): Command {
  return new Command('test')
    .description('ask the filter every case of the `*_test.yaml` files; needs no controller')
    .argument('<path...>', 'files or folders: policies, together one set, and their tests')
    .option('--min-coverage <percent>', 'rules that have to decide a case', parsePercent, 0)
    .addOption(
      new Option('-o, --output <format>', 'how to print')
        .choices(['table', 'json', 'junit'])
        .default('table'),
    )
    .action(run);
}

async function run(paths: string[], { minCoverage, output }: Options): Promise<void> {
  const testFiles = readTestFiles(paths);
  const policyPaths = paths.filter((path) => !isTestFile(path));
  if (testFiles.length === 0) {
    throw new DtaError('usage', `no tests in ${paths.map((path) => `\`${path}\``).join(', ')}`, {
      help: 'write a document of kind PolicyTest into a file that ends in _test.yaml',
    });
  }
  if (policyPaths.length === 0) {
    throw new DtaError('usage', 'there are tests and no policies', {
      help: 'name the files or the folder of the policies, too',
    });
  }
  const { set, errors } = parsePolicySet(readPolicyFiles(policyPaths));
  if (errors.length > 0) throw policyInvalid(errors);
  const parsed = parseTests(testFiles);
  if (parsed.errors.length > 0) throw testsInvalid(parsed.errors);
  const done = runTests(await loadFilter(filterPath()), set, parsed.tests);
  if ('errors' in done) throw testsInvalid(done.errors);
  print(done, policyPaths, output);
  judge(done, minCoverage);
}

function print(done: TestRun, paths: readonly string[], output: Options['output']): void {
  if (output === 'junit') console.log(junitReport(done, paths));
  else if (output === 'json') {
    const results = done.results.map(({ test, name, origin, mismatches }) => {
      return { test, name, ...origin, passed: mismatches.length === 0, mismatches };
    });
    printJson({ results, coverage: done.coverage });
  } else for (const line of showTests(done, paths)) console.log(line);
}

function judge({ results, coverage }: TestRun, minCoverage: number): void {
  const failed = results.filter(isFailed).length;
  if (failed > 0) {
    const cases = failed === 1 ? 'a case fails' : `${failed} cases fail`;
    throw new DtaError('policyInvalid', `${cases}`, {
      help: 'the command below each of them shows why',
    });
  }
  if (coverage.percent >= minCoverage) return;
  const message = `${coverage.percent} % of the rules decided a case, less than ${minCoverage} %`;
  throw new DtaError('policyInvalid', message, { help: 'add cases for the rules named above' });
}

function testsInvalid(errors: Parameters<typeof policyInvalid>[0]): DtaError {
  const count = errors.length === 1 ? 'a mistake' : `${errors.length} mistakes`;
  return new DtaError('policyInvalid', `the tests have ${count}`, {
    help: 'mend the files; no case was asked',
    fields: { errors },
  });
}

function parsePercent(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= 100) return Number(text);
  throw new InvalidArgumentError('expected a percentage from 0 to 100');
}
