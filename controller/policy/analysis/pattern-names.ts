/** Names of patterns as operators write them. */
import { HostKind, TextOp } from '../../layout.ts';
import type { TimeCondition } from '../cel/condition.ts';
import type { HostPattern } from '../host-pattern.ts';
import type { TextPattern } from '../text-pattern.ts';

export function patternName({ op, text }: TextPattern): string {
  if (op === TextOp.Equal) return `\`${text}\``;
  return op === TextOp.Prefix ? `\`${text}*\`` : `\`*${text}\``;
}

export function hostName({ kind, text }: HostPattern): string {
  return kind === HostKind.Suffix ? `\`*${text}\`` : `\`${text}\``;
}

export function timeName(condition: TimeCondition): string {
  switch (condition.kind) {
    case 'before':
      return `before ${new Date(condition.timeMs).toISOString()}`;
    case 'within':
      return `in its window of ${condition.zone}`;
    default:
      return `on its dates of ${condition.zone}`;
  }
}
