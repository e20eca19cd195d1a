/** Runs tests of policies: every case is asked of the filter. */
import { Direction } from '../../layout.ts';
import type { BundleTarget } from '../../policy/compile.ts';
import {
  type Expectation,
  isMaskCase,
  type PolicyTest,
  type TestCase,
} from '../../policy/kinds/policy-test.ts';
import type { PolicyError } from '../../policy/policy-error.ts';
import type { Origin, PolicySet } from '../../policy/policy-set.ts';
import { Problem } from '../../policy/problem.ts';
import { type Selected, selectFor } from '../../policy/select.ts';
import { judgeMaskCase } from '../mask-lab/judge-mask-case.ts';
import { MaskBench } from '../mask-lab/mask-bench.ts';
import { type MaskCoverage, MaskCoverageCount } from '../mask-lab/mask-coverage.ts';
import { rulesThatMask } from '../mask-lab/masked-values.ts';
import { type MaskQuestion, maskQuestionOf } from '../mask-lab/message-of.ts';
import { AuditLevels } from './audit-level.ts';
import { reasonCode } from './explain.ts';
import { Laboratories } from './laboratories.ts';
import type { Question } from './laboratory.ts';
import type { Mismatch } from './mismatch.ts';
import { questionOf } from './question-of.ts';
import { readsTime } from './reads-time.ts';
import { type Coverage, CoverageCount } from './test-coverage.ts';

/** What became of a case. */
export interface CaseResult {
  readonly test: string;
  readonly name: string;
  readonly origin: Origin;
  readonly target: BundleTarget;
  readonly question: Question;
  /** Of a case that asks what masking makes of it. */
  readonly mask: MaskQuestion | undefined;
  readonly mismatches: readonly Mismatch[];
}

/** What became of all. */
export interface TestRun {
  readonly results: readonly CaseResult[];
  readonly coverage: Coverage;
  /** Undefined when no case is about masking. */
  readonly maskCoverage: MaskCoverage | undefined;
}

/** Asks all cases, or none when one of them says too little: `errors` says what is missing. */
export function runTests(
  module: WebAssembly.Module,
  set: PolicySet,
  tests: readonly PolicyTest[],
): TestRun | { readonly errors: readonly PolicyError[] } {
  const prepared = tests.map((test) => prepare(module, set, test));
  const errors = prepared.flatMap((one) => one.errors);
  if (errors.length > 0) return { errors };
  const coverage = new CoverageCount(module, set);
  const maskCoverage = new MaskCoverageCount(set);
  const results = prepared.flatMap(({ test, bench, questions }) =>
    questions.map(({ one, question, mask }) => {
      const { mismatches, rule } = bench.judge(question, one.expected);
      coverage.count(bench.target, question, rule);
      if (mask !== undefined) mismatches.push(...bench.mask(question, mask, one, maskCoverage));
      const { name, origin } = one;
      return { test: test.name, name, origin, target: bench.target, question, mask, mismatches };
    }),
  );
  const hasMasks = results.some(({ mask }) => mask !== undefined);
  return {
    results,
    coverage: coverage.finish(),
    maskCoverage: hasMasks ? maskCoverage.finish() : undefined,
  };
}

interface Prepared {
  readonly test: PolicyTest;
  readonly bench: Bench;
  readonly questions: readonly PreparedCase[];
  readonly errors: readonly PolicyError[];
}

interface PreparedCase {
  readonly one: TestCase;
  readonly question: Question;
  readonly mask: MaskQuestion | undefined;
}

function prepare(module: WebAssembly.Module, set: PolicySet, test: PolicyTest): Prepared {
  const direction = test.direction === 'inbound' ? Direction.Inbound : Direction.Outbound;
  const target: BundleTarget = { mesh: test.mesh, ...test.destination, direction };
  const bench = new Bench(module, set, target);
  const needsTime = readsTime(bench.selected);
  const questions: PreparedCase[] = [];
  const errors: PolicyError[] = [];
  for (const one of test.cases) {
    const question = questionOf(one.asked, target, ANY_TIME_MS);
    const mask = isMaskCase(one)
      ? maskQuestionOf(one.origin.file, one.message, one.expected)
      : undefined;
    if (question instanceof Problem) errors.push(errorAt(one, question));
    else if (mask instanceof Problem) errors.push(errorAt(one, mask));
    else if (needsTime && one.asked.at === undefined) errors.push(errorAt(one, noTime));
    else {
      errors.push(...unknownNames(one, bench));
      questions.push({ one, question, mask });
    }
  }
  return { test, bench, questions, errors };
}

function errorAt({ origin, name }: TestCase, { message, help }: Problem): PolicyError {
  return { ...origin, message: `case \`${name}\`: ${message}`, help };
}

// An expectation that no answer can meet is a mistake of the test, not of the policies.
function unknownNames(one: TestCase, { selected, rules }: Bench): PolicyError[] {
  const { rule, clearance = [], labels = [] } = one.expected;
  const problems: Problem[] = [];
  if (rule !== undefined && rule !== 'none' && !rules.has(rule)) {
    const known = [...rules].slice(0, 10).join(', ');
    problems.push(new Problem(`no rule is called \`${rule}\` here`, `rules are ${known}`));
  }
  for (const label of [...clearance, ...labels].filter((each) => !selected.labels.includes(each))) {
    const known = selected.labels.join(', ') || 'none';
    problems.push(new Problem(`no policy knows label \`${label}\` here`, `labels are ${known}`));
  }
  return problems.map((problem) => errorAt(one, problem));
}

/** What cases of one document are asked of. */
class Bench {
  readonly target: BundleTarget;
  readonly selected: Selected;
  /** Names, `policy/rule`. */
  readonly rules: ReadonlySet<string>;
  readonly #laboratories: Laboratories;
  readonly #levels: AuditLevels;
  readonly #masks: MaskBench;

  constructor(module: WebAssembly.Module, set: PolicySet, target: BundleTarget) {
    this.target = target;
    this.selected = selectFor(set, target);
    this.rules = new Set(
      this.selected.access.flatMap((policy) =>
        policy.rules.map((rule) => `${policy.name}/${rule.name}`),
      ),
    );
    this.#laboratories = new Laboratories(module, set, target);
    this.#levels = new AuditLevels(module, set, target);
    this.#masks = new MaskBench(module, set, target);
  }

  /** How what masking made of a message differs; counts the rules that took part. */
  mask(
    question: Question,
    mask: MaskQuestion,
    { expected }: TestCase,
    coverage: MaskCoverageCount,
  ): Mismatch[] {
    const recorded = this.#masks.send(question, mask.message);
    if (recorded.refusal === undefined) {
      coverage.count(rulesThatMask(this.#masks, question, mask.message, recorded));
    }
    const labels = this.#masks.labelNames(recorded.record.labels);
    return judgeMaskCase(mask, expected, recorded, labels);
  }

  /** How the answer differs from what was expected, and the rule that decided. */
  judge(question: Question, expected: Expectation): { mismatches: Mismatch[]; rule: string } {
    const { record } = this.#laboratories.ask(question);
    const mismatches: Mismatch[] = [];
    const compare = (field: string, wanted: string | undefined, got: string): void => {
      if (wanted !== undefined && wanted !== got) mismatches.push({ field, expected: wanted, got });
    };
    compare('verdict', expected.verdict, record.verdict.toLowerCase());
    compare('rule', expected.rule, record.rule === '' ? 'none' : record.rule);
    compare('reason', shownReason(expected.reason), shownReason(record.reason));
    if (expected.clearance !== undefined) {
      compare('clearance', listed(expected.clearance), listed(this.#labels(record.clearance)));
    }
    if (expected.audit !== undefined) {
      compare('audit', expected.audit, this.#levels.of(question));
    }
    if (expected.masks !== undefined) {
      const masks = this.#laboratories.at(question.request.timeMs).masks(question);
      for (const body of ['request', 'response'] as const) {
        const wanted = expected.masks[body];
        compare(
          `masks.${body}`,
          wanted === undefined ? wanted : String(wanted),
          String(masks[body]),
        );
      }
    }
    return { mismatches, rule: record.rule };
  }

  #labels(clearance: bigint): string[] {
    return this.selected.labels.filter((_, bit) => ((clearance >> BigInt(bit)) & 1n) === 1n);
  }
}

function shownReason(reason: Expectation['reason']): string;
function shownReason(reason: Expectation['reason'] | undefined): string | undefined;
function shownReason(reason: Expectation['reason'] | undefined): string | undefined {
  return reason && `${reasonCode(reason)} ${reason}`;
}

function listed(labels: readonly string[]): string {
  return [...new Set(labels)].sort().join(', ') || 'none';
}

/** Where no rule reads the time, any will do. */
const ANY_TIME_MS = Date.UTC(2026, 0, 1, 12);
const noTime = new Problem(
  'it does not say when, and the rules of this destination read the time',
  'add `at`, here or to `defaults`, for example `at: 2026-03-27T12:00:00Z`',
);
