/** Private keys in PEM (RFC 7468, OpenPGP and OpenSSH included), from their BEGIN line to their END line. */
import { text as literal } from '../memory/text';
import { NOTHING, UNDECIDED } from './answers';
import { isDigit, unitAt } from './units';

const BEGIN = literal('BEGIN ');
const PRIVATE_KEY = literal('PRIVATE KEY');
const DASHES_MIN: u32 = 5;
const DASHES_MAX: u32 = 64;
const LABEL_MAX: u32 = 48;

/** Behind the BEGIN line of the key that begins with the hyphen at `pos`. */
export function pemAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  if (unitAt(text, pos + 1, len) != 0x2d) return NOTHING;
  if (pos > 0 && load<u8>(text + <usize>(pos - 1)) == 0x2d) return NOTHING;
  const label = readDashes(text, pos, len);
  if (label == len) return isEnd ? NOTHING : UNDECIDED;
  if (label - pos < DASHES_MIN || !holds(text, label, len, BEGIN.ptr, BEGIN.len)) {
    return label + BEGIN.len > len && !isEnd ? UNDECIDED : NOTHING;
  }
  let isPrivate = false;
  let p = label + BEGIN.len;
  const limit = p + LABEL_MAX;
  while (p < len && p < limit && isLabelUnit(load<u8>(text + <usize>p))) {
    if (holds(text, p, len, PRIVATE_KEY.ptr, PRIVATE_KEY.len)) isPrivate = true;
    p++;
  }
  if (p == len && !isEnd) return UNDECIDED;
  const end = p + DASHES_MIN;
  for (; p < end; p++) {
    if (p == len) return isEnd ? NOTHING : UNDECIDED;
    if (load<u8>(text + <usize>p) != 0x2d) return NOTHING;
  }
  return isPrivate ? end : NOTHING;
}

function readDashes(text: usize, pos: u32, len: u32): u32 {
  let p = pos;
  while (p < len && p - pos < DASHES_MAX && load<u8>(text + <usize>p) == 0x2d) p++;
  return p;
}

// @ts-ignore: decorator
@inline
function isLabelUnit(unit: u8): bool {
  return <u32>unit - 0x41 < 26 || isDigit(unit) || unit == 0x20;
}

function holds(text: usize, pos: u32, len: u32, wanted: usize, wantedLen: u32): bool {
  if (wantedLen > len - pos) return false;
  for (let i: u32 = 0; i < wantedLen; i++) {
    if (load<u8>(text + <usize>(pos + i)) != load<u8>(wanted + <usize>i)) return false;
  }
  return true;
}
