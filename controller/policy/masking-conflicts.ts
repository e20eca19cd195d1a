/** Masking policies of one destination that say different things of what can only be one way. */
import type { PolicyError } from './policy-error.ts';
import type { MaskingPolicy, PolicySet } from './policy-set.ts';
import { destinationsOf, selectFor } from './select.ts';

/** Policies that name another header for labels than one before them; each once. */
export function findMaskingConflicts(set: PolicySet): PolicyError[] {
  const errors = new Map<MaskingPolicy, PolicyError>();
  for (const destination of destinationsOf(set)) {
    const [first, ...others] = selectFor(set, destination).masking.filter(
      ({ labelHeader }) => labelHeader !== undefined,
    );
    if (first === undefined) continue;
    for (const other of others) {
      if (other.labelHeader === first.labelHeader) continue;
      const { file, line } = first.origin;
      errors.set(other, {
        ...other.origin,
        message: `\`labelHeader\` is ${shown(other)} here and ${shown(first)} in MaskingPolicy \`${first.name}\``,
        help: `write the same in both; the other is in ${file}, line ${line}`,
      });
    }
  }
  return [...errors.values()];
}

function shown({ labelHeader }: MaskingPolicy): string {
  return labelHeader === '' ? '`none`' : `\`${labelHeader}\``;
}
