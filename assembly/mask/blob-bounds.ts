/** What the checks of a mask blob are made of: tables, references and texts that stay inside of it. */
import { MaskHeader, NONE } from '../layout';

/** Most bytes of a name, path or the like. */
export const KEY_LEN_MAX: u32 = 1_024;

/** Bytes of names that one validation looks at: keeps names that share bytes from making it quadratic. */
const TEXT_BUDGET: u32 = 1 << 26;

let textLeft: u32 = 0;

/** Starts one validation. */
export function resetTextBudget(): void {
  textLeft = TEXT_BUDGET;
}

/** Address of the table whose offset is in this field of the header. */
// @ts-ignore: decorator
@inline
export function tableAt(blob: usize, field: usize): usize {
  return blob + load<u32>(blob + field);
}

/** Records of the table whose offset is in this field of the header. */
// @ts-ignore: decorator
@inline
export function tableCount(blob: usize, field: usize): u32 {
  return load<u32>(blob + field, 4);
}

/** Whether the table lies behind the header and inside the blob. */
export function isTableInside(blob: usize, field: usize, recordSize: u32): bool {
  const total = load<u32>(blob, MaskHeader.totalLen);
  const off = load<u32>(blob + field);
  if (off < <u32>MaskHeader.SIZE || off > total) return false;
  return tableCount(blob, field) <= (total - off) / recordSize;
}

/** Whether start..start+count lies in 0..total, without wrapping. */
// @ts-ignore: decorator
@inline
export function isRunInside(start: u32, count: u32, total: u32): bool {
  return count <= total && start <= total - count;
}

/** Whether `index` is NONE or one of `count` records. */
// @ts-ignore: decorator
@inline
export function isIndexOrNone(index: u32, count: u32): bool {
  return index == NONE || index < count;
}

/** Address of a `str` field's bytes. */
// @ts-ignore: decorator
@inline
export function textAt(blob: usize, field: usize): usize {
  return tableAt(blob, MaskHeader.stringOff) + load<u32>(field);
}

/** Bytes of a `str` field. */
// @ts-ignore: decorator
@inline
export function textLen(field: usize): u32 {
  return load<u32>(field, 4);
}

/** Whether a `str` field lies inside the strings and has at most `max` bytes; takes them from the budget. */
export function isTextInside(blob: usize, field: usize, max: u32): bool {
  const len = textLen(field);
  if (len > max || len > textLeft) return false;
  textLeft -= len;
  return isRunInside(load<u32>(field), len, load<u32>(blob, MaskHeader.stringLen));
}

/** Whether a `str` field is 0, 0. */
// @ts-ignore: decorator
@inline
export function isTextAbsent(field: usize): bool {
  return load<u64>(field) == 0;
}

/** Whether the bytes of a `str` field inside are the name of a header in lower case (RFC 9110, section 5.6.2). */
export function isHeaderName(blob: usize, field: usize): bool {
  const start = textAt(blob, field);
  const len = textLen(field);
  for (let i: u32 = 0; i < len; i++) {
    const byte = <u32>load<u8>(start + i);
    const isLetter = byte - 0x61 < 26;
    if (!isLetter && byte - 0x30 >= 10 && !isTokenSign(byte)) return false;
  }
  return len != 0;
}

function isTokenSign(byte: u32): bool {
  switch (byte) {
    case 0x21: // !
    case 0x23: // #
    case 0x24: // $
    case 0x25: // %
    case 0x26: // &
    case 0x27: // '
    case 0x2a: // *
    case 0x2b: // +
    case 0x2d: // -
    case 0x2e: // .
    case 0x5e: // ^
    case 0x5f: // _
    case 0x60: // `
    case 0x7c: // |
    case 0x7e: // ~
      return true;
    default:
      return false;
  }
}
