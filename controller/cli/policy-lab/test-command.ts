/** What the commands that run tests share: what they read, and how they end. */
import { InvalidArgumentError, Option } from 'commander';

import { policyInvalid } from '../../api/problem.ts';
import { DtaError } from '../../errors.ts';
import type { PolicyTest } from '../../policy/kinds/policy-test.ts';
import { parsePolicySet } from '../../policy/parse.ts';
import type { PolicySet } from '../../policy/policy-set.ts';
import { printJson } from '../output.ts';
import { readPolicyFiles } from '../policy-files.ts';
import { filterPath } from '../project-paths.ts';
import { loadFilter } from './laboratory.ts';
import { isTestFile, parseTests, readTestFiles } from './read-tests.ts';
import { runTests, type TestRun } from './run-tests.ts';
import { isFailed, junitReport } from './show-tests.ts';

/** What commander makes of the options. */
export interface TestOptions {
  readonly minCoverage: number;
  readonly output: 'table' | 'json' | 'junit';
}

/** How the results are printed. */
export function testOutputOption(): Option {
  return new Option('-o, --output <format>', 'how to print')
    .choices(['table', 'json', 'junit'])
    .default('table');
}

/** Policies and their tests, without mistakes. Throws DtaError `usage`, `notFound`, `policyInvalid`. */
export function readTested(paths: readonly string[]): {
  readonly set: PolicySet;
  readonly tests: readonly PolicyTest[];
  readonly policyPaths: readonly string[];
} {
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
  return { set, tests: parsed.tests, policyPaths };
}

/** Asks all cases. Throws DtaError `policyInvalid` when one of them says too little. */
export async function askCases(set: PolicySet, tests: readonly PolicyTest[]): Promise<TestRun> {
  const done = runTests(await loadFilter(filterPath()), set, tests);
  if ('errors' in done) throw testsInvalid(done.errors);
  return done;
}

/** Prints what became of the cases; `showTable` makes its lines of text. */
export function printRun(
  done: TestRun,
  paths: readonly string[],
  output: TestOptions['output'],
  showTable: (run: TestRun, paths: readonly string[]) => string[],
): void {
  if (output === 'junit') console.log(junitReport(done, paths));
  else if (output === 'json') {
    const results = done.results.map(({ test, name, origin, mismatches }) => {
      return { test, name, ...origin, passed: mismatches.length === 0, mismatches };
    });
    const { coverage, maskCoverage } = done;
    printJson({ results, coverage, maskCoverage });
  } else for (const line of showTable(done, paths)) console.log(line);
}

/** Throws DtaError `policyInvalid` when a case failed, or when too few rules did `what` in one. */
export function judgeRun(
  { results }: TestRun,
  percent: number,
  minCoverage: number,
  what: string,
): void {
  const failed = results.filter(isFailed).length;
  if (failed > 0) {
    const cases = failed === 1 ? 'a case fails' : `${failed} cases fail`;
    throw new DtaError('policyInvalid', cases, {
      help: 'the command below each of them shows why',
    });
  }
  if (percent >= minCoverage) return;
  const message = `${percent} % of the ${what} a case, less than ${minCoverage} %`;
  throw new DtaError('policyInvalid', message, { help: 'add cases for the rules named above' });
}

/** Reads a percentage of a command line. */
export function parsePercent(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) <= 100) return Number(text);
  throw new InvalidArgumentError('expected a percentage from 0 to 100');
}

function testsInvalid(errors: Parameters<typeof policyInvalid>[0]): DtaError {
  const count = errors.length === 1 ? 'a mistake' : `${errors.length} mistakes`;
  return new DtaError('policyInvalid', `the tests have ${count}`, {
    help: 'mend the files; no case was asked',
    fields: { errors },
  });
}
