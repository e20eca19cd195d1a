/** Dates of the Gregorian calendar as texts and as days. */

/** The date that `parseDate` or `civilOfDays` found. */
export let year: i32 = 0;
export let month: u32 = 0;
export let day: u32 = 0;

/** Units of the date that was parsed; behind it a time may stand. */
export let dateLen: u32 = 0;

/** Whether it was written without hyphens. */
export let isCompact: bool = false;

const COLON: u8 = 0x3a;
/** Most digits of the fraction of a second: more could be anything. */
const FRACTION_MAX: u32 = 9;
const DAYS = memory.data<u8>([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]);

/**
 * Reads `YYYY-MM-DD`, at its end or with `T`, `t` or a space and a time behind it (ISO 8601: minutes at least, at most nine
 * digits of a second, an offset or none), or `YYYYMMDD` alone. False for another text or a day that does not exist.
 */
export function parseDate(ptr: usize, len: u32): bool {
  isCompact = len == 8;
  dateLen = isCompact ? 8 : 10;
  if (len < dateLen) return false;
  const gap: usize = isCompact ? 0 : 1;
  if (!isCompact) {
    if (load<u8>(ptr, 4) != 0x2d || load<u8>(ptr, 7) != 0x2d) return false;
    const after = len == 10 ? 0x20 : load<u8>(ptr, 10);
    if (after != 0x20 && (after | 0x20) != 0x74 /* t */) return false;
    if (len != 10 && !isTime(ptr + 11, len - 11)) return false;
  }
  const fourDigits = digitsAt(ptr, 4);
  const monthDigits = digitsAt(ptr + 4 + gap, 2);
  const dayDigits = digitsAt(ptr + 6 + 2 * gap, 2);
  if (fourDigits < 1 || monthDigits < 1 || monthDigits > 12 || dayDigits < 1) return false;
  year = fourDigits;
  month = <u32>monthDigits;
  day = <u32>dayDigits;
  return day <= daysOfMonth();
}

/** Days since 1970-01-01 of a date (days_from_civil of Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
export function daysOfCivil(y: i32, m: u32, d: u32): i32 {
  const shifted = m <= 2 ? y - 1 : y;
  const era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  const yearOfEra = <u32>(shifted - era * 400);
  const dayOfYear = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return era * 146097 + <i32>dayOfEra - 719468;
}

/** Sets `year`, `month` and `day` (civil_from_days of the same). */
export function civilOfDays(days: i32): void {
  const z = days + 719468;
  const era = (z >= 0 ? z : z - 146096) / 146097;
  const dayOfEra = <u32>(z - era * 146097);
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const fromMarch = (5 * dayOfYear + 2) / 153;
  day = dayOfYear - (153 * fromMarch + 2) / 5 + 1;
  month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  year = <i32>yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
}

/** Whether a text is nothing but a time of day: what stands behind a date goes out with it. */
function isTime(ptr: usize, len: u32): bool {
  if (len < 5 || digitsAt(ptr, 2) < 0 || load<u8>(ptr, 2) != COLON || digitsAt(ptr + 3, 2) < 0) {
    return false;
  }
  let at: u32 = 5;
  if (len - at >= 3 && load<u8>(ptr + at) == COLON && digitsAt(ptr + at + 1, 2) >= 0) {
    at += 3;
    const mark = at < len ? load<u8>(ptr + at) : 0;
    if (mark == 0x2e || mark == 0x2c /* . , */) {
      const first = ++at;
      while (at < len && at - first < FRACTION_MAX && digitsAt(ptr + at, 1) >= 0) at++;
      if (at == first) return false;
    }
  }
  return isOffset(ptr + at, len - at);
}

/** Nothing, `Z`, or hours and perhaps minutes from UTC; a space may stand before them. */
function isOffset(ptr: usize, len: u32): bool {
  if (len == 0) return true;
  const gap: u32 = load<u8>(ptr) == 0x20 ? 1 : 0;
  const left = len - gap;
  if (left == 0) return false;
  const p = ptr + gap;
  const sign = load<u8>(p);
  if (left == 1) return (sign | 0x20) == 0x7a; /* z */
  if ((sign != 0x2b && sign != 0x2d) || left < 3 || digitsAt(p + 1, 2) < 0) return false;
  if (left == 3) return true;
  const colon: u32 = load<u8>(p, 3) == COLON ? 1 : 0;
  return left == 5 + colon && digitsAt(p + 3 + colon, 2) >= 0;
}

function daysOfMonth(): u32 {
  const isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return <u32>load<u8>(DAYS + month - 1) + (month == 2 && isLeap ? 1 : 0);
}

/** Value of `count` digits, or -1. */
function digitsAt(ptr: usize, count: u32): i32 {
  let value: i32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const digit = <u32>load<u8>(ptr + i) - 0x30;
    if (digit > 9) return -1;
    value = value * 10 + <i32>digit;
  }
  return value;
}
