/** Headers that one destination reads both by value and by line: two readings of one text, of which callers could choose. */
import { RequestKind } from '../layout.ts';
import { visitLeaves } from './cel/visit-condition.ts';
import { comparePlaces, type PolicyError } from './policy-error.ts';
import type { AccessRule, PolicySet } from './policy-set.ts';
import { destinationsOf, type Selected, selectFor } from './select.ts';

/** An error for each header and pair of readings, at the rule that comes later. */
export function findMixedHeaders(set: PolicySet): PolicyError[] {
  const errors = new Map<string, PolicyError>();
  for (const destination of destinationsOf(set)) {
    const selected = selectFor(set, destination);
    if (!readsLines(selected)) continue;
    const { values, lines } = readersIn(selected);
    for (const [header, byLine] of lines) {
      const byValue = values.get(header);
      if (byValue === undefined) continue;
      const error = mixed(header, byValue, byLine);
      errors.set(`${header} ${error.file} ${error.line} ${error.column}`, error);
    }
  }
  return [...errors.values()];
}

function readsLines({ requestNames }: Selected): boolean {
  return [...requestNames].some((name) => name.startsWith(`${RequestKind.AnyHeader} `));
}

/** The first rule that reads a header, by its name. */
type Readers = Map<string, AccessRule>;

function readersIn({ access }: Selected): { values: Readers; lines: Readers } {
  const found = { values: new Map<string, AccessRule>(), lines: new Map<string, AccessRule>() };
  for (const rule of access.flatMap((policy) => policy.rules)) {
    for (const condition of [...rule.to.map(({ also }) => also), rule.when]) {
      if (condition === undefined) continue;
      visitLeaves(condition, (leaf) => {
        if (leaf.kind !== 'request') return;
        const { kind, name } = leaf.ref;
        if (kind !== RequestKind.Header && kind !== RequestKind.AnyHeader) return;
        const readers = kind === RequestKind.Header ? found.values : found.lines;
        if (!readers.has(name)) readers.set(name, rule);
      });
    }
  }
  return found;
}

function mixed(header: string, byValue: AccessRule, byLine: AccessRule): PolicyError {
  const isLater = comparePlaces(byValue.origin, byLine.origin) > 0;
  const [rule, other] = isLater ? [byValue, byLine] : [byLine, byValue];
  const [reads, otherReads] = isLater ? ['by value', 'by `any()`'] : ['by `any()`', 'by value'];
  const { file, line } = other.origin;
  return {
    ...rule.origin,
    message: `rule \`${rule.name}\` reads header \`${header}\` ${reads}, and rule \`${other.name}\` ${otherReads}`,
    help: `use \`any()\` in both, or in neither; the other is in ${file}, line ${line}`,
  };
}
