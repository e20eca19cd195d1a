/**
 * The ends of sections without markup (`<![CDATA[` and `]]>`) inside XML text. They are units of their own in the text
 * window, so that what is found over them is found; they go out whatever becomes of the text.
 */
import { MaskOperator, MaskRule } from '../layout';
import { ruleOf } from './rules';
import { Masker, rawOf } from './state';
import { emitUnits, rawStartOf, unitAt } from './window';
import { IGNORABLE } from '../classify/units';

const LESS: u8 = 0x3c;
const CLOSING: u8 = 0x5d;

/** Emits the markers of a text that an operator worked on, those that it did not emit itself. */
export function emitMarkersOf(m: Masker, from: u32, to: u32, strength: u32): void {
  const rule = ruleOf(m.blob, strength);
  const operator = <u32>load<u8>(rule, MaskRule.operator);
  // These leave everything where it is but letters and digits.
  if (operator == MaskOperator.KeepLast || operator == MaskOperator.KeepFirst) return;
  const kept = operator == MaskOperator.Truncate ? <u32>load<u8>(rule, MaskRule.keep) : 0;
  emitMarkers(m, from + min(kept, to - from), to);
}

/** Emits the markers among units. */
export function emitMarkers(m: Masker, from: u32, to: u32): void {
  for (let i = from; i < to; i++) if (isMarker(m, i)) emitUnits(m, i, i + 1);
}

/** An invisible character is written in other bytes. */
function isMarker(m: Masker, index: u32): bool {
  if (unitAt(m, index) != IGNORABLE) return false;
  const first = load<u8>(rawOf(m) + rawStartOf(m, index));
  return first == LESS || first == CLOSING;
}
