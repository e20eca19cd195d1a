/** Checks the rules of a mask blob: their order is their strength, so it must be the one of the policy model. */
import {
  Band,
  DateUnit,
  KEEP_MAX,
  MaskFlag,
  MaskHeader,
  MaskOperator,
  MaskRule,
  REPLACE_MAX,
} from '../layout';
import { isTextAbsent, isTextInside, tableAt, tableCount, textAt, textLen } from './blob-bounds';

const KEEP_LAST_MAX: u32 = 16;
const SHIFT_DAYS_MAX: u32 = 3_650;
const BUCKET_WIDTH_MAX: u32 = 1_000_000_000;
const HASH_DIGITS_MIN: u32 = 8;
const HASH_DIGITS_MAX: u32 = 64;
/** Digits, or digits and letters. */
const RADIX_DIGITS: u32 = 10;
const RADIX_ALL: u32 = 62;
/** A rule of this band is never in force, and tells only what a value is. */
const NEVER_IN_FORCE: u32 = <u32>Band.Critical + 1;

/** Whether every rule can be carried out, and none stands before a weaker one. */
export function areRulesValid(blob: usize, labelCount: u32): bool {
  const unknown = labelCount >= 64 ? 0 : ~(((<u64>1) << labelCount) - 1);
  let rule = tableAt(blob, MaskHeader.ruleOff);
  let rank: u32 = 0;
  let hasDrops = false;
  for (let left = tableCount(blob, MaskHeader.ruleOff); left > 0; left--) {
    const operator = load<u8>(rule, MaskRule.operator);
    const own = rankOf(operator);
    if (own == 0 || own < rank) return false;
    rank = own;
    if (operator == MaskOperator.Drop) hasDrops = true;
    if ((load<u64>(rule, MaskRule.labels) & unknown) != 0) return false;
    if (load<u8>(rule, MaskRule.minBand) > NEVER_IN_FORCE) return false;
    if (load<u8>(rule, MaskRule.flags) > 1) return false;
    if (load<u8>(rule, MaskRule.keep) > keepMaxOf(operator)) return false;
    if (!isParamValid(operator, load<u32>(rule, MaskRule.param))) return false;
    if (!isTextValid(blob, rule)) return false;
    rule += MaskRule.SIZE;
  }
  return hasDrops == ((load<u32>(blob, MaskHeader.flags) & MaskFlag.HasDrops) != 0);
}

/** Whether a rule works with a key. The rules were checked before. */
export function needsKey(blob: usize): bool {
  let rule = tableAt(blob, MaskHeader.ruleOff);
  for (let left = tableCount(blob, MaskHeader.ruleOff); left > 0; left--) {
    switch (<i32>load<u8>(rule, MaskRule.operator)) {
      case MaskOperator.DateShift:
      case MaskOperator.FormatPreserving:
      case MaskOperator.Token:
      case MaskOperator.Hash:
        return true;
    }
    rule += MaskRule.SIZE;
  }
  return false;
}

/** Place in the order of strength from 1 (policy-model, "Meaning", 7); 0 for what is no operator. */
function rankOf(operator: u32): u32 {
  switch (<i32>operator) {
    case MaskOperator.KeepLast:
    case MaskOperator.KeepFirst:
      return 1;
    case MaskOperator.DateShift:
      return 2;
    case MaskOperator.Truncate:
      return 3;
    case MaskOperator.Bucket:
      return 4;
    case MaskOperator.FormatPreserving:
      return 5;
    case MaskOperator.Token:
      return 6;
    case MaskOperator.Hash:
      return 7;
    case MaskOperator.Replace:
      return 8;
    case MaskOperator.Redact:
      return 9;
    case MaskOperator.Null:
      return 10;
    case MaskOperator.Drop:
      return 11;
    default:
      return 0;
  }
}

function keepMaxOf(operator: u32): u32 {
  if (operator == MaskOperator.KeepLast) return KEEP_LAST_MAX;
  if (operator == MaskOperator.KeepFirst || operator == MaskOperator.Truncate) return KEEP_MAX;
  return 0;
}

function isParamValid(operator: u32, param: u32): bool {
  switch (<i32>operator) {
    case MaskOperator.DateShift:
      return param >= 1 && param <= SHIFT_DAYS_MAX;
    case MaskOperator.Bucket:
      return (
        (param >= 1 && param <= BUCKET_WIDTH_MAX) ||
        (param >= <u32>DateUnit.Month && param <= <u32>DateUnit.Decade)
      );
    case MaskOperator.FormatPreserving:
      return param == RADIX_DIGITS || param == RADIX_ALL;
    case MaskOperator.Hash:
      return param >= HASH_DIGITS_MIN && param <= HASH_DIGITS_MAX;
    default:
      return param == 0;
  }
}

/** A replacement also goes into headers, so it holds no control characters. */
function isTextValid(blob: usize, rule: usize): bool {
  const field = rule + MaskRule.text;
  if (load<u8>(rule, MaskRule.operator) != MaskOperator.Replace) return isTextAbsent(field);
  if (!isTextInside(blob, field, REPLACE_MAX)) return false;
  const end = textAt(blob, field) + textLen(field);
  for (let p = textAt(blob, field); p < end;) {
    const size = characterSize(p, end);
    if (size == 0) return false;
    p += size;
  }
  return true;
}

/** Bytes of the character at `p` in UTF-8 (RFC 3629, section 4); 0 for none, or a control character. */
function characterSize(p: usize, end: usize): usize {
  const lead = <u32>load<u8>(p);
  if (lead < 0x80) return lead < 0x20 || lead == 0x7f ? 0 : 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const size: usize = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (<usize>(end - p) < size) return 0;
  const second = <u32>load<u8>(p, 1);
  const least: u32 = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const greatest: u32 = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > greatest) return 0;
  // U+0080 to U+009F are controls too.
  if (lead == 0xc2 && second < 0xa0) return 0;
  for (let i: usize = 2; i < size; i++) {
    if ((load<u8>(p + i) & 0xc0) != 0x80) return 0;
  }
  return size;
}
