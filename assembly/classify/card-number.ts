/** Card numbers that are written as JSON numbers. */
import { CARD_DIGITS_MAX, CARD_DIGITS_MIN, isLuhnValid, luhnTerm } from './luhn';

/** An exponent so large that no card has it. */
const EXPONENT_CEILING: i32 = 100_000;

/**
 * Whether a JSON number (or the beginning of a very long one) is a card: its integer digits as they
 * are written, or the integer part of its value (`4.111111111111111e15`, `411111111111111100e-2`),
 * have 12 to 19 digits and a right check digit.
 */
export function isCardNumber(ptr: usize, len: usize): bool {
  const end = ptr + len;
  const start = load<u8>(ptr) == 0x2d /* - */ ? ptr + 1 : ptr;
  const integerEnd = skipDigits(start, end);
  const integerLen = <u32>(integerEnd - start);
  if (isCardLength(integerLen) && isLuhnValid(start, integerLen)) return true;
  if (integerEnd == end) return false;
  let mantissaEnd = integerEnd;
  if (load<u8>(integerEnd) == 0x2e /* . */) mantissaEnd = skipDigits(integerEnd + 1, end);
  if (mantissaEnd == end) return false;
  return isCardValue(start, integerEnd, mantissaEnd, readExponent(mantissaEnd + 1, end));
}

/**
 * The integer part of mantissa * 10^exponent, digit by digit from the left; missing digits are
 * zeros.
 */
function isCardValue(start: usize, integerEnd: usize, mantissaEnd: usize, exponent: i32): bool {
  let p = start;
  let length = <i32>(integerEnd - start) + exponent;
  while (p < mantissaEnd && (load<u8>(p) == 0x30 || load<u8>(p) == 0x2e)) {
    // A leading zero is no digit of the value.
    if (load<u8>(p++) == 0x30) length--;
  }
  if (length < 0 || !isCardLength(<u32>length) || p == mantissaEnd) return false;
  let sum: u32 = 0;
  for (let place = <u32>length; place > 0;) {
    if (p < mantissaEnd && load<u8>(p) == 0x2e) p++;
    const digit = p < mantissaEnd ? <u32>load<u8>(p++) - 0x30 : 0;
    sum += luhnTerm(digit, --place);
  }
  return sum % 10 == 0;
}

// @ts-ignore: decorator
@inline
function isCardLength(digits: u32): bool {
  return digits >= CARD_DIGITS_MIN && digits <= CARD_DIGITS_MAX;
}

function skipDigits(start: usize, end: usize): usize {
  let p = start;
  while (p < end && <u32>load<u8>(p) - 0x30 < 10) p++;
  return p;
}

function readExponent(start: usize, end: usize): i32 {
  let p = start;
  const sign = p < end ? load<u8>(p) : 0;
  const negative = sign == 0x2d;
  if (negative || sign == 0x2b /* + */) p++;
  let value: i32 = 0;
  while (p < end && value < EXPONENT_CEILING) value = value * 10 + load<u8>(p++) - 0x30;
  return negative ? -value : value;
}
