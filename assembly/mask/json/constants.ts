/** What stands for a whole value of JSON under a rule that leaves nothing of it. */
import { MaskOperator } from '../../layout';
import { emitConstant } from '../operators/constant';
import { emitByte } from '../output';
import { operatorOf } from '../rules';
import { Masker } from '../state';

const QUOTE: u8 = 0x22;

/**
 * Emits `null`, or a string. A member that is dropped never gets here; an element that would be, and a member whose name
 * was too long to be held, become null.
 */
export function emitJsonConstant(m: Masker, strength: u32): void {
  const operator = operatorOf(m.blob, strength);
  if (operator == MaskOperator.Null || operator == MaskOperator.Drop) {
    emitByte(0x6e);
    emitByte(0x75);
    emitByte(0x6c);
    emitByte(0x6c);
    return;
  }
  emitByte(QUOTE);
  emitConstant(m, strength);
  emitByte(QUOTE);
}
