/** The check digit of payment cards (ISO/IEC 7812-1, annex B). */

/** Fewest digits of a card number. */
export const CARD_DIGITS_MIN: u32 = 12;

/** Most digits of a card number. */
export const CARD_DIGITS_MAX: u32 = 19;

/** What a digit adds to the Luhn sum; `place` counts from the right, the check digit is 0. */
// @ts-ignore: decorator
@inline
export function luhnTerm(digit: u32, place: u32): u32 {
  if ((place & 1) == 0) return digit;
  const doubled = digit << 1;
  return doubled > 9 ? doubled - 9 : doubled;
}

/** Whether `len` ASCII digits end in their right check digit. */
export function isLuhnValid(ptr: usize, len: u32): bool {
  let sum: u32 = 0;
  for (let place: u32 = 0; place < len; place++) {
    sum += luhnTerm(<u32>load<u8>(ptr + (len - 1 - place)) - 0x30, place);
  }
  return len > 0 && sum % 10 == 0;
}
