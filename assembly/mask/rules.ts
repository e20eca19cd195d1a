/** Mask rules as one number each, their strength, so that the strongest of several is their maximum. */
import { MaskHeader, MaskOperator, MaskRule, NONE } from '../layout';

const ALWAYS: u8 = 1;

/** Record of a strength above 0. */
// @ts-ignore: decorator
@inline
export function ruleOf(blob: usize, strength: u32): usize {
  return blob + load<u32>(blob, MaskHeader.ruleOff) + <usize>(strength - 1) * MaskRule.SIZE;
}

/** The MaskKey record. INVARIANT: the blob has one when an operator of it needs keys. */
// @ts-ignore: decorator
@inline
export function keysOf(blob: usize): usize {
  return blob + load<u32>(blob, MaskHeader.keyOff);
}

/** MaskOperator of a strength above 0. */
// @ts-ignore: decorator
@inline
export function operatorOf(blob: usize, strength: u32): u32 {
  return load<u8>(ruleOf(blob, strength), MaskRule.operator);
}

/**
 * Strength of a rule: 0 when it is NONE or not in force, because the band is below its own or the
 * clearance holds all of its labels.
 */
export function ruleStrength(blob: usize, rule: u32, clearance: u64, band: u32): u32 {
  if (rule == NONE) return 0;
  return isInForce(ruleOf(blob, rule + 1), clearance, band) ? rule + 1 : 0;
}

/** Whether a rule is in force for a caller with this clearance in this band. */
export function isInForce(record: usize, clearance: u64, band: u32): bool {
  if (band < load<u8>(record, MaskRule.minBand)) return false;
  if ((load<u8>(record, MaskRule.flags) & ALWAYS) != 0) return true;
  return (load<u64>(record, MaskRule.labels) & ~clearance) != 0;
}

/** Whether what comes out does not depend on the value. */
export function isConstant(operator: u32): bool {
  return (
    operator == MaskOperator.Redact ||
    operator == MaskOperator.Null ||
    operator == MaskOperator.Replace ||
    operator == MaskOperator.Drop
  );
}
