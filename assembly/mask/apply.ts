/** One operator on a text that lies whole in the window: a value, or what was found in one. */
import { MaskOperator, MaskRule } from '../layout';
import { Escape } from './escape';
import { fitLength } from './fit-length';
import { bucketUnits } from './operators/bucket';
import { emitConstant } from './operators/constant';
import { shiftUnits } from './operators/date-shift';
import { preserveUnits } from './operators/format-preserving';
import { emitHash } from './operators/hash';
import { keepFirstUnits } from './operators/keep-first';
import { keepLastUnits } from './operators/keep-last';
import { emitToken } from './operators/token';
import { truncateUnits } from './operators/truncate';
import { maskedLen } from './output';
import { operatorOf, ruleOf } from './rules';
import { Masker, keyOf, unitsOf } from './state';
import { rawStartOf } from './window';
import { emitMarkersOf } from './xml-markers';

/**
 * Emits what the rule of `strength` makes of units `from` to `to`. `isValue`: they are a whole value, whose decoded text is
 * held; else what was found in one, which is hashed and sealed in its normalised form.
 */
export function applyOperator(m: Masker, from: u32, to: u32, strength: u32, isValue: bool): void {
  const before = maskedLen;
  runOperator(m, from, to, strength, isValue);
  if (m.escape == Escape.XmlText) emitMarkersOf(m, from, to, strength);
  if (!m.keepsLength) return;
  fitLength(before, rawStartOf(m, to) - rawStartOf(m, from), operatorOf(m.blob, strength));
}

function runOperator(m: Masker, from: u32, to: u32, strength: u32, isValue: bool): void {
  const rule = ruleOf(m.blob, strength);
  const keep = <u32>load<u8>(rule, MaskRule.keep);
  const text = isValue ? keyOf(m) : unitsOf(m) + from;
  const len = isValue ? m.decodedLen : to - from;
  switch (<u32>load<u8>(rule, MaskRule.operator)) {
    case MaskOperator.KeepLast:
      keepLastUnits(m, from, to, keep);
      break;
    case MaskOperator.KeepFirst:
      keepFirstUnits(m, from, to, keep);
      break;
    case MaskOperator.Truncate:
      truncateUnits(m, from, to, keep);
      break;
    case MaskOperator.Hash:
      emitHash(m, text, len, strength);
      break;
    case MaskOperator.Token:
      emitToken(m, text, len);
      break;
    case MaskOperator.FormatPreserving:
      preserveUnits(m, from, to, strength);
      break;
    case MaskOperator.DateShift:
      shiftUnits(m, from, to, strength);
      break;
    case MaskOperator.Bucket:
      bucketUnits(m, from, to, strength);
      break;
    default:
      emitConstant(m, strength);
  }
}
