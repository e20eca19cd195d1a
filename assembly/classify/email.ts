/**
 * Mail addresses: the practical part of RFC 5321 (section 4.1.2) and RFC 6531. The local part is a
 * run of letters, digits, `. _ % + - '` and other characters, of which the last 64 count; the
 * domain has at least two labels of at most 63, the last one of two letters or more, or `xn--`.
 * Quoted local parts and address literals are not looked for.
 */
import { findByte } from '../memory/bytes';
import { NOTHING, NOWHERE, UNDECIDED } from './answers';
import { Unit, isDigit, isLetter, unitClass } from './units';

/** Most units of a local part. */
export const LOCAL_MAX: u32 = 64;

const LABEL_MAX: u32 = 63;
/** Most units of a domain, so that an address ends within 256 units. */
const DOMAIN_MAX: u32 = 190;

/** The `@` that was found last, or NOWHERE. */
let nextAt: u32 = NOWHERE;
/** The run of local characters that was looked at last ends here. */
let localEnd: u32 = 0;
/** The `@` whose domain was read last, and where it ends. */
let domainOf: u32 = NOWHERE;
let domainEnd: u32 = NOTHING;
/** Forgets what is known of a text. */
export function clearEmail(): void {
  nextAt = NOWHERE;
  localEnd = 0;
  domainOf = NOWHERE;
}

/** The end of the address whose local part begins at `pos`. */
export function emailAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  if (nextAt < pos || nextAt == NOWHERE) {
    const index = findByte(text + <usize>pos, min(len - pos, LOCAL_MAX + 1), 0x40);
    if (index < 0) return NOTHING;
    nextAt = pos + <u32>index;
  }
  if (nextAt - pos > LOCAL_MAX) return NOTHING;
  if (localEnd <= pos) {
    localEnd = pos;
    while ((unitClass(load<u8>(text + <usize>localEnd)) & Unit.Local) != 0) localEnd++;
  }
  if (localEnd != nextAt) return NOTHING;
  if (domainOf != nextAt) {
    domainOf = nextAt;
    domainEnd = readDomain(text, nextAt + 1, len, isEnd);
  }
  return domainEnd;
}

/** The end of the longest domain that begins at `start`. */
function readDomain(text: usize, start: u32, len: u32, isEnd: bool): u32 {
  const limit = start + DOMAIN_MAX;
  let end = NOTHING;
  let p = start;
  for (let labels = 0; ; labels++) {
    const label = p;
    while (p < len && p < limit && isLabelUnit(load<u8>(text + <usize>p))) p++;
    if (p == limit) break;
    if (p == len && !isEnd) return UNDECIDED;
    if (p == label || p - label > LABEL_MAX || load<u8>(text + <usize>label) == 0x2d) break;
    let labelEnd = p;
    while (load<u8>(text + <usize>(labelEnd - 1)) == 0x2d) labelEnd--;
    if (labels > 0 && isTopLabel(text, label, labelEnd)) end = labelEnd;
    if (labelEnd != p || p == len || load<u8>(text + <usize>p) != 0x2e) break;
    p++;
  }
  return end;
}

// @ts-ignore: decorator
@inline
function isLabelUnit(unit: u8): bool {
  return (unitClass(unit) & Unit.Alnum) != 0 || unit == 0x2d || unit == 0x80 || unit == 0x01;
}

/** Two letters or more (other characters count as letters), or a label of RFC 5890. */
function isTopLabel(text: usize, start: u32, end: u32): bool {
  if (end - start < 2) return false;
  const at = text + <usize>start;
  if (end - start > 4 && (load<u32>(at) | 0x2020) == 0x2d2d_6e78 /* xn-- */) return true;
  for (let p = start; p < end; p++) {
    const unit = load<u8>(text + <usize>p);
    if (isDigit(unit) || unit == 0x2d) return false;
    if (!isLetter(unit) && unit != 0x80 && unit != 0x01) return false;
  }
  return true;
}
