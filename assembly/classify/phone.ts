/**
 * Telephone numbers. International ones (ITU-T E.164) begin with + and the code of a country and
 * have 8 to 15 digits, those of the North American plan 11. National ones have 7 to 15 and count
 * only behind a word that announces them. One or two of space - . / ( ) may stand between two
 * groups.
 */
import { NOTHING, UNDECIDED } from './answers';
import { IGNORABLE, IGNORABLE_MAX, isAlnum, isDigit, unitAt } from './units';

const DIGITS_MAX: u32 = 15;
const INTERNATIONAL_MIN: u32 = 8;
const NATIONAL_MIN: u32 = 7;
/** Digits of a number of the North American plan with its code. */
const NANP_DIGITS: u32 = 11;

/** Codes of countries and services by first and last, in order. */
const CODES = memory.data<u16>([
  1, 1, 7, 7, 20, 20, 27, 27, 30, 34, 36, 36, 39, 41, 43, 49, 51, 58, 60, 66, 81, 82, 84, 84, 86,
  86, 90, 95, 98, 98, 211, 213, 216, 216, 218, 218, 220, 258, 260, 269, 290, 291, 297, 299, 350,
  359, 370, 389, 420, 421, 423, 423, 500, 509, 590, 599, 670, 670, 672, 683, 685, 692, 800, 800,
  808, 808, 850, 850, 852, 853, 855, 856, 870, 870, 878, 878, 880, 883, 886, 886, 888, 888, 960,
  968, 970, 977, 979, 979, 992, 996, 998, 998,
]);
const CODES_COUNT: u32 = 46;

/** The first three digits of the number that was read last, and how many there were of these. */
let head: u32 = 0;
let headDigits: u32 = 0;
/** Lengths of its first three groups, 4 bits each, the first one highest. */
let shape: u32 = 0;

/** The end of the number that begins with the + at `pos`. */
export function internationalAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  if (pos > 0) {
    const before = load<u8>(text + <usize>(pos - 1));
    if (isAlnum(before) || before == 0x2b) return NOTHING;
  }
  let first = pos + 1;
  while (first < len && first - pos < 4 && isGapUnit(load<u8>(text + <usize>first))) first++;
  if (!isDigit(unitAt(text, first, len))) return NOTHING;
  const isNanp = unitAt(text, first, len) == 0x31;
  const end = readDigits(
    text,
    first,
    len,
    isEnd,
    isNanp ? NANP_DIGITS : INTERNATIONAL_MIN,
    isNanp ? NANP_DIGITS : DIGITS_MAX,
  );
  return end == UNDECIDED || isCountryCode() ? end : NOTHING;
}

/** The end of the national number whose first digit is at `pos`; dates are none. */
export function nationalAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  const end = readDigits(text, pos, len, isEnd, NATIONAL_MIN, DIGITS_MAX);
  if (end == NOTHING || end == UNDECIDED) return end;
  return shape == 0x422 || shape == 0x224 ? NOTHING : end;
}

/** The end of the last group of digits with which there are `least` to `most`. */
function readDigits(text: usize, start: u32, len: u32, isEnd: bool, least: u32, most: u32): u32 {
  let end = NOTHING;
  let digits: u32 = 0;
  let groups: u32 = 0;
  head = 0;
  headDigits = 0;
  shape = 0;
  for (let p = start; ;) {
    const group = p;
    while (p < len && isDigit(load<u8>(text + <usize>p)) && digits <= most) {
      if (headDigits < 3) {
        head = head * 10 + load<u8>(text + <usize>p) - 0x30;
        headDigits++;
      }
      digits++;
      p++;
    }
    if (p == len && !isEnd) return UNDECIDED;
    if (digits > most) break;
    if (groups++ < 3) shape = (shape << 4) | ((p - group) & 15);
    if (digits >= least) end = p;
    const next = skipGap(text, p, len);
    if (next == len && !isEnd) return UNDECIDED;
    if (next == len || !isDigit(load<u8>(text + <usize>next))) break;
    p = next;
  }
  return end;
}

function skipGap(text: usize, start: u32, len: u32): u32 {
  let separators = 0;
  let ignored: u32 = 0;
  let p = start;
  for (; p < len; p++) {
    const unit = load<u8>(text + <usize>p);
    if (unit == IGNORABLE) {
      if (++ignored > IGNORABLE_MAX) break;
    } else if (!isGapUnit(unit) || ++separators > 2) {
      break;
    }
  }
  return p;
}

// @ts-ignore: decorator
@inline
function isGapUnit(unit: u8): bool {
  return unit == 0x20 || unit == 0x28 || unit == 0x29 || (unit >= 0x2d && unit <= 0x2f);
}

/** Whether the number that was read last begins with the code of a country. */
function isCountryCode(): bool {
  if (headDigits < 3) return false;
  const one = head / 100;
  const two = head / 10;
  for (let i: u32 = 0; i < CODES_COUNT; i++) {
    const range = CODES + ((<usize>i) << 2);
    const last = <u32>load<u16>(range, 2);
    const code = last < 10 ? one : last < 100 ? two : head;
    if (code >= <u32>load<u16>(range) && code <= last) return true;
  }
  return false;
}
