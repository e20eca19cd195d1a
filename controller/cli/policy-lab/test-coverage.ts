/** Which rules the cases of tests have tried. */
import type { BundleTarget } from '../../policy/compile.ts';
import type { AccessRule, Origin, PolicySet } from '../../policy/policy-set.ts';
import { selectFor } from '../../policy/select.ts';
import type { Question } from './laboratory.ts';
import { RuleProbes } from './rule-probes.ts';

/** A rule with its place; the name is `policy/rule`. */
export interface CoveredRule extends Origin {
  readonly name: string;
}

/** Rules by how far cases went with them. */
export interface Coverage {
  /** Enforced rules that decided a case, in percent of all enforced ones, rounded down; 100 without rules. */
  readonly percent: number;
  readonly rules: number;
  /** Enforced rules that applied in some case, and decided none: others were named. */
  readonly neverDecided: readonly CoveredRule[];
  /** Rules that applied in no case; shadow rules are among them. */
  readonly neverApplied: readonly CoveredRule[];
}

/** Counts case by case. */
export class CoverageCount {
  readonly #module: WebAssembly.Module;
  readonly #set: PolicySet;
  readonly #destinations = new Map<string, AskedDestination>();
  readonly #decided = new Set<string>();
  readonly #applied = new Set<string>();

  constructor(module: WebAssembly.Module, set: PolicySet) {
    this.#module = module;
    this.#set = set;
  }

  /** A case that was asked; `decided` is empty when no rule decided. */
  count(target: BundleTarget, question: Question, decided: string): void {
    if (decided !== '') this.#decided.add(decided);
    const { names, probes } = this.#destinationOf(target);
    for (const [i, { applies }] of probes.ask(question).entries()) {
      if (applies) this.#applied.add(names[i] ?? '');
    }
  }

  finish(): Coverage {
    const rules = this.#set.access.flatMap(({ name, isShadow, rules: own }) =>
      own.map((rule) => ({ name: `${name}/${rule.name}`, ...rule.origin, isShadow })),
    );
    const enforced = rules.filter(({ isShadow }) => !isShadow);
    const undecided = enforced.filter(({ name }) => !this.#decided.has(name));
    const share = enforced.length === 0 ? 1 : 1 - undecided.length / enforced.length;
    const isApplied = ({ name }: CoveredRule): boolean =>
      this.#applied.has(name) || this.#decided.has(name);
    return {
      percent: Math.floor(share * 100),
      rules: enforced.length,
      neverDecided: undecided.filter(isApplied).map(placeOf),
      neverApplied: rules.filter((rule) => !isApplied(rule)).map(placeOf),
    };
  }

  #destinationOf(target: BundleTarget): AskedDestination {
    const key = JSON.stringify(target);
    const known = this.#destinations.get(key);
    if (known !== undefined) return known;
    const rules: AccessRule[] = [];
    const names: string[] = [];
    for (const policy of selectFor(this.#set, target).access) {
      for (const rule of policy.rules) {
        rules.push(rule);
        names.push(`${policy.name}/${rule.name}`);
      }
    }
    const made = { names, probes: new RuleProbes(this.#module, target, rules) };
    this.#destinations.set(key, made);
    return made;
  }
}

interface AskedDestination {
  readonly names: readonly string[];
  readonly probes: RuleProbes;
}

function placeOf({ name, file, line, column }: CoveredRule): CoveredRule {
  return { name, file, line, column };
}
