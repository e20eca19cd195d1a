/** Masking policies of one destination that say different things of what can only be one way. */
import { descriptorName } from './descriptors/resolve-descriptors.ts';
import type { PolicyError } from './policy-error.ts';
import type { MaskingPolicy, PolicySet } from './policy-set.ts';
import { destinationsOf, selectFor } from './select.ts';

/** Policies that name another header for labels or another descriptor set than one before them; each field once. */
export function findMaskingConflicts(set: PolicySet): PolicyError[] {
  const errors = new Map<string, PolicyError>();
  for (const destination of destinationsOf(set)) {
    const { masking } = selectFor(set, destination);
    for (const [field, shown] of fields) {
      const [first, ...others] = masking.filter((policy) => shown(policy) !== undefined);
      if (first === undefined) continue;
      for (const other of others) {
        if (shown(other) === shown(first)) continue;
        const { file, line } = first.origin;
        errors.set(`${field} ${other.name}`, {
          ...other.origin,
          message: `\`${field}\` is \`${shown(other)}\` here and \`${shown(first)}\` in MaskingPolicy \`${first.name}\``,
          help: `write the same in both; the other is in ${file}, line ${line}`,
        });
      }
    }
  }
  return [...errors.values()];
}

const fields: readonly (readonly [string, (policy: MaskingPolicy) => string | undefined])[] = [
  ['labelHeader', ({ labelHeader }) => (labelHeader === '' ? 'none' : labelHeader)],
  ['descriptors', ({ descriptors }) => descriptors && descriptorName(descriptors)],
];
