/** Compiles the rules of a bundle and the lists that lead to them. */
import { BundleSection, NONE, Rule } from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import type { AccessPolicy, AccessRule } from '../policy-set.ts';
import { AtomTable, type Horizon } from './atoms.ts';
import { HostTable } from './hosts.ts';
import { IdentityTestTable } from './identity-tests.ts';
import type { ListTable } from './lists.ts';
import { OutcomeTable } from './outcomes.ts';
import { PathTable } from './paths.ts';
import { ProgramTable } from './programs.ts';
import { RequestValueTable } from './request-values.ts';
import { RouteTable } from './routes.ts';
import { SelectorTable } from './selectors.ts';

/** What rules are compiled with; `labels` holds all that clearances name. */
export interface RuleContext {
  readonly labels: readonly string[];
  readonly horizon: Horizon;
  readonly strings: StringTable;
  readonly lists: ListTable;
}

/** The sections that rules need, in the order of BundleSection, and the entries of the header's lists. */
export interface CompiledRules {
  readonly sections: readonly SectionData[];
  readonly anySource: readonly number[];
  readonly anyPath: readonly number[];
  readonly residual: readonly number[];
  readonly suffixLengths: readonly number[];
}

/** Compiles all rules, in the order of `policies` (by name) and of their positions. */
export function compileRules(
  policies: readonly AccessPolicy[],
  context: RuleContext,
): CompiledRules {
  const tables = new RuleTables(context);
  for (const policy of policies) {
    for (const rule of policy.rules) tables.add(policy, rule);
  }
  return tables.write();
}

/** All tables that rules fill. */
class RuleTables {
  readonly #strings: StringTable;
  readonly #lists: ListTable;
  readonly #rules = new Records(Rule.SIZE);
  readonly #outcomes: OutcomeTable;
  readonly #tests: IdentityTestTable;
  readonly #selectors: SelectorTable;
  readonly #paths = new PathTable();
  readonly #hosts: HostTable;
  readonly #values = new RequestValueTable();
  readonly #atoms: AtomTable;
  readonly #programs: ProgramTable;
  readonly #routes: RouteTable;
  readonly #anySource: number[] = [];
  readonly #anyPath: number[] = [];

  constructor({ labels, horizon, strings, lists }: RuleContext) {
    this.#strings = strings;
    this.#lists = lists;
    this.#outcomes = new OutcomeTable(labels);
    this.#tests = new IdentityTestTable(strings);
    this.#selectors = new SelectorTable(this.#tests, lists);
    this.#hosts = new HostTable(strings);
    this.#atoms = new AtomTable(horizon, strings, lists);
    this.#programs = new ProgramTable({
      atoms: this.#atoms,
      tests: this.#tests,
      paths: this.#paths,
      hosts: this.#hosts,
      values: this.#values,
    });
    const [paths, hosts, programs] = [this.#paths, this.#hosts, this.#programs];
    this.#routes = new RouteTable({ lists, paths, hosts, programs });
  }

  add(policy: AccessPolicy, rule: AccessRule): void {
    const index = this.#rules.count;
    const sources = unique(rule.from.map((selector) => this.#selectors.use(selector, index)));
    if (sources.length === 0) this.#anySource.push(index);
    const routes = this.#addRequests(rule, index);
    const program = (rule.when && this.#programs.intern(rule.when)) ?? NONE;
    const outcome = this.#outcomes.intern(rule, policy.isShadow);
    this.#rules.add((view, at) => {
      this.#strings.putOnce(view, at + Rule.name, `${policy.name}/`, rule.name);
      this.#lists.put(view, at + Rule.selectorStart, sources);
      this.#lists.put(view, at + Rule.routeStart, routes);
      view.setUint32(at + Rule.program, program, true);
      view.setUint32(at + Rule.outcome, outcome, true);
    });
  }

  write(): CompiledRules {
    const [strings, lists] = [this.#strings, this.#lists];
    const { selectors, services, residual } = this.#selectors.write(strings);
    const paths = this.#paths.write(lists, strings);
    const sections = [
      this.#rules.section(BundleSection.Rules),
      this.#outcomes.section(),
      selectors,
      this.#tests.section(),
      ...services,
      this.#routes.section(),
      ...paths.sections,
      this.#hosts.section(),
      ...this.#programs.write(),
      ...this.#atoms.write(),
      ...this.#values.write(lists, strings),
    ];
    const { suffixLengths } = paths;
    const [anySource, anyPath] = [this.#anySource, this.#anyPath];
    return { sections, anySource, anyPath, residual, suffixLengths };
  }

  // The routes of a rule, which its patterns lead to.
  #addRequests(rule: AccessRule, index: number): number[] {
    const uses = rule.to.map((match) => this.#routes.use(match));
    const patterns = uses.flatMap((use) => use.patterns);
    // A rule with one route for any path is a candidate for every path, so its patterns need not lead to it.
    if (patterns.length === 0 || patterns.includes(NONE)) this.#anyPath.push(index);
    else for (const pattern of patterns) this.#paths.addRule(pattern, index);
    return unique(uses.flatMap((use) => use.routes));
  }
}

function unique(numbers: readonly number[]): number[] {
  if (numbers.length < 2) return [...numbers];
  return [...new Set(numbers)].sort((a, b) => a - b);
}
