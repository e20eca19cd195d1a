/**
 * National numbers that have letters. They are read into a buffer of their own, in upper case and
 * without what may stand between, and checked there.
 */
import { text as literal } from '../memory/text';
import { NOTHING, UNDECIDED } from './answers';
import { isDay, isNir, numberOf, pair, weigh } from './national-sums';
import { IGNORABLE, IGNORABLE_MAX, isAlnum, isDigit, isLetter, unitAt } from './units';

/** The characters of the number that was read last, and their values: of digits 0 to 9. */
const CHARS: usize = memory.data(32, 8);
const VALUES: usize = memory.data(32, 8);

const DNI_LETTERS = literal('TRWAGMYFPDXBNJZSQVHLCKE');
const HETU_CHECKS = literal('0123456789ABCDEFHJKLMNPRSTUVWXY');
const CN_CHECKS = literal('10X98765432');
const CN_WEIGHTS = memory.data<u8>([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
const NRIC_WEIGHTS = memory.data<u8>([2, 7, 6, 5, 4, 3, 2]);
const NRIC_CITIZEN = literal('JZIHGFEDCBA');
const NRIC_FOREIGN = literal('XWUTRQPNMLK');
const NRIC_NEWEST = literal('XWUTRQPNJLK');
const CF_MONTHS = literal('ABCDEHLMPRST');
/** Letters that stand for 0 to 9 where two persons would have one code. */
const CF_DIGITS = literal('LMNPQRSTUV');
/** Value at an odd place, of 0 to 9 and of A to Z. */
const CF_ODD = memory.data<u8>([
  1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8,
  12, 14, 16, 10, 22, 25, 24, 23,
]);

/** Where separators may stand, as bits of the character behind. */
const DNI_BREAKS: u32 = (1 << 2) | (1 << 5) | (1 << 8);
const NIE_BREAKS: u32 = (1 << 1) | (1 << 8);
const CN_BREAKS: u32 = (1 << 6) | (1 << 14);
const NIR_BREAKS: u32 = (1 << 1) | (1 << 3) | (1 << 5) | (1 << 7) | (1 << 10) | (1 << 13);
const CF_BREAKS: u32 = (1 << 3) | (1 << 6) | (1 << 11);

/** DNI: eight digits and a letter. */
export function dniAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  const end = readWord(text, pos, len, isEnd, 9, DNI_BREAKS);
  if (end == NOTHING || end == UNDECIDED) return end;
  return areDigits(0, 8) && isDniLetter(numberOf(VALUES, 0, 8), char(8)) ? end : NOTHING;
}

/** NIE: X, Y or Z for a first digit 0, 1 or 2. */
export function nieAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  const first = ((<u32>load<u8>(text + <usize>pos)) & 0xdf) - 0x58;
  if (first > 2) return NOTHING;
  const end = readWord(text, pos, len, isEnd, 9, NIE_BREAKS);
  if (end == NOTHING || end == UNDECIDED) return end;
  const number = <u64>first * 10_000_000 + numberOf(VALUES, 1, 8);
  return areDigits(1, 8) && isDniLetter(number, char(8)) ? end : NOTHING;
}

/** Resident identity number of China, in both its forms: the check character is a digit or X. */
export function residentAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  const end = readWord(text, pos, len, isEnd, 18, CN_BREAKS);
  if (end == NOTHING || end == UNDECIDED) return end;
  if (!areDigits(0, 17) || !isProvince(pair(VALUES, 0))) return NOTHING;
  const century = pair(VALUES, 6);
  if (century < 18 || century > 20 || !isDay(pair(VALUES, 10), pair(VALUES, 12))) return NOTHING;
  const check = load<u8>(CN_CHECKS.ptr + <usize>(weigh(VALUES, CN_WEIGHTS, 17) % 11));
  return check == char(17) ? end : NOTHING;
}

/** NIR of a person who was born in Corsica: 2A counts as 19, 2B as 18. */
export function corsicanAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  const end = readWord(text, pos, len, isEnd, 15, NIR_BREAKS);
  if (end == NOTHING || end == UNDECIDED) return end;
  const letter = <u32>char(6) - 0x41;
  if (letter > 1 || char(5) != 0x32 || !areDigits(0, 6) || !areDigits(7, 15)) return NOTHING;
  store<u8>(VALUES, 0, 6);
  // As 20, lowered by one or two million.
  return isNir(VALUES, <u64>(letter + 1) * 1_000_000) ? end : NOTHING;
}

/** NRIC and FIN of Singapore. */
export function nricAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  const second = unitAt(text, pos + 1, len);
  if (!isDigit(second) && second != IGNORABLE) return NOTHING;
  const end = readWord(text, pos, len, isEnd, 9, 0);
  if (end == NOTHING || end == UNDECIDED) return end;
  if (!areDigits(1, 8)) return NOTHING;
  const sum = weigh(VALUES + 1, NRIC_WEIGHTS, 7);
  switch (char(0)) {
    case 0x53 /* S */:
      return char(8) == load<u8>(NRIC_CITIZEN.ptr + <usize>(sum % 11)) ? end : NOTHING;
    case 0x54 /* T */:
      return char(8) == load<u8>(NRIC_CITIZEN.ptr + <usize>((sum + 4) % 11)) ? end : NOTHING;
    case 0x46 /* F */:
      return char(8) == load<u8>(NRIC_FOREIGN.ptr + <usize>(sum % 11)) ? end : NOTHING;
    case 0x47 /* G */:
      return char(8) == load<u8>(NRIC_FOREIGN.ptr + <usize>((sum + 4) % 11)) ? end : NOTHING;
    case 0x4d /* M */:
      return char(8) == load<u8>(NRIC_NEWEST.ptr + <usize>(10 - ((sum + 3) % 11))) ? end : NOTHING;
    default:
      return NOTHING;
  }
}

/** Codice fiscale of a person; at least one of its first 16 units is a digit. */
export function codiceAt(text: usize, pos: u32, len: u32, isEnd: bool): u32 {
  if (!isLetter(unitAt(text, pos + 1, len)) && unitAt(text, pos + 1, len) != IGNORABLE) {
    return NOTHING;
  }
  const end = readWord(text, pos, len, isEnd, 16, CF_BREAKS);
  if (end == NOTHING || end == UNDECIDED) return end;
  return isCodice() ? end : NOTHING;
}

/**
 * Henkilötunnus: six digits end at `pos`; a sign of the century, three digits and a check character
 * follow.
 */
export function hetuTailAt(text: usize, pos: u32, len: u32, isEnd: bool, date: u32): u32 {
  const sign = unitAt(text, pos, len);
  const upper = (<u32>sign) & 0xdf;
  if (sign != 0x2d && sign != 0x2b && upper - 0x41 > 5 && upper - 0x55 > 4) return NOTHING;
  if (!isDay((date / 100) % 100, date / 10_000)) return NOTHING;
  const end = readWord(text, pos + 1, len, isEnd, 4, 0);
  if (end == NOTHING || end == UNDECIDED) return end;
  const rest = (<u64>date * 1000 + numberOf(VALUES, 0, 3)) % 31;
  if (!areDigits(0, 3) || char(3) != load<u8>(HETU_CHECKS.ptr + <usize>rest)) return NOTHING;
  return end;
}

/** The end of four digits that stand at `pos`, whose values go to `target`. */
export function fourDigitsAt(text: usize, pos: u32, len: u32, isEnd: bool, target: usize): u32 {
  const end = readWord(text, pos, len, isEnd, 4, 0);
  if (end == NOTHING || end == UNDECIDED) return end;
  if (!areDigits(0, 4)) return NOTHING;
  store<u32>(target, load<u32>(VALUES));
  return end;
}

function isCodice(): bool {
  let digits: u32 = 0;
  let sum: u32 = 0;
  for (let i: u32 = 0; i < 16; i++) {
    const isPlain = isDigit(char(i));
    const wantsLetter = i < 6 || i == 8 || i == 11 || i == 15;
    if (wantsLetter && isPlain) return false;
    if (!wantsLetter && !isPlain && indexOf(CF_DIGITS.ptr, 10, char(i)) == 10) return false;
    if (isPlain) digits++;
    if (i == 15) break;
    const value = isPlain ? <u32>char(i) - 0x30 : <u32>char(i) - 0x41;
    const slot = isPlain ? value : value + 10;
    sum += (i & 1) == 0 ? <u32>load<u8>(CF_ODD + <usize>slot) : value;
  }
  if (digits == 0 || <u32>char(15) - 0x41 != sum % 26) return false;
  const month = indexOf(CF_MONTHS.ptr, 12, char(8)) + 1;
  const day = codiceDigit(9) * 10 + codiceDigit(10);
  return month <= 12 && isDay(month, day > 40 ? day - 40 : day);
}

function codiceDigit(at: u32): u32 {
  return isDigit(char(at)) ? <u32>char(at) - 0x30 : indexOf(CF_DIGITS.ptr, 10, char(at));
}

function indexOf(chars: usize, count: u32, wanted: u8): u32 {
  let i: u32 = 0;
  while (i < count && load<u8>(chars + <usize>i) != wanted) i++;
  return i;
}

/**
 * Reads `count` letters and digits, behind which none may follow. A space, hyphen, dot or slash may
 * stand before those whose bit is in `breaks`, ignorable units before any.
 */
function readWord(text: usize, start: u32, len: u32, isEnd: bool, count: u32, breaks: u32): u32 {
  let p = start;
  let ignored: u32 = 0;
  let isSeparated = false;
  for (let at: u32 = 0; at < count; p++) {
    if (p == len) return isEnd ? NOTHING : UNDECIDED;
    const unit = load<u8>(text + <usize>p);
    if (isAlnum(unit)) {
      store<u8>(CHARS + <usize>at, isDigit(unit) ? unit : unit & 0xdf);
      store<u8>(VALUES + <usize>at, isDigit(unit) ? unit - 0x30 : 0xff);
      at++;
      ignored = 0;
      isSeparated = false;
    } else if (unit == IGNORABLE) {
      if (++ignored > IGNORABLE_MAX) return NOTHING;
    } else {
      if (isSeparated || ((breaks >> at) & 1) == 0) return NOTHING;
      if (unit != 0x20 && (unit < 0x2d || unit > 0x2f)) return NOTHING;
      isSeparated = true;
    }
  }
  if (p == len) return isEnd ? p : UNDECIDED;
  return isAlnum(load<u8>(text + <usize>p)) ? NOTHING : p;
}

// @ts-ignore: decorator
@inline
function char(at: u32): u8 {
  return load<u8>(CHARS + <usize>at);
}

function areDigits(start: u32, end: u32): bool {
  for (let i = start; i < end; i++) {
    if (load<u8>(VALUES + <usize>i) > 9) return false;
  }
  return true;
}

function isDniLetter(number: u64, letter: u8): bool {
  return load<u8>(DNI_LETTERS.ptr + <usize>(number % 23)) == letter;
}

/** First two digits of an administrative division (GB/T 2260). */
function isProvince(code: u32): bool {
  switch (code / 10) {
    case 1:
      return code >= 11 && code <= 15;
    case 2:
      return code >= 21 && code <= 23;
    case 3:
      return code >= 31 && code <= 37;
    case 4:
      return code >= 41 && code <= 46;
    case 5:
      return code >= 50 && code <= 54;
    case 6:
      return code >= 61 && code <= 65;
    case 7:
      return code == 71;
    case 8:
      return code >= 81 && code <= 83;
    default:
      return false;
  }
}
