/** The single tests of a rule for one request: each with its value, and with what it read. */
import { type Effect, IdentityAttribute, TestOp } from '../../layout.ts';
import type { Condition } from '../../policy/cel/condition.ts';
import { showCondition, showHost, showIdentityTest } from '../../policy/cel/show-condition.ts';
import type { BundleTarget } from '../../policy/compile.ts';
import type { IdentityTest } from '../../policy/identity-test.ts';
import type { AccessRule, RequestMatch, Selector } from '../../policy/policy-set.ts';
import type { Question } from './laboratory.ts';
import { type Probe, Probes, type TruthName, truthsOf } from './probes.ts';
import { atomsOf, readBy } from './read-values.ts';
import { isSatisfied, type RuleAnswer } from './rule-probes.ts';

/** One test, as a condition would write it. */
export interface ExplainedTest {
  readonly part: 'from' | 'to' | 'when';
  readonly text: string;
  readonly value: TruthName;
  /** What it read, in words. */
  readonly reads: string;
}

/** The tests of `when`; where `from` or `to` fails, of the entry that comes nearest. At most TESTS_SHOWN of a part. */
export function explainTests(
  module: WebAssembly.Module,
  target: BundleTarget,
  rule: AccessRule,
  { from, to }: RuleAnswer,
  question: Question,
): ExplainedTest[] {
  const asker = new Asker(module, target, question);
  const tests: ExplainedTest[] = [];
  if (!from) tests.push(...asker.nearestSelector(rule.from));
  if (!to) tests.push(...asker.nearestEntry(rule.to, rule.effect));
  if (rule.when !== undefined) tests.push(...asker.atoms(rule.when, 'when'));
  return tests;
}

class Asker {
  readonly #module: WebAssembly.Module;
  readonly #target: BundleTarget;
  readonly #question: Question;

  constructor(module: WebAssembly.Module, target: BundleTarget, question: Question) {
    this.#module = module;
    this.#target = target;
    this.#question = question;
  }

  atoms(condition: Condition, part: ExplainedTest['part']): ExplainedTest[] {
    const atoms = atomsOf(condition).slice(0, TESTS_SHOWN);
    const values = truthsOf(this.#module, this.#target, this.#question, atoms);
    return atoms.map((atom, i) => ({
      part,
      text: showCondition(atom),
      value: values[i] ?? 'unknown',
      reads: readBy(atom, this.#question.request),
    }));
  }

  nearestSelector(selectors: readonly Selector[]): ExplainedTest[] {
    const tried = selectors.slice(0, ENTRIES_TRIED);
    const holding = this.#holding(tried.map((tests) => tests.map((test) => ({ from: [[test]] }))));
    const nearest = fewestFailing(holding);
    return (tried[nearest] ?? []).slice(0, TESTS_SHOWN).map((test, i) => ({
      part: 'from',
      text: showIdentityTest(test),
      value: holding[nearest]?.[i] === true ? 'true' : 'false',
      reads: this.#read(test),
    }));
  }

  nearestEntry(entries: readonly RequestMatch[], effect: Effect): ExplainedTest[] {
    const tried = entries
      .slice(0, ENTRIES_TRIED)
      .map((match) => ({ match, lists: listsOf(match) }));
    const holding = this.#holding(tried.map(({ lists }) => lists.map(({ probe }) => probe)));
    const nearest = fewestFailing(
      tried.map(({ match }, i) => {
        const own = holding[i] ?? [];
        return match.also === undefined ? own : [...own, this.#isTrue(match.also, effect)];
      }),
    );
    const { match, lists } = tried[nearest] ?? { match: undefined, lists: [] };
    const tests = lists.map(({ text, reads }, i): ExplainedTest => {
      const value = holding[nearest]?.[i] === true ? 'true' : 'false';
      return { part: 'to', text, value, reads: reads(this.#question) };
    });
    return match?.also === undefined ? tests : [...tests, ...this.atoms(match.also, 'to')];
  }

  #isTrue(condition: Condition, effect: Effect): boolean {
    const [value = 'unknown'] = truthsOf(this.#module, this.#target, this.#question, [condition]);
    return isSatisfied(effect, value);
  }

  #holding(groups: readonly (readonly Probe[])[]): boolean[][] {
    const all = new Probes(this.#module, this.#target, groups.flat()).holding(this.#question);
    return groups.map((group) => all.splice(0, group.length));
  }

  #read({ attribute, label, op }: IdentityTest): string {
    const { Environment } = IdentityAttribute;
    const test = { attribute, label, op, value: '' };
    const own = readBy({ kind: 'identity', test }, this.#question.request);
    const isSame = op === TestOp.SameAsDestination || op === TestOp.NotSameAsDestination;
    return attribute === Environment && isSame ? `${own}, here ${this.#target.environment}` : own;
  }
}

interface TestedList {
  readonly text: string;
  readonly probe: Probe;
  readonly reads: (question: Question) => string;
}

// The lists of an entry of `to` that are not empty.
function listsOf({ methods, paths, hosts }: RequestMatch): TestedList[] {
  const none = { methods: [], paths: [], hosts: [], also: undefined };
  const lists: TestedList[] = [];
  const add = (
    name: string,
    texts: readonly string[],
    match: Partial<RequestMatch>,
    reads: TestedList['reads'],
  ) => {
    if (texts.length === 0) return;
    const more = texts.length > TEXTS_SHOWN ? ', ...' : '';
    const text = `${name} is ${texts.slice(0, TEXTS_SHOWN).join(', ')}${more}`;
    lists.push({ text, probe: { to: [{ ...none, ...match }] }, reads });
  };
  add('request.method', methods, { methods }, ({ request }) => request.method);
  add(
    'request.path',
    paths.map(({ text }) => text),
    { paths },
    ({ request }) => request.path,
  );
  const hostOf = ({ request }: Question): string => request.host ?? 'absent';
  add('request.host', hosts.map(showHost), { hosts }, hostOf);
  return lists;
}

function fewestFailing(holding: readonly (readonly boolean[])[]): number {
  const failing = holding.map((row) => row.filter((holds) => !holds).length);
  return Math.max(0, failing.indexOf(Math.min(...failing)));
}

const TESTS_SHOWN = 40;
const TEXTS_SHOWN = 6;
const ENTRIES_TRIED = 64;
