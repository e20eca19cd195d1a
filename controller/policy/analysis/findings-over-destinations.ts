/** Joins what destinations say about the same rules: a rule is of no use when it is of no use in all of them. */
import { compareText } from '../policy-error.ts';
import type { AccessRule, Origin } from '../policy-set.ts';
import type { Selected } from '../select.ts';
import type { CopiedRule } from './copied-rules.ts';
import type { RuleFunctions } from './destination.ts';
import type { Finding } from './finding.ts';
import type { NamedPath, Overlap } from './look-for.ts';
import type { Useless } from './rule-status.ts';

interface RuleState {
  readonly rule: AccessRule;
  /** The weakest so far; undefined when the rule is of use somewhere, or may be. */
  useless: Useless | undefined;
  readonly others: Set<string>;
}

export class FindingsOverDestinations {
  readonly #findings = new Map<string, Finding>();
  /** By `policy/rule`: rules with conditions on labels differ from destination to destination. */
  readonly #rules = new Map<string, RuleState>();
  readonly #paths = new Map<string, NamedPath>();
  readonly #overlaps = new Map<string, { overlap: Overlap; others: Set<string> }>();

  /** A finding of one destination that holds whatever others say. */
  add(finding: Finding): void {
    const key = `${finding.kind} ${finding.rule}`;
    if (!this.#findings.has(key)) this.#findings.set(key, finding);
  }

  /** What a rule is good for in one destination. */
  addStatus({ rule, name }: RuleFunctions, useless: Useless | undefined): void {
    const others = useless?.others.map((other) => other.name) ?? [];
    const known = this.#rules.get(name);
    if (known === undefined) {
      this.#rules.set(name, { rule, useless, others: new Set(others) });
      return;
    }
    for (const other of others) known.others.add(other);
    if (known.useless === undefined) return;
    const isWeaker = useless === undefined || strength(useless) < strength(known.useless);
    if (isWeaker) known.useless = useless;
  }

  addOverlap(overlap: Overlap): void {
    const { name } = overlap.deny;
    const known = this.#overlaps.get(name) ?? { overlap, others: new Set<string>() };
    this.#overlaps.set(name, known);
    for (const allow of overlap.allows) known.others.add(allow.name);
  }

  addPaths(paths: readonly NamedPath[]): void {
    for (const path of paths) {
      const key = `${path.owner} ${path.path}`;
      const known = this.#paths.get(key);
      if (known === undefined || path.isCallable) this.#paths.set(key, path);
    }
  }

  /** A destination without an answer: its rules and paths may be of use there. Copies are of none. */
  leaveOut({ access, classifications }: Selected, copies: readonly CopiedRule[]): void {
    const originals = new Map(copies.map(({ rule, original }) => [rule, original]));
    for (const policy of access) {
      for (const rule of policy.rules) {
        const name = `${policy.name}/${rule.name}`;
        const original = originals.get(rule);
        const state = this.#rules.get(name) ?? { rule, useless: undefined, others: new Set() };
        const isNew = !this.#rules.has(name);
        this.#rules.set(name, state);
        if (original === undefined) state.useless = undefined;
        else if (isNew || state.useless !== undefined) {
          state.useless = { kind: 'redundant', because: '', others: [] };
          state.others.add(original);
        }
        for (const { paths } of rule.to) this.#callable(name, rule.origin, paths);
      }
    }
    for (const { name, origin, routes } of classifications) {
      for (const { paths } of routes) this.#callable(name, origin, paths);
    }
  }

  /** Everything, in the order of files and lines. */
  sorted(): Finding[] {
    for (const [name, { rule, useless, others }] of this.#rules) {
      if (useless !== undefined) this.add(uselessFinding(name, rule, useless, [...others]));
    }
    for (const { overlap, others } of this.#overlaps.values()) {
      this.add(overlapFinding(overlap, [...others]));
    }
    for (const path of this.#paths.values()) {
      if (!path.isCallable) {
        this.#findings.set(`uncallable ${path.owner} ${path.path}`, pathFinding(path));
      }
    }
    return [...this.#findings.values()].sort(
      (a, b) => compareText(a.file, b.file) || a.line - b.line || compareText(a.kind, b.kind),
    );
  }

  #callable(owner: string, origin: Origin, paths: readonly { readonly text: string }[]): void {
    this.addPaths(paths.map(({ text }) => ({ ...origin, owner, path: text, isCallable: true })));
  }
}

function strength({ kind }: Useless): number {
  return ['redundant', 'hidden', 'dead', 'contradiction'].indexOf(kind);
}

function uselessFinding(
  rule: string,
  { name, origin }: AccessRule,
  { kind, because }: Useless,
  others: readonly string[],
): Finding {
  const shown = others.slice(0, 3).map((other) => `\`${other}\``);
  const named = shown.join(', ') + (others.length > shown.length ? ', ...' : '');
  const about = { kind, severity: 'warning', ...origin, rule, others } as const;
  if (kind === 'hidden') {
    const message = `rule \`${name}\` never lets a request in: wherever it applies, ${named} denies`;
    return { ...about, message, help: 'remove it, or make the deny rule narrower' };
  }
  if (kind === 'redundant') {
    const message = `rule \`${name}\` adds nothing: ${named} grants all that it grants`;
    return { ...about, message, help: 'remove it, or make the other rule narrower' };
  }
  const help = 'remove the rule, or mend what contradicts itself';
  return { ...about, message: `rule \`${name}\` can never apply: ${because}`, help };
}

function overlapFinding(
  { deny, example, destination }: Overlap,
  others: readonly string[],
): Finding {
  const shown = others.slice(0, 3).map((other) => `\`${other}\``);
  const more = others.length > shown.length ? ` and ${others.length - shown.length} more` : '';
  return {
    kind: 'overlap',
    severity: 'info',
    ...deny.rule.origin,
    rule: deny.name,
    message: `deny rule \`${deny.rule.name}\` takes requests back from ${shown.join(', ')}${more}`,
    help: 'a deny beats every allow; the example is a request that both match',
    others,
    example,
    destination,
  };
}

function pathFinding({ owner, path, file, line, column }: NamedPath): Finding {
  return {
    kind: 'uncallable',
    severity: 'warning',
    file,
    line,
    column,
    rule: owner,
    message: `nobody may call \`${path}\`: every request to it is denied`,
    help: 'add an allow rule, make the deny rule narrower, or remove the path',
    others: [],
  };
}
