/** What an operator wrote, made as long as what it stands for: in protobuf lengths lie before the values. */
import { MaskOperator } from '../layout';
import { cutOutput, emitFill, maskedLen, maskedPtr } from './output';

const STAR: u8 = 0x2a;

/**
 * Makes the output behind the first `before` bytes `wanted` bytes long. Hashes are repeated or cut; stars go before what
 * KeepLast left and behind what KeepFirst and Truncate did; anything else that does not fit becomes stars.
 */
export function fitLength(before: usize, wanted: usize, operator: u32): void {
  const len = maskedLen - before;
  if (len == wanted) return;
  const at = maskedPtr + before;
  if (operator == MaskOperator.Hash && len != 0) {
    for (let i = len; i < wanted; i++) store<u8>(at + i, load<u8>(at + i - len));
    cutOutput(before + wanted);
    return;
  }
  if (len < wanted && operator == MaskOperator.KeepLast) {
    memory.copy(at + (wanted - len), at, len);
    memory.fill(at, STAR, wanted - len);
    cutOutput(before + wanted);
    return;
  }
  const stays = operator == MaskOperator.KeepFirst || operator == MaskOperator.Truncate;
  cutOutput(len < wanted && stays ? before + len : before);
  emitFill(STAR, before + wanted - maskedLen);
}
