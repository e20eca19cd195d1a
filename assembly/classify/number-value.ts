/** Values that are written as JSON numbers. */
import { isCardNumber } from './card-number';
import { DetectorSet, isEnabled, strengthOf } from './detector-set';
import { DetectorKind, kindBit } from './kinds';

/** Bits of the kinds that `numberStrength` found. */
export let numberKinds: u64 = 0;

/** The greatest strength of what a JSON number is. */
export function numberStrength(set: DetectorSet, ptr: usize, len: u32): u32 {
  numberKinds = 0;
  if (len == 0 || !isEnabled(set, DetectorKind.Card) || !isCardNumber(ptr, len)) return 0;
  numberKinds = kindBit(DetectorKind.Card);
  return strengthOf(set, DetectorKind.Card);
}
