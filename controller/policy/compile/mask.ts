/** One mask, and what two masks of one value come to. */
import { MaskOperator } from '../../layout.ts';

/** How a value is masked, and for whom: callers who lack one of `labels`. */
export interface Mask {
  readonly labels: bigint;
  readonly operator: MaskOperator;
  readonly keep: number;
}

/**
 * The mask of a value with the labels of both: in force when one of them is missing in the clearance, as strong as the
 * stronger of the two (null over redact over keep-last, fewer kept characters over more).
 */
export function combineMasks(known: Mask | undefined, mask: Mask): Mask {
  if (known === undefined) return mask;
  const labels = known.labels | mask.labels;
  if (known.operator !== mask.operator) {
    const stronger = known.operator > mask.operator ? known : mask;
    return { ...stronger, labels };
  }
  const keep = mask.operator === MaskOperator.KeepLast ? Math.min(known.keep, mask.keep) : 0;
  return { operator: mask.operator, keep, labels };
}
