/** Mask rules as one number each, so that the strongest of several is their maximum. */
import { MaskHeader, MaskOperator, MaskRule, NONE } from '../layout';

/** Most characters that KeepLast may leave. */
export const KEEP_MAX: u32 = 16;

/**
 * Strengths: 0 no rule, 1 to 17 KeepLast (17 keeps nothing), then the operators that leave nothing.
 */
export const STRENGTH_REDACT: u32 = 18;

/** The strongest: the value becomes null. */
export const STRENGTH_NULL: u32 = 19;

const STRENGTH_KEEP_NONE: u32 = KEEP_MAX + 1;

/** Strength of a rule, 0 when it is NONE or the clearance holds all of its labels. */
export function ruleStrength(blob: usize, rule: u32, clearance: u64): u32 {
  if (rule == NONE) return 0;
  const record = blob + load<u32>(blob, MaskHeader.ruleOff) + <usize>rule * MaskRule.SIZE;
  const labels = load<u64>(record, MaskRule.labels);
  if (labels != 0 && (labels & ~clearance) == 0) return 0;
  const operator = load<u8>(record, MaskRule.operator);
  if (operator == MaskOperator.Null) return STRENGTH_NULL;
  if (operator == MaskOperator.Redact) return STRENGTH_REDACT;
  return STRENGTH_KEEP_NONE - load<u8>(record, MaskRule.keep);
}

/** Characters that a strength leaves at the end. */
// @ts-ignore: decorator
@inline
export function keptBy(strength: u32): u32 {
  return strength < STRENGTH_KEEP_NONE ? STRENGTH_KEEP_NONE - strength : 0;
}
