/** Redact and Replace, and what stands for a value that has to go where nothing may be missing: a fixed text. */
import { MaskOperator, MaskRule, MaskHeader } from '../../layout';
import { emitStar, emitText } from '../emit-text';
import { OPERATOR_BYTES, reserveOutput } from '../output';
import { ruleOf } from '../rules';
import { Masker } from '../state';

/** Emits the replacement of a rule, or `***`: for every other operator, and for strength 0. Nothing, and `lacksRoom`, without room. */
export function emitConstant(m: Masker, strength: u32): void {
  if (!reserveOutput(OPERATOR_BYTES)) return;
  if (strength != 0) {
    const rule = ruleOf(m.blob, strength);
    if (load<u8>(rule, MaskRule.operator) == MaskOperator.Replace) {
      const strings = m.blob + load<u32>(m.blob, MaskHeader.stringOff);
      emitText(m, strings + load<u32>(rule, MaskRule.text), load<u32>(rule, MaskRule.textLen));
      return;
    }
  }
  // No format has to escape them.
  emitStar();
  emitStar();
  emitStar();
}
