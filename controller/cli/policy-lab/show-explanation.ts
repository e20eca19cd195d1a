/** An explanation as people read it. */
import type { ExplainedRule, Explanation } from './explain.ts';
import type { SmallestChange } from './smallest-change.ts';

/** Lines of text. */
export function showExplanation(explanation: Explanation, smallest: SmallestChange): string[] {
  const { verdict, status, reason, rule, band, rules, otherRules } = explanation;
  const lines = [
    `${verdict.toUpperCase()}${status === undefined ? '' : ` (${status})`}: ${reason.text} (${reason.code} ${reason.name})`,
    `  decided by  ${rule === undefined ? 'no rule' : `${rule.name}  ${rule.file}:${rule.line}`}`,
    `  band        ${band.toLowerCase()}`,
    `  audit       ${explanation.audit}`,
  ];
  if (status === undefined) {
    lines.push(`  may read    ${explanation.clearance.join(', ') || 'nothing that is classified'}`);
    lines.push(`  masked      ${maskedText(explanation.masks)}`);
  }
  lines.push('');
  const shown = rules.slice(0, RULES_SHOWN);
  for (const one of shown) lines.push(...ruleLines(one));
  const left = otherRules + rules.length - shown.length;
  if (left > 0)
    lines.push(`${left} more ${left === 1 ? 'rule has' : 'rules have'} less to do with it`);
  if (left > 0 || shown.length > 0) lines.push('');
  return [...lines, ...changeLines(smallest)];
}

function maskedText({ request, response }: Explanation['masks']): string {
  const bodies = [...(request ? ['request bodies'] : []), ...(response ? ['response bodies'] : [])];
  return bodies.join(', ') || 'nothing';
}

function ruleLines(rule: ExplainedRule): string[] {
  const mode = rule.shadow ? ', shadow' : '';
  const head = `${rule.effect} ${rule.name}  ${rule.file}:${rule.line}${mode}: ${outcome(rule)}`;
  const width = Math.max(0, ...rule.tests.map(({ text }) => Math.min(text.length, WIDTH_MAX)));
  const tests = rule.tests.map(({ part, text, value, reads }) => {
    const read = reads === '' ? '' : `  (${reads})`;
    return `  ${part.padEnd(4)}  ${value.padEnd(7)}  ${text.padEnd(width)}${read}`.trimEnd();
  });
  return [head, ...tests];
}

function outcome({ applies, maxRisk, from, to, effect, when }: ExplainedRule): string {
  if (maxRisk !== undefined) return `applies, but only up to band ${maxRisk.toLowerCase()}`;
  if (applies && effect === 'deny' && when === 'unknown') {
    return 'applies: its condition is unknown, which counts for a deny rule';
  }
  if (applies) return 'applies';
  if (!from) return 'is for other callers';
  if (!to) return 'is for other requests';
  return `its condition is ${when}`;
}

function changeLines({ wanted, alternatives, isSmallest, note }: SmallestChange): string[] {
  const lines = note === undefined ? [] : [note];
  const [first] = alternatives;
  if (first === undefined) {
    if (isSmallest) lines.push(`no other request would have been ${wanted}`);
    return lines;
  }
  lines.push(`it would have been ${wanted} with ${isSmallest ? 'as little as' : 'for example'}`);
  for (const [i, changes] of alternatives.entries()) {
    const texts = changes.map(({ part, from, to }) => `${part}: ${to} instead of ${from}`);
    lines.push(`${i === 0 ? '  ' : '  or '}${texts.join(', and ')}`);
  }
  return lines;
}

const RULES_SHOWN = 10;
const WIDTH_MAX = 72;
