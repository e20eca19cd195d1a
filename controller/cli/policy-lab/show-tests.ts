/** What became of tests, as people and continuous integration read it. */
import type { MaskCoverage } from '../mask-lab/mask-coverage.ts';
import { explainLine, tryLine } from './question-line.ts';
import type { CaseResult, TestRun } from './run-tests.ts';

/** Lines of text; `paths` are those of the policies, for the command that explains a failure. */
export function showTests(run: TestRun, paths: readonly string[]): string[] {
  const { results, coverage, maskCoverage } = run;
  const failed = results.filter(isFailed);
  const lines = failed.flatMap((result) => failureLines(result, paths));
  const { percent, rules, neverApplied, neverDecided } = coverage;
  for (const { name, file, line } of neverApplied) {
    lines.push(`${file}:${line}: rule ${name} applies in no case`);
  }
  for (const { name, file, line } of neverDecided) {
    lines.push(`${file}:${line}: rule ${name} decides no case`);
  }
  lines.push(...neverMasked(maskCoverage));
  const passed = `${results.length - failed.length} of ${results.length} cases passed`;
  lines.push(
    [passed, `${percent} % of ${rules} rules decided one`, ...maskedShare(maskCoverage)].join('; '),
  );
  return lines;
}

/** The same for cases about masking alone. */
export function showMaskTests(
  { results, maskCoverage }: TestRun,
  paths: readonly string[],
): string[] {
  const failed = results.filter(isFailed);
  const passed = `${results.length - failed.length} of ${results.length} cases passed`;
  return [
    ...failed.flatMap((result) => failureLines(result, paths)),
    ...neverMasked(maskCoverage),
    [passed, ...maskedShare(maskCoverage)].join('; '),
  ];
}

function neverMasked(coverage: MaskCoverage | undefined): string[] {
  const rules = coverage?.neverMasked ?? [];
  return rules.map(({ name, file, line }) => `${file}:${line}: rule ${name} masks in no case`);
}

function maskedShare(coverage: MaskCoverage | undefined): string[] {
  if (coverage === undefined) return [];
  return [`${coverage.percent} % of ${coverage.rules} masking rules masked in one`];
}

/** True when something came otherwise than expected. */
export function isFailed({ mismatches }: CaseResult): boolean {
  return mismatches.length > 0;
}

/** A report in the form that JUnit made common: a suite for each document of tests. */
export function junitReport({ results }: TestRun, paths: readonly string[]): string {
  const suites = Map.groupBy(results, ({ test, origin }) => `${origin.file}: ${test}`);
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>'];
  const failures = results.filter(isFailed).length;
  lines.push(`<testsuites tests="${results.length}" failures="${failures}">`);
  for (const [name, cases] of suites) {
    const failed = cases.filter(isFailed).length;
    lines.push(
      `  <testsuite name="${escapeXml(name)}" tests="${cases.length}" failures="${failed}">`,
      ...cases.flatMap((result) => junitCase(result, paths)),
      '  </testsuite>',
    );
  }
  return [...lines, '</testsuites>'].join('\n');
}

function junitCase(result: CaseResult, paths: readonly string[]): string[] {
  const { test, name, origin } = result;
  const attributes = `classname="${escapeXml(test)}" name="${escapeXml(name)}" file="${escapeXml(origin.file)}" line="${origin.line}"`;
  if (!isFailed(result)) return [`    <testcase ${attributes}/>`];
  const [first = '', ...more] = failureLines(result, paths);
  return [
    `    <testcase ${attributes}>`,
    `      <failure message="${escapeXml(first)}">${escapeXml(more.join('\n'))}</failure>`,
    '    </testcase>',
  ];
}

function failureLines(result: CaseResult, paths: readonly string[]): string[] {
  const { origin, name, mismatches, target, question, mask } = result;
  const texts = mismatches.map(
    ({ field, expected, got }) => `${field} is ${got}, expected ${expected}`,
  );
  return [
    `${origin.file}:${origin.line}:${origin.column}: ${name}: ${texts.join('; ')}`,
    `  ${mask === undefined ? explainLine(paths, target, question) : tryLine(paths, target, question, mask)}`,
  ];
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
