/** A rule of Istio as rules of ours. */
import { conditionText } from './cel-text.ts';
import { type IstioPolicy, type IstioRule, titleOf } from './istio-policy.ts';
import type { ImportNote } from './note.ts';
import type { OurRule } from './our-policy.ts';
import { type Entry, fromParts, toEntry } from './rule-parts.ts';
import { type RuleTerms, ruleTerms, type ValueMapping } from './rule-terms.ts';
import { allOf, always, closeGaps, never, type Term } from './term.ts';

/**
 * The rules that say what rule number `index` says; none when nothing can match it. Gaps make an allow rule narrower and
 * a deny rule wider. Operations that need a condition of their own become rules of their own.
 */
export function ourRules(
  rule: IstioRule,
  index: number,
  policy: IstioPolicy,
  mapping: ValueMapping,
  notes: ImportNote[],
): OurRule[] {
  const isAllow = policy.action === 'ALLOW';
  const terms = closed(ruleTerms(rule, policy, mapping, notes), isAllow ? 'narrower' : 'wider');
  if (terms.from === never || terms.when === never) return [];
  const from = terms.from === always ? { entries: [], rest: always } : fromParts(terms.from);
  const { file, line } = policy.originOf(rule.path);
  const made = split(terms.to).map(
    ({ to, rest }): OurRule => ({
      name: '',
      comment: `${titleOf(policy)}, ${policy.action} rule ${index + 1}: ${file}:${line}`,
      effect: isAllow ? 'allow' : 'deny',
      from: from.entries,
      to,
      when: conditionText(allOf([from.rest, terms.when, rest])),
    }),
  );
  return made.map((each, i) => ({
    ...each,
    name: made.length === 1 ? `rule-${index + 1}` : `rule-${index + 1}-to-${i + 1}`,
  }));
}

function closed(terms: RuleTerms, side: 'narrower' | 'wider'): RuleTerms {
  return {
    from: closeGaps(terms.from, side),
    to: terms.to.map((operation) => closeGaps(operation, side)),
    when: closeGaps(terms.when, side),
  };
}

// Operations that entries of `to` say share a rule.
function split(operations: readonly Term[]): { to: Entry[]; rest: Term }[] {
  if (operations.includes(always)) return [{ to: [], rest: always }];
  const parts = operations.filter((operation) => operation !== never).map(toEntry);
  const shared = parts.flatMap(({ entry, rest }) => (rest === always ? [entry] : []));
  return [
    ...(shared.length === 0 ? [] : [{ to: shared, rest: always }]),
    ...parts
      .filter(({ rest }) => rest !== always)
      .map(({ entry, rest }) => ({ to: entry.size === 0 ? [] : [entry], rest })),
  ];
}
