/** Compiles the rules of a bundle and the lists that lead to them. */
import { BundleSection, NONE, Rule } from '../../layout.ts';
import { Records, type SectionData, type StringTable } from '../../section-file.ts';
import type { AccessPolicy, AccessRule } from '../policy-set.ts';
import { bitsOf } from './labels.ts';
import type { ListTable } from './lists.ts';
import { PathTable } from './paths.ts';
import type { ProgramTable } from './programs.ts';
import { RouteTable } from './routes.ts';
import { SelectorTable } from './selectors.ts';

/** Where the parts of rules are collected. */
export interface RuleTables {
  readonly strings: StringTable;
  readonly lists: ListTable;
  readonly programs: ProgramTable;
}

/** The sections that rules need, and the entries of the header's lists. */
export interface CompiledRules {
  readonly rules: SectionData;
  readonly selectors: readonly SectionData[];
  readonly routes: SectionData;
  readonly paths: readonly SectionData[];
  readonly hosts: SectionData;
  readonly anySource: readonly number[];
  readonly anyPath: readonly number[];
  readonly residual: readonly number[];
}

/** Compiles all rules, in the order of `policies` (by name) and of their positions. */
export function compileRules(
  policies: readonly AccessPolicy[],
  labels: readonly string[],
  tables: RuleTables,
): CompiledRules {
  const selectors = new SelectorTable();
  const paths = new PathTable();
  const routes = new RouteTable(paths);
  const rules = new Records(Rule.SIZE);
  const anySource: number[] = [];
  const anyPath: number[] = [];
  for (const policy of policies) {
    for (const rule of policy.rules) {
      const index = rules.count;
      const sources = unique(rule.from.map((selector) => selectors.use(selector, index)));
      if (sources.length === 0) anySource.push(index);
      const uses = rule.to.map((match) => routes.use(match));
      const patterns = uses.flatMap((use) => use.patterns);
      // A rule with one route for any path is a candidate for every path, so its patterns need not lead to it.
      if (patterns.length === 0 || patterns.includes(NONE)) anyPath.push(index);
      else for (const pattern of patterns) paths.addRule(pattern, index);
      const requests = unique(uses.flatMap((use) => use.routes));
      const clearance = bitsOf(rule.clearance, labels);
      const program = rule.when === undefined ? NONE : tables.programs.intern(rule.when);
      const compiled = { policy, rule, sources, requests, clearance, program };
      rules.add((view, at) => writeRule(view, at, compiled, tables));
    }
  }
  const { sections, residual } = selectors.write(tables.lists, tables.strings);
  const written = routes.write(tables.strings);
  return {
    rules: rules.section(BundleSection.Rules),
    selectors: sections,
    routes: written.routes,
    paths: paths.write(tables.lists, tables.strings),
    hosts: written.hosts,
    anySource,
    anyPath,
    residual,
  };
}

interface CompiledRule {
  readonly policy: AccessPolicy;
  readonly rule: AccessRule;
  readonly sources: readonly number[];
  readonly requests: readonly number[];
  readonly clearance: bigint;
  readonly program: number;
}

function writeRule(view: DataView, at: number, compiled: CompiledRule, tables: RuleTables): void {
  const { policy, rule } = compiled;
  tables.strings.put(view, at + Rule.name, `${policy.name}/${rule.name}`);
  tables.strings.put(view, at + Rule.file, rule.origin.file);
  view.setUint32(at + Rule.line, rule.origin.line, true);
  tables.lists.put(view, at + Rule.selectorStart, compiled.sources);
  tables.lists.put(view, at + Rule.routeStart, compiled.requests);
  view.setUint32(at + Rule.program, compiled.program, true);
  view.setBigUint64(at + Rule.clearance, compiled.clearance, true);
  view.setUint8(at + Rule.effect, rule.effect);
  view.setUint8(at + Rule.maxRisk, rule.maxRisk);
  view.setUint8(at + Rule.audit, rule.audit);
  view.setUint8(at + Rule.shadow, policy.isShadow ? 1 : 0);
}

function unique(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
