/** What became of a message, as people read it. */

import type { ExplainedRefusal, MaskExplanation } from './explain-mask.ts';
import type { MaskedValue } from './masked-values.ts';
import type { UnreadablePlace } from './unreadable.ts';

/** Lines of text. `isClear`: values are shown as they were, too. */
export function showMask(explanation: MaskExplanation, isClear: boolean): string[] {
  const { refusal, unreadable, instead, action, values, headers, isTooLarge } = explanation;
  const lines = [refusal === undefined ? passedLine(explanation) : refusedLine(refusal)];
  if (unreadable !== undefined) {
    const outcome = instead === undefined ? '' : `; it went on ${instead}`;
    lines.push(`  cannot be read ${showUnreadable(unreadable)}${outcome}`);
  }
  lines.push(...valueLines(values.slice(0, VALUES_SHOWN), isClear));
  if (values.length > VALUES_SHOWN) lines.push(`  ${values.length - VALUES_SHOWN} more values`);
  for (const { name, before, after } of headers) {
    const change = after === undefined ? 'removed' : before === undefined ? 'added' : 'changed';
    lines.push(`  header ${name}: ${change}${after === undefined ? '' : `, ${after}`}`);
  }
  if (isTooLarge) lines.push('  the body is too large to tell its values apart');
  if (refusal === undefined || refusal.reason === 'BodyUnreadable') {
    const isInForce = action !== undefined;
    lines.push(
      isInForce
        ? `  a body that cannot be read: ${action}`
        : '  no mask is in force for this caller',
    );
  }
  return lines;
}

/** Where a body cannot be read, in words. */
export function showUnreadable(place: UnreadablePlace): string {
  if (place.at === 'headers') return 'as its headers say: its type, charset or encoding';
  if (place.at === 'end') return 'at its end: it is not finished';
  return `at byte ${place.byte}, line ${place.line}, column ${place.column}`;
}

function passedLine({ masked, labels, clearance }: MaskExplanation): string {
  const values = masked === 1 ? '1 value masked' : `${masked} values masked`;
  const found = labels.length === 0 ? 'no labels found' : `found ${labels.join(', ')}`;
  const cleared =
    clearance.length === 0 ? 'cleared for nothing' : `cleared for ${clearance.join(', ')}`;
  return `passed: ${values}; ${found}; ${cleared}`;
}

function refusedLine({ status, grpcStatus, code, reason, text }: ExplainedRefusal): string {
  const answer = grpcStatus === undefined ? status : `grpc-status ${grpcStatus}`;
  const how = status === undefined ? 'reset after some of it went on' : `refused with ${answer}`;
  return `${how}: ${text} (${code} ${reason})`;
}

function valueLines(values: readonly MaskedValue[], isClear: boolean): string[] {
  const rows = values.map(({ place, before, after, entries, rules }) => [
    place,
    ...(isClear ? [short(before)] : []),
    after === undefined ? 'gone' : after === '' ? 'empty' : short(after),
    [...new Set(rules.map(({ operator }) => operator))].join(', '),
    rules.map(({ name }) => name).join(', '),
    entries.map(({ label, text }) => `${label} by ${text}`).join(', '),
  ]);
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map((cell, i) => cell.padEnd(widths[i] ?? 0));
    return `  ${cells.join('  ')}`.trimEnd();
  });
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > TEXT_SHOWN ? `${line.slice(0, TEXT_SHOWN - 3)}...` : line;
}

const VALUES_SHOWN = 100;
const TEXT_SHOWN = 60;
